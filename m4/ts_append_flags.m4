# SPDX-License-Identifier: Apache-2.0
# TS_APPEND_FLAGS(FLAGS): appends each flag that the compiler takes to CFLAGS.
AC_DEFUN([TS_APPEND_FLAGS], [
  for ts_flag in $1; do
    ts_saved="$CFLAGS"
    CFLAGS="$CFLAGS -Werror $ts_flag"
    AC_MSG_CHECKING([whether $CC takes $ts_flag])
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM()],
      [AC_MSG_RESULT([yes]); CFLAGS="$ts_saved $ts_flag"],
      [AC_MSG_RESULT([no]); CFLAGS="$ts_saved"])
  done
])
