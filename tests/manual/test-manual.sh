#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The manual says what the code does: options, commands, keys, events, fields and methods agree.
set -u
srcdir=${srcdir:-.}
. "$srcdir/tests/tap.sh"

# agree DESCRIPTION: $directory/code and $directory/manual hold the same lines, and there are some.
agree() {
    sort -u "$directory/code" >"$directory/code.sorted"
    sort -u "$directory/manual" >"$directory/manual.sorted"
    diff "$directory/code.sorted" "$directory/manual.sorted" >"$directory/found" && [ -s "$directory/code" ]
    result $? "$1"
}

# The long options of a --help, and those that a manual page describes.
options_of_help() {
    "./$1" --help | grep -o -e '--[a-z][a-z-]*'
}
options_of_page() {
    sed -n 's/^\.It F/F/p' "$1" | grep -o 'Fl Fl [a-z-]*' | sed 's/Fl Fl /--/'
}

echo 1..13

pages="trailstopctl.1 trailstopd.conf.5 io.trailstop.Imports.7 trailstopd.8 trailstop-sim.1"
if command -v mandoc >/dev/null; then
    # Which other pages are installed here does not matter.
    (cd "$srcdir/man" && mandoc -Tlint $pages) 2>&1 |
        grep -v -e 'referenced manual not found' -e 'outdated mandoc.db' >"$directory/found"
    [ ! -s "$directory/found" ]
    result $? "mandoc finds nothing wrong"
else
    skip "mandoc finds nothing wrong" mandoc
fi

options_of_help trailstopd >"$directory/code"
options_of_page "$srcdir/man/trailstopd.8" >"$directory/manual"
agree "trailstopd(8) has the options of trailstopd"

options_of_help trailstopctl >"$directory/code"
options_of_page "$srcdir/man/trailstopctl.1" >"$directory/manual"
agree "trailstopctl(1) has the options of trailstopctl"

options_of_help trailstop-sim >"$directory/code"
options_of_page "$srcdir/man/trailstop-sim.1" >"$directory/manual"
agree "trailstop-sim(1) has the options of trailstop-sim"

# A command of --help is a line of two blanks, a word and what it takes.
./trailstopctl --help | sed -n 's/^  \([a-z][a-z]*\)\( .*\)\{0,1\}$/\1\2/p' >"$directory/usage"
sed 's/ .*//' "$directory/usage" >"$directory/code"
sed -n '/^\.Sh COMMANDS/,/^\.Sh OPTIONS/s/^\.Ss //p' "$srcdir/man/trailstopctl.1" >"$directory/manual"
agree "trailstopctl(1) has a section for each command of trailstopctl"

# "jobs --state" for each word of what a command takes, and "jobs: " before each of its examples.
words() {
    tr -d '[].' | awk '{ for (i = 2; i <= NF; i++) print $1, $i }'
}
while read -r command; do
    ./trailstopctl help "$command" >"$directory/help"
    sed -n "s/^\(Usage: trailstopctl\| \) \($command\)/\2/p" "$directory/help" | words
    sed -n "s/^  trailstopctl /$command: /p" "$directory/help"
done <"$directory/code" >"$directory/commands"
{
    sed -n 's/^\.D1 Nm Cm //p' "$srcdir/man/trailstopctl.1" |
        sed 's/Fl Fl /--/g; s/Fl t/-t/g; s/ \(Oo\|Oc\|Op\|Ar\)\>//g' | words
    awk '/^\.Ss / { command = $2 } sub(/^\.Dl \$ trailstopctl /, "") { print command ": " $0 }' "$srcdir/man/trailstopctl.1"
} >"$directory/manual"
mv "$directory/commands" "$directory/code"
agree "trailstopctl(1) has the usage and the examples of each command's help"

./trailstopctl --help | tr '\n' ' ' | sed 's/.*Exit status://' | grep -o '[0-9][0-9]* [a-z]' | sed 's/ .*//' >"$directory/code"
sed -n '/^\.Sh EXIT STATUS/,/^\.El/s/^\.It \([0-9]*\)$/\1/p' "$srcdir/man/trailstopctl.1" >"$directory/manual"
agree "trailstopctl(1) has the exit statuses of trailstopctl"

# Section, key, range and default of each option: "daemon max-jobs 1 to 4294967295 | 100000".
{
    echo '#include <stdbool.h>'
    echo '#include "common/names.h"'
    echo '#define OPTION(section, key, object, member, type, minimum, maximum, value, reloadable, help) \'
    echo '    %ROW% section key type minimum maximum value reloadable'
    echo '#include "daemon/config/options.def"'
} | ${CC:-cc} -E -P -I"$srcdir" - | tr '\n' ' ' | sed 's/% ROW % */\n/g; s/%ROW% */\n/g; s/((void \{0,1\}\*)0)/NULL/g' |
    sed -n 's/^ *"\([^"]*\)" *"\([^"]*\)" *\([A-Z]*\) *"*\([^" ]*\)"* *"*\([^" ]*\)"* *"*\([^"]*[^" ]\)"* *\([01]\) *$/\1 \2 \4 \5 \6 \7/p' |
    awk '{ range = $3 == "NULL" ? "any" : $3 " to " $4; print $1, $2, range " | " ($5 == "NULL" ? "none" : $5), $6 }' \
        >"$directory/code"
awk '
    function flush() {
        if (key != "") print section, key, range " | " value, reloadable
        key = ""
    }
    /^\.Ss / { flush(); section = "" }
    /^\.Ss Options of the daemon$/ { section = "daemon" }
    /^\.Ss Options of calls$/ { section = "calls" }
    /^\.Ss Options of polling$/ { section = "polling" }
    /^\.Ss Sections called target NAME$/ { section = "target" }
    /^\.Ss Sections called guard NAME$/ { section = "guard" }
    /^\.Ss Sections called queue NAME$/ { section = "queue" }
    /^\.Ss Sections called notify NAME$/ { section = "notify" }
    /^\.It Ic / { flush(); key = $3; range = "any"; value = "none"; reloadable = 1 }
    /^Range: / { range = substr($0, 8); sub(/\.$/, "", range) }
    /^Default: / { value = substr($0, 10); sub(/\.$/, "", value) }
    /^Taken at start only\.$/ { reloadable = 0 }
    /^\.El$/ { flush() }' "$srcdir/man/trailstopd.conf.5" >"$directory/manual"
agree "trailstopd.conf(5) has every option with its range and default"

sed -n 's/^EVENT([A-Z_]*, "\([^"]*\)", [A-Z_]*, "\([^"]*\)")$/\1 \2/p' "$srcdir/daemon/base/events.def" >"$directory/code"
sed -n 's/^\.It Cm \([a-z-]*\) Pq Li \([0-9a-f]*\)$/\1 \2/p' "$srcdir/man/trailstopd.8" >"$directory/manual"
agree "trailstopd(8) has every event with its MESSAGE_ID"

grep -o 'TRAILSTOP_[A-Z_]*' "$srcdir/man/trailstopd.8" | sort -u >"$directory/manual"
cat "$srcdir"/daemon/*.c "$srcdir"/daemon/*/*.c "$srcdir"/common/*.def | grep -o '"TRAILSTOP_[A-Z_]*"' | tr -d '"' | sort -u >"$directory/code"
comm -13 "$directory/code" "$directory/manual" >"$directory/found"
[ -s "$directory/manual" ] && [ ! -s "$directory/found" ]
result $? "trailstopd(8) names no field that the daemon does not write"

# "Stop importId [target] [reason] [timeout]"
interface=$srcdir/common/io.trailstop.Imports.varlink
sed -n 's/^method \([A-Za-z]*\)(\(.*\)) ->.*/\1 \2/p' "$interface" |
    sed 's/\([A-Za-z]*\): *?[^,]*/[\1]/g; s/: *[a-z]*\(,\|$\)/\1/g; s/,//g; s/ *$//' >"$directory/code"
sed -n 's/^\.It Fn //p' "$srcdir/man/io.trailstop.Imports.7" | tr -d '"' >"$directory/manual"
agree "io.trailstop.Imports(7) has every method with its parameters"

{
    sed -n 's/^error \([A-Za-z]*\).*/error \1/p' "$interface"
    sed -n 's/^type JobState (\(.*\))$/\1/p' "$interface" | tr -d ' ' | tr ',' '\n' | sed 's/^/state /'
} >"$directory/code"
{
    sed -n '/^\.Ss Errors/,/^\.El/s/^\.It Li //p' "$srcdir/man/io.trailstop.Imports.7" | tr -d ',' | tr -s ' ' '\n' |
        sed 's/^/error /'
    sed -n '/^The states:/,/^\.El/s/^\.It Cm /state /p' "$srcdir/man/io.trailstop.Imports.7"
} >"$directory/manual"
agree "io.trailstop.Imports(7) has every error and every state"

# A line of the manual for each family: a counter with its suffix, a histogram without.
{
    echo '#define METRIC(symbol, name, family, suffix, type, help) %ROW% type family suffix'
    echo '#include "common/metrics.def"'
} | ${CC:-cc} -E -P -I"$srcdir" - | tr -d '\n' | sed 's/%ROW%/\n/g; s/% ROW %/\n/g' | tr -d '"' |
    awk '$1 == "HISTOGRAM" { print $2; next } NF { print $2 $3 }' >"$directory/code"
sed -n '/^\.Sh METRICS/,/^\.El/s/^\.It Li //p' "$srcdir/man/trailstopd.8" >"$directory/manual"
agree "trailstopd(8) has every metric"
