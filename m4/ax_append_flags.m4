# AX_APPEND_FLAGS(FLAGS): appends each flag that the compiler takes to CFLAGS.
AC_DEFUN([AX_APPEND_FLAGS], [
  for ax_flag in $1; do
    ax_saved="$CFLAGS"
    CFLAGS="$CFLAGS -Werror $ax_flag"
    AC_MSG_CHECKING([whether $CC takes $ax_flag])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes]); CFLAGS="$ax_saved $ax_flag"],
      [AC_MSG_RESULT([no]); CFLAGS="$ax_saved"])
  done
])
