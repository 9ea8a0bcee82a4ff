#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What names states of a job, exceptions of AWS or statistics of an import and cannot read common/job-states.def,
# common/exceptions.def and common/import-members.def: what a row says has to be there.
set -u
srcdir=${srcdir:-.}
. "$srcdir/tests/tap.sh"

rows=$srcdir/common/job-states.def
states=$(sed -n 's/^JOB_STATE_[A-Z]*([A-Z_]*, "\([a-z]*\)".*/\1/p' "$rows")
errors=$(sed '/^#/d' "$rows" | grep -o '"[A-Z][a-z][a-z]*[A-Z][A-Za-z]*"' | tr -d '"' | sort -u)
# A row of the other two may take several lines, and all its members but one are words.
members() {
    sed -n '/^#/d; /^[A-Z_]*(/,$p' "$1" | tr -d '\n' | sed 's/)/)\n/g' | sed 's/^ *[A-Z_]*(//; s/)$//; s/, */ /g' | tr -d '"'
}
failures=$(members "$srcdir/common/exceptions.def" | awk '{ print $3 }' | sort -u |
    awk -F _ '{ for (i = 1; i <= NF; i++) printf "%s%s", substr($i, 1, 1), tolower(substr($i, 2)); print "" }')
statuses=$(members "$srcdir/common/exceptions.def" | awk '{ print $4 }' | sort -u)
statistics=$(members "$srcdir/common/import-members.def" | awk '{ print $2 }')
fields=$(members "$srcdir/common/import-members.def" | awk '{ print $4 }')

# names_all FILE LINES WORD...: of the file's lines that match, one has each word.
names_all() {
    file=$1 lines=$2
    shift 2
    : >"$directory/found"
    for word; do
        grep -E "$lines" "$srcdir/$file" | grep -qw "$word" || echo "$file: $word is missing" >>"$directory/found"
    done
    [ ! -s "$directory/found" ]
}

echo 1..14

printf '%s\n' "$states" "$errors" "$failures" "$statuses" "$statistics" "$fields" >"$directory/found"
[ "$(echo "$states" | wc -l)" -ge 9 ] && [ "$(echo "$errors" | wc -l)" -ge 5 ] &&
    [ "$(echo "$failures" | grep -cx '[A-Z][A-Za-z]*')" -ge 5 ] && [ "$(echo "$statuses" | grep -cx '[0-9]')" -ge 3 ] &&
    [ "$(echo "$statistics" | grep -cx '[A-Za-z]*')" -ge 5 ] &&
    [ "$(echo "$fields" | grep -cx 'TRAILSTOP_[A-Z_]*')" -ge 5 ]
result $? "the rows can be read"

for file in completions/bash/trailstopctl completions/zsh/_trailstopctl completions/fish/trailstopctl.fish; do
    names_all $file 'queued stopping' $states
    result $? "$file names every state"
done
names_all common/io.trailstop.Imports.varlink '^type JobState ' $states
result $? "the interface names every state"
names_all common/io.trailstop.Imports.varlink '^error ' $errors
result $? "the interface has every error that a job ends with"
names_all man/trailstopctl.1 '' $states
result $? "trailstopctl(1) names every state"
names_all man/io.trailstop.Imports.7 '^\.It Cm ' $states
result $? "io.trailstop.Imports(7) explains every state"

names_all common/io.trailstop.Imports.varlink '^error ' $failures
result $? "the interface has every error that stands for an exception"
names_all man/io.trailstop.Imports.7 '^\.It Li ' $failures
result $? "io.trailstop.Imports(7) explains every error that stands for an exception"
names_all man/trailstopctl.1 '^\.It [0-9]*$' $statuses
result $? "trailstopctl(1) has every exit status that stands for an exception"
names_all common/io.trailstop.Imports.varlink '^type Import(Task)?Statistics |^  +Prefixes' $statistics
result $? "the interface has every statistic"
names_all man/trailstopd.8 '' $fields
result $? "trailstopd(8) has the field of every statistic"
names_all systemd/trailstop.catalog '' $fields
result $? "the catalog names the field of every statistic"
