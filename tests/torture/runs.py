# SPDX-License-Identifier: Apache-2.0
"""A command that is run again and again while what it needs is not there, and what has to hold each time: it ends with a
status, not by a signal, and never as if it had worked."""

import os
import subprocess

from faults import Faults, sample
from harness import DEADLINE
from harness.terminal import Terminal

STATUSES = range(131)


class Runs:
    """Of one command, again and again, and what went wrong in them."""

    def __init__(self, build, directory, command, **environment):
        self.command = command
        self.sanitizers = directory / "sanitizer"
        self.faults = Faults(build, directory)
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", **environment}
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

    def check_each(self, run, judge=lambda result: None):
        """Runs it with each kind of call failing at each place. run(**fault) makes a result, of which judge() says what
        a user would be misled by."""
        for kind in ("memory", "descriptor"):
            for at in sample(self.faults.places(kind), 400):
                fault = {"kind": kind, "at": at, "calls": 1}
                result = run(**fault)
                self.check(fault, getattr(result, "returncode", result), judge(result))

    def end(self):
        self.faults.close()
        assert not self.wrong, f"{len(self.wrong)} runs went wrong\n" + "\n".join(self.wrong)


def problem_of(result, usual):
    """What a user would be misled by; None: nothing."""
    if result.stdout == usual.stdout or result.stderr or "out of memory" in result.stdout:
        return None
    return f"without a sentence, and the output is\n{result.stdout}\ninstead of\n{usual.stdout}"
