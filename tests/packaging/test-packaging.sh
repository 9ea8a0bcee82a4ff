#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What the packages say of themselves is true of the program.
set -u
srcdir=${srcdir:-.}
. "$srcdir/tests/tap.sh"

echo 1..4

version=$(./trailstopd --version | sed 's/.* //')
{
    echo "trailstopd: $version"
    sed -n '1s/^trailstop (\(.*\)).*/debian: \1/p' "$srcdir/debian/changelog"
    sed -n 's/^Version: *\(.*\)/rpm: \1/p' "$srcdir/rpm/trailstop.spec"
} >"$directory/found"
[ -n "$version" ] && [ "$(sed 's/.*: //' "$directory/found" | sort | uniq -c | wc -l)" -eq 1 ] &&
    [ "$(wc -l <"$directory/found")" -eq 3 ]
result $? "the packages have the version of the program"

if command -v rpmspec >/dev/null; then
    rpmspec --parse "$srcdir/rpm/trailstop.spec" >"$directory/spec" 2>"$directory/found" && [ -s "$directory/spec" ]
    result $? "rpm can read the spec"
else
    skip "rpm can read the spec" rpmspec
fi

# The user that a package of RPM makes is the one of sysusers.d.
sed -n 's/^u trailstop - "\(.*\)" \(.*\)$/\1 \2/p' "$srcdir/systemd/sysusers.d/trailstop.conf" >"$directory/sysusers"
{
    sed -n "s/.*--comment '\(.*\)' trailstop\$/\1/p" "$srcdir/rpm/trailstop.spec"
    sed -n 's/.*--home-dir %{_localstatedir}\([^ ]*\) .*/\/var\1/p' "$srcdir/rpm/trailstop.spec"
} | paste -s -d ' ' | diff - "$directory/sysusers" >"$directory/found" && [ -s "$directory/sysusers" ]
result $? "the user of the packages is the same"

# "cloudtrail:StopImport": the policy allows each operation that is called, and no other.
for service in cloudtrail logs sqs events; do
    sed -n "s/^ *\.name = \"\([A-Za-z]*\)\",\$/$service:\1/p" "$srcdir/daemon/aws/$service.c"
done | sort -u >"$directory/code"
grep -o '"[a-z]*:[A-Z][A-Za-z]*"' "$srcdir/conf/iam-policy.json" | tr -d '"' | sort -u >"$directory/policy"
diff "$directory/code" "$directory/policy" >"$directory/found" && [ -s "$directory/code" ]
result $? "the policy allows each operation that the daemon calls"
