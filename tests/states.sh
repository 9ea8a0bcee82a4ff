#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What names the states of a job and cannot read common/job-states.def: each row of it has to be there.
set -u
srcdir=${srcdir:-.}
. "$srcdir/tests/tap.sh"

rows=$srcdir/common/job-states.def
states=$(sed -n 's/^JOB_STATE_[A-Z]*([A-Z_]*, "\([a-z]*\)".*/\1/p' "$rows")
errors=$(tr '\n' ' ' <"$rows" | grep -o 'JOB_STATE_FINAL([A-Z]*, [^)]*' |
    sed -n 's/^[^,]*,[^,]*,[^,]*,[^,]*, *"\([A-Za-z][A-Za-z]*\)".*/\1/p')

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

echo 1..8

printf '%s\n' "$states" "$errors" >"$directory/found"
[ "$(echo "$states" | wc -l)" -ge 9 ] && [ "$(echo "$errors" | wc -l)" -ge 4 ]
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
