# SPDX-License-Identifier: Apache-2.0
"""Each allocation and each descriptor that a command of trailstopctl needs is not there once: it does its work all the
same, or exits with a status and a sentence; never by a signal, and never as if it had worked."""

import pytest

from harness.canned import job_id
from harness.fake import import_id
from harness.played import canned
from runs import Runs, problem_of

ID, LOGS = import_id(1), ["--service", "logs"]

COMMANDS = {
    "version": ["version"], "statistics": ["statistics"], "metrics": ["metrics"], "help": ["help", "stop"],
    "list": ["list", "-o", "wide"], "list of logs": ["list", *LOGS], "show": ["show", ID], "show of logs": ["show", *LOGS, ID],
    "failures": ["failures", ID], "failures of logs": ["failures", *LOGS, ID], "restart": ["restart", "--reason", "why", ID],
    "targets": ["targets"], "targets as JSON": ["targets", "--json"], "targets --test": ["targets", "--test"],
    "targets --test as JSON": ["targets", "--test", "--json"],
    "queues": ["queues"], "health": ["health"], "health as JSON": ["health", "--json"],
    "jobs": ["jobs", "--state", "polling", "-t", "paris", "--limit", "5"], "all jobs": ["jobs", "--all"],
    "ids of jobs": ["jobs", "-o", "ids"], "job": ["job", job_id(1)], "job by prefix": ["job", job_id(1)[:9]],
    "job by import": ["job", ID], "cancel": ["cancel", job_id(1)],
    "stop": ["stop", "--timeout", "1h", ID], "stop as JSON": ["stop", "--json", ID],
    "stop --no-wait": ["stop", "--no-wait", ID], "wait": ["wait", ID], "watch": ["watch", job_id(1)],
    "stop --all": ["stop", "--all", "--min-events", "5", "-t", "paris", "-t", "rome"],
    "stop --all --no-wait": ["stop", "--all", "--no-wait"],
    "rehearsal": ["stop", "--all", "--dry-run", "--all-targets"], "rehearsal of logs": ["stop", "--all", "--dry-run", *LOGS],
    "ids of a rehearsal": ["stop", "--all", "--dry-run", "-o", "ids", "-t", "paris"],
    "rehearsal as JSON": ["stop", "--all", "--dry-run", "--json"],
}
ON_TERMINAL = {
    "stop": (["stop", ID], b""), "watch": (["watch", job_id(1)], b""), "jobs in a pager": (["jobs"], b""),
    "stop --all": (["stop", "--all"], b"y\n"), "wait without colours": (["--no-color", "wait", ID], b""),
}


def runs_of(build, canned, directory, words):
    return Runs(build, directory, [build / "trailstopctl", *words], TRAILSTOP_SOCKET=str(canned.path))


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_what_a_command_needs_is_not_there(build, canned, tmp_path, words):
    runs = runs_of(build, canned, tmp_path, words)
    usual = runs.run(places=True)
    runs.check({}, usual.returncode)
    runs.check_each(runs.run, lambda result: problem_of(result, usual))
    runs.end()


@pytest.mark.parametrize("words, keys", ON_TERMINAL.values(), ids=ON_TERMINAL)
def test_what_a_command_on_a_terminal_needs_is_not_there(build, canned, tmp_path, words, keys):
    runs = runs_of(build, canned, tmp_path, words)
    runs.check({}, runs.run_on_terminal(keys, places=True))
    runs.check_each(lambda **fault: runs.run_on_terminal(keys, **fault))
    runs.end()
