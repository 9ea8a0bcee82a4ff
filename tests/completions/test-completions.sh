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
        n = split("--socket --json --output --no-legend --quiet --no-pager --no-color --help --version", general, " ")
        for (i = 1; i <= n; i++) print $1, general[i]
    }' | sort -u >"$directory/expected"
grep -v ' ' "$directory/expected" >"$directory/commands"
states=$(sed -n 's/^JOB_STATE_[A-Z]*([A-Z_]*, "\([a-z]*\)".*/\1/p' "$srcdir/common/job-states.def" | sort | paste -s -d ' ')

# A trailstopctl that knows four jobs, of which one has ended.
mkdir "$directory/bin"
cat >"$directory/bin/trailstopctl" <<'EOT'
#!/bin/sh
wanted=
for word; do
    wanted=${word#--state=}
done
[ "$wanted" != jobs ] || wanted=
for job in 'a1 import-1 moon  queued' 'a2 import-2 earth stopped' 'b1 import-3 earth polling' 'a3 import-4 moon stopping'; do
    case $job in *"$wanted") echo "$job  IN_PROGRESS" ;; esac
done
EOT
chmod +x "$directory/bin/trailstopctl"
PATH=$directory/bin:$PATH

echo 1..13

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
    completed cancel a >"$directory/found"
    [ "$(cat "$directory/found")" = "a1 (import-1, queued)
a3 (import-4, stopping)" ] && [ "$(completed watch a)" = "$(completed cancel a)" ] && [ "$(completed cancel b)" = b1 ] &&
        [ "$(COMP_TYPE=37 completed cancel a)" = "a1
a3" ]
    result $? "bash offers jobs that are not final, with import and state"
    [ "$(completed job a | wc -l)" -eq 3 ] && [ -z "$(completed cancel c)" ]
    result $? "bash offers all jobs where one is shown"
else
    skip "bash offers jobs that are not final, with import and state" bash
    skip "bash offers all jobs where one is shown" bash
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
    with_text() {
        HOME=$directory fish --no-config --command "source '$srcdir/completions/fish/trailstopctl.fish'
            complete --do-complete 'trailstopctl $*'" | tr '\t' ' ' | sort
    }
    with_text 'cancel a' >"$directory/found"
    [ "$(cat "$directory/found")" = "a1 import-1 queued
a3 import-4 stopping" ] && [ "$(with_text 'watch a')" = "$(with_text 'cancel a')" ]
    result $? "fish offers jobs that are not final, with import and state"
    [ "$(with_text 'job a' | wc -l)" -eq 3 ]
    result $? "fish offers all jobs where one is shown"
else
    skip "fish offers jobs that are not final, with import and state" fish
    skip "fish offers all jobs where one is shown" fish
    skip "fish offers the commands and options there are" fish
    skip "fish offers the states there are" fish
fi

# zsh completes in its line editor only, so this reads the file: a branch of `case` for each command.
awk '
    /^ *'\''?"?[a-z]+:[a-z]/ { sub(/^[ '\''"]*/, ""); sub(/:.*/, ""); print }
    /^ *[a-z |]+\)$/ { gsub(/[ )]/, ""); n = split($0, names, "|") }
    /\$general/ { add("--socket --json --output --no-legend --quiet --no-pager --no-color --help --version") }
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
if command -v zsh >/dev/null; then
    # What it would offer: the two functions of the completion system that matter here are played.
    cat >"$directory/complete.zsh" <<'EOT'
_call_program() { shift; "$@" }
_describe() { print -l -- ${(P)4} }
source <(sed '/^_trailstopctl "/d' "$1")
_trailstopctl_active_jobs
EOT
    zsh -f "$directory/complete.zsh" "$srcdir/completions/zsh/_trailstopctl" >"$directory/found" 2>&1
    [ "$(sort "$directory/found")" = "a1:import-1 queued
a3:import-4 stopping
b1:import-3 polling" ]
    result $? "zsh offers jobs that are not final, with import and state"
else
    skip "zsh offers jobs that are not final, with import and state" zsh
fi
