#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Completions offer the commands of trailstopctl, and the options that each takes, and no others.
set -u
srcdir=${srcdir:-.}
. "$srcdir/tests/tap.sh"

# agree DESCRIPTION: $directory/offered has the lines of $directory/expected.
agree() {
    sort -u "$directory/offered" | diff "$directory/expected" - >"$directory/found"
    result $? "$1"
}

# "COMMAND OPTION" for each option of a command, and "COMMAND" alone. Usage in --help: two blanks, the command, what it
# takes; -t is short for --target.
./trailstopctl --help | sed -n '/^Options:/q; s/^  \([a-z]\)/\1/p' | sed 's/\[-t /[--target /' |
    awk '{
        print $1
        for (i = 2; i <= NF; i++)
            if (match($i, /--[a-z-]+/)) print $1, substr($i, RSTART, RLENGTH)
        n = split("--socket --json --output --no-legend --quiet --no-color --help --version", general, " ")
        for (i = 1; i <= n; i++) print $1, general[i]
    }' | sort -u >"$directory/expected"
grep -v ' ' "$directory/expected" >"$directory/commands"
states=$(sed -n 's/^JOB_STATE_[A-Z]*([A-Z_]*, "\([a-z]*\)".*/\1/p' "$srcdir/common/job-states.def" | sort | paste -s -d ' ')

echo 1..8

[ "$(wc -l <"$directory/commands")" -gt 5 ] && [ "$(echo "$states" | wc -w)" -ge 9 ] && grep -qx 'stop --dry-run' "$directory/expected"
cp "$directory/expected" "$directory/found"
result $? "trailstopctl --help can be read"

if command -v bash >/dev/null; then
    cat >"$directory/complete.bash" <<'EOT'
. "$1"
words() { # WORD...: what completes the last one
    COMP_WORDS=(trailstopctl "$@") COMP_CWORD=$#
    _trailstopctl
    printf '%s\n' "${COMPREPLY[@]}"
}
shift
words "$@"
EOT
    completed() {
        bash "$directory/complete.bash" "$srcdir/completions/bash/trailstopctl" "$@"
    }
    {
        completed ''
        while read -r command; do
            completed --socket /nowhere "$command" -- | sed "s/^/$command /"
        done <"$directory/commands"
    } >"$directory/offered"
    agree "bash offers the commands and options there are"
    completed jobs --state '' | sort | tr '\n' ' ' >"$directory/found"
    [ "$(cat "$directory/found")" = "$states " ]
    result $? "bash offers the states there are"
else
    skip "bash offers the commands and options there are" bash
    skip "bash offers the states there are" bash
fi

if command -v fish >/dev/null; then
    completed() {
        HOME=$directory fish --no-config --command "source '$srcdir/completions/fish/trailstopctl.fish'
            complete --do-complete 'trailstopctl $*'" | cut -f 1
    }
    {
        completed ''
        while read -r command; do
            completed "$command --" | sed "s/^/$command /"
        done <"$directory/commands"
    } >"$directory/offered"
    agree "fish offers the commands and options there are"
    completed 'jobs --state ' | sort | tr '\n' ' ' >"$directory/found"
    [ "$(cat "$directory/found")" = "$states " ]
    result $? "fish offers the states there are"
else
    skip "fish offers the commands and options there are" fish
    skip "fish offers the states there are" fish
fi

# zsh completes in its line editor only, so this reads the file: a branch of `case` for each command.
awk '
    /^ *'\''?"?[a-z]+:[a-z]/ { sub(/^[ '\''"]*/, ""); sub(/:.*/, ""); print }
    /^ *[a-z |]+\)$/ { gsub(/[ )]/, ""); n = split($0, names, "|") }
    /\$general/ { add("--socket --json --output --no-legend --quiet --no-color --help --version") }
    /\$target/ { add("--target") }
    /\$service/ { add("--service") }
    n && match($0, /--[a-z-]+/) { add(substr($0, RSTART, RLENGTH)) }
    /;;$/ { n = 0 }
    function add(options,  i, j, k, list) {
        k = split(options, list, " ")
        for (i = 1; i <= n; i++) for (j = 1; j <= k; j++) print names[i], list[j]
    }' "$srcdir/completions/zsh/_trailstopctl" | grep -v -e '^command' -e '^argument' >"$directory/offered"
agree "zsh offers the commands and options there are"
grep -o ':state:(.*)' "$srcdir/completions/zsh/_trailstopctl" | sed 's/.*(//; s/).*//' | tr ' ' '\n' | sort | tr '\n' ' ' \
    >"$directory/found"
[ "$(cat "$directory/found")" = "$states " ]
result $? "zsh offers the states there are"
if command -v zsh >/dev/null; then
    zsh -n "$srcdir/completions/zsh/_trailstopctl" >"$directory/found" 2>&1
    result $? "zsh can read its completions"
else
    skip "zsh can read its completions" zsh
fi
