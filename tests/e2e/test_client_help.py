# SPDX-License-Identifier: Apache-2.0
"""What trailstopctl says of itself, and what it takes a slip for."""

import re
import shlex

import pytest

from harness.played import ctl, daemon

COMMANDS = ["stop", "wait", "restart", "show", "list", "failures", "jobs", "job", "watch", "cancel", "targets", "queues", "health",
            "statistics", "metrics", "version", "help"]


def test_the_commands_that_are_tested_are_those_there_are(ctl):
    help = ctl("--help").stdout
    assert sorted(set(re.findall(r"^  ([a-z]+)", help, re.MULTILINE))) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_an_example_that_is_right_usage(ctl, daemon, command):
    asked = [[command, "--help"], ["--help", command], [command, "-h"], ["help", command],
             [command, "--help", "--nonsense", "--timeout"]]
    results = [ctl(*words) for words in asked]
    help = results[0].stdout
    assert all((result.returncode, result.stdout, result.stderr) == (0, help, "") for result in results)
    assert help.startswith(f"Usage: trailstopctl {command}") and daemon.nobody_came()
    examples = re.findall(r"^  trailstopctl (.*)$", help, re.MULTILINE)
    assert examples and all(command in example.split() for example in examples)
    for example in examples:
        assert ctl(*shlex.split(example), TRAILSTOP_SOCKET="/nowhere").returncode == (0 if command == "help" else 7)


def test_help_of_a_command_has_its_options_and_no_others(ctl):
    help = ctl("jobs", "--help").stdout
    options = re.findall(r"^  .{4}(--[a-z-]+)", help, re.MULTILINE)
    assert sorted(options) == ["--all", "--import", "--limit", "--since", "--state", "--target", "--watch"]


def test_help_of_all_is_asked_for_in_three_ways(ctl):
    help = ctl("--help")
    assert help.returncode == 0 and "Exit status:" in help.stdout
    assert help.stdout == ctl("-h").stdout == ctl("help").stdout


def test_the_version_in_short(ctl):
    assert ctl("-V").stdout == ctl("--version").stdout == ctl("jobs", "-V").stdout != ""


@pytest.mark.parametrize("words", [["help", "halt"], ["halt", "--help"], ["help", "stop", "wait"], ["help", "--all"]])
def test_2_help_of_what_there_is_not(ctl, words):
    result = ctl(*words)
    assert result.returncode == 2 and result.stderr and not result.stdout


@pytest.mark.parametrize("word, meant", [
    ("stpo", "stop"), ("sto", "stop"), ("stopp", "stop"), ("Stop", "stop"), ("job5", "jobs"), ("fail", "failures"),
    ("cancle", "cancel"), ("stat", "statistics"), ("verison", "version"), ("target", "targets"),
])
def test_2_a_slip_in_a_command_is_answered_with_the_nearest(ctl, daemon, word, meant):
    for words in ([word], ["help", word], [word, "--help"], ["--json", word, "x"]):
        result = ctl(*words)
        assert (result.returncode, result.stdout) == (2, "") and daemon.nobody_came()
        assert result.stderr == f'trailstopctl: There is no command "{word}"; did you mean "{meant}"?\n'


@pytest.mark.parametrize("word, meant", [
    ("--jsno", "--json"), ("--targte", "--target"), ("--taget=paris", "--target"), ("--no-colour", "--no-color"),
    ("--dryrun", "--dry-run"), ("--min_events", "--min-events"), ("--hlep", "--help"),
])
def test_2_a_slip_in_an_option_is_answered_with_the_nearest(ctl, daemon, word, meant):
    result = ctl("jobs", word)
    assert (result.returncode, result.stdout) == (2, "") and daemon.nobody_came()
    assert result.stderr == f'trailstopctl: There is no option "{word}"; did you mean "{meant}"?\n'


def test_2_what_is_near_nothing_is_not_guessed(ctl):
    for words in (["halt"], ["x"], [""], ["s" * 10000], ["--" + "s" * 10000], ["--"], ["--xy"]):
        result = ctl(*words)
        assert result.returncode == 2 and "did you mean" not in result.stderr
