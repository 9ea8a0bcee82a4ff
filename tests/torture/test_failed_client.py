# SPDX-License-Identifier: Apache-2.0
"""Each allocation and each descriptor that a command of trailstopctl needs is not there once: it does its work all the
same, or exits with a status and a sentence; never by a signal, and never as if it had worked."""

import os
import subprocess

import pytest

from faults import Faults, sample
from harness import DEADLINE
from harness.canned import CannedDaemon, job_id
from harness.fake import import_id
from harness.terminal import Terminal

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
STATUSES = range(131)


@pytest.fixture
def canned(runtime):
    daemon = CannedDaemon(runtime / "socket")
    yield daemon
    daemon.close()


class Runs:
    """Of one command, again and again."""

    def __init__(self, build, canned, directory, words):
        self.command = [build / "trailstopctl", *words]
        self.sanitizers = directory / "sanitizer"
        self.faults = Faults(build, directory)
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TRAILSTOP_SOCKET": str(canned.path)}
        self.wrong = []

    def environment_for(self, **fault):
        return {**self.environment, **self.faults.environment(sanitizers=f"log_path={self.sanitizers}", **fault)}

    def run(self, **fault):
        return subprocess.run(self.command, env=self.environment_for(**fault), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=DEADLINE)

    def run_on_terminal(self, keys, **fault):
        """Its exit status. In few rows, so that a table wants a pager."""
        terminal = Terminal(self.command, rows=4, env={
            **self.environment_for(**fault), "TERM": "xterm", "SYSTEMD_PAGER": "cat >/dev/null"})
        try:
            if keys:
                terminal.type(keys)
            return terminal.finish()
        finally:
            terminal.close()

    def check(self, fault, status, problem=None):
        reports = list(self.sanitizers.parent.glob(f"{self.sanitizers.name}.*"))
        if status not in STATUSES or problem or reports:
            stack = self.faults.trace.read_text() if self.faults.trace.exists() else ""
            self.wrong.append(f"{fault}: exit status {status}, {problem}\n{stack}" + "".join(map(str, reports)))
        for file in [*reports, self.faults.trace]:
            file.unlink(missing_ok=True)

    def end(self):
        self.faults.close()
        assert not self.wrong, f"{len(self.wrong)} runs went wrong\n" + "\n".join(self.wrong)


def faults_of(faults):
    """Each kind of call that can fail, at each place."""
    for kind in ("memory", "descriptor"):
        for at in sample(faults.places(kind), 400):
            yield {"kind": kind, "at": at, "calls": 1}


def problem_of(result, usual):
    """What a user would be misled by; None: nothing."""
    if result.stdout == usual.stdout or result.stderr or "out of memory" in result.stdout:
        return None
    return f"without a sentence, and the output is\n{result.stdout}\ninstead of\n{usual.stdout}"


@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_what_a_command_needs_is_not_there(build, canned, tmp_path, words):
    runs = Runs(build, canned, tmp_path, words)
    usual = runs.run(places=True)
    runs.check({}, usual.returncode)
    for fault in faults_of(runs.faults):
        result = runs.run(**fault)
        runs.check(fault, result.returncode, problem_of(result, usual))
    runs.end()


@pytest.mark.parametrize("words, keys", ON_TERMINAL.values(), ids=ON_TERMINAL)
def test_what_a_command_on_a_terminal_needs_is_not_there(build, canned, tmp_path, words, keys):
    runs = Runs(build, canned, tmp_path, words)
    runs.check({}, runs.run_on_terminal(keys, places=True))
    for fault in faults_of(runs.faults):
        runs.check(fault, runs.run_on_terminal(keys, **fault))
    runs.end()
