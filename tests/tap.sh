# SPDX-License-Identifier: Apache-2.0
# What tests in shell script share: results in TAP, and a directory for what they find out. To be sourced, from the build
# directory with $srcdir set, as make check does.

directory=$(mktemp -d) || exit 99
trap 'rm -rf "$directory"' EXIT
LC_ALL=C
export LC_ALL
n=0

# result STATUS DESCRIPTION: 0 is success; what the test found is in $directory/found.
result() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $n - $2"
    else
        echo "not ok $n - $2"
        sed 's/^/# /' "$directory/found"
    fi
}

# skip DESCRIPTION PROGRAM: for want of that program.
skip() {
    n=$((n + 1))
    echo "ok $n - $1 # SKIP there is no $2"
}
