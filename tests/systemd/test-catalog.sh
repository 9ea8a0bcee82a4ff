#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The message catalog explains each event of the journal, and nothing else.
set -u
srcdir=${srcdir:-.}
events=$srcdir/daemon/base/events.def
catalog=$srcdir/systemd/trailstop.catalog
. "$srcdir/tests/tap.sh"

sed -n 's/^EVENT(.*"\([^"]*\)")$/\1/p' "$events" >"$directory/declared"
sed -n 's/^-- //p' "$catalog" >"$directory/explained"

echo 1..6

{
    grep -c '^EVENT(' "$events"
    grep -cx '[0-9a-f]\{32\}' "$directory/declared"
} | uniq >"$directory/found"
[ "$(wc -l <"$directory/found")" -eq 1 ]
result $? "every event has an id of 32 hexadecimal digits"

sort "$directory/declared" >"$directory/sorted"
uniq -d "$directory/sorted" >"$directory/found"
[ ! -s "$directory/found" ]
result $? "no two events share an id"

diff "$directory/declared" "$directory/explained" >"$directory/found"
result $? "the catalog has an entry for each event, in the same order"

# After the id: Subject, Defined-By, Support, an empty line, and what it means.
awk '/^-- / { id = $2; at = NR }
     id && NR == at + 1 && !/^Subject: ./ ||
     id && NR == at + 2 && !/^Defined-By: trailstop$/ ||
     id && NR == at + 3 && !/^Support: https:/ ||
     id && NR == at + 4 && $0 != "" ||
     id && NR == at + 5 && $0 == "" { print id ": line " NR ": " $0 }' \
    "$catalog" >"$directory/found"
[ ! -s "$directory/found" ]
result $? "each entry has subject, origin, support and text"

# Variables are fields that the daemon writes. A '@' stands for nothing else here.
tr '@' '\n' <"$catalog" | grep -x 'TRAILSTOP_[A-Z_]*' | sort -u >"$directory/fields"
: >"$directory/found"
while read -r field; do
    grep -q "\"$field\"" "$srcdir"/daemon/*.c "$srcdir"/daemon/*/*.c ||
        echo "$field" >>"$directory/found"
done <"$directory/fields"
sed 's/@TRAILSTOP_[A-Z_]*@//g' "$catalog" | grep '@' >>"$directory/found"
[ -s "$directory/fields" ] && [ ! -s "$directory/found" ]
result $? "each variable is a field that the daemon writes"

if command -v journalctl >/dev/null; then
    mkdir -p "$directory/root/usr/lib/systemd/catalog" "$directory/root/var/lib/systemd/catalog"
    cp "$catalog" "$directory/root/usr/lib/systemd/catalog/"
    journalctl --root="$directory/root" --update-catalog >"$directory/found" 2>&1 &&
        journalctl --root="$directory/root" --list-catalog | cut -d ' ' -f 1 |
        diff - "$directory/sorted" >>"$directory/found"
    result $? "journalctl reads the catalog"
else
    echo "ok 6 - journalctl reads the catalog # SKIP there is no journalctl"
fi
