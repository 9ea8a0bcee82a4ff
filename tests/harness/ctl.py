# SPDX-License-Identifier: Apache-2.0
"""The real trailstopctl, run as a script would run it: without a terminal."""

import json
import os
import subprocess

from harness import DEADLINE


class Ctl:
    def __init__(self, build, daemon_socket, directory):
        self.binary = build / "trailstopctl"
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "LC_ALL": "C.UTF-8",
                            "TRAILSTOP_SOCKET": str(daemon_socket)}

    def __call__(self, *arguments, input=None, **environment):
        """Runs it to its end. Never fails by itself: what it exits with is for the test to judge."""
        return subprocess.run([self.binary, *map(str, arguments)], env={**self.environment, **environment},
                              input=input, stdin=subprocess.DEVNULL if input is None else None,
                              capture_output=True, text=True, timeout=DEADLINE)

    def start(self, *arguments, **options):
        """Starts it and returns the process; its output is read by the test."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
                   "text": True, **options}
        return subprocess.Popen([self.binary, *map(str, arguments)], env=self.environment, **options)

    def json(self, *arguments, **options):
        """Runs it with --json: the exit status and the documents it printed, one a line."""
        result = self("--json", *arguments, **options)
        return result.returncode, [json.loads(line) for line in result.stdout.splitlines()]
