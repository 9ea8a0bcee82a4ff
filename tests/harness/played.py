# SPDX-License-Identifier: Apache-2.0
"""Fixtures of tests that run trailstopctl against a daemon which the test plays: import those that a file needs."""

import pytest

from harness.canned import CannedDaemon
from harness.ctl import Ctl
from harness.fake import FakeDaemon
from harness.terminal import Terminal


@pytest.fixture
def daemon(runtime):
    daemon = FakeDaemon(runtime / "socket")
    yield daemon
    daemon.close()


@pytest.fixture
def canned(runtime):
    daemon = CannedDaemon(runtime / "socket")
    yield daemon
    daemon.close()


@pytest.fixture
def ctl(build, daemon, tmp_path):
    return Ctl(build, daemon.path, tmp_path)


@pytest.fixture
def on_terminal(ctl):
    """Starts trailstopctl, or another program beside it, on a terminal."""
    started = []

    def start(*words, binary=ctl.binary, columns=80, rows=24, blocking=True, **environment):
        started.append(Terminal([binary, *words], columns=columns, rows=rows, blocking=blocking,
                                env={**ctl.environment, "TERM": "xterm", "NO_COLOR": "1", **environment}))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()
