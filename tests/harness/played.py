# SPDX-License-Identifier: Apache-2.0
"""Fixtures of tests that run trailstopctl against a daemon which the test plays, and what goes on between the two:
import those that a file needs."""

import pytest

from harness import DEADLINE
from harness.canned import CannedDaemon
from harness.ctl import Ctl
from harness.fake import FakeDaemon, import_id, make_job
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


def end(process, timeout=DEADLINE):
    """Waits for it: exit status, what it printed, what it complained of."""
    output, errors = process.communicate(timeout=timeout)
    assert "Sanitizer" not in errors, errors
    return process.returncode, output, errors


def play(ctl, daemon, *arguments):
    """Starts it and takes its connection."""
    process = ctl.start(*arguments)
    return process, daemon.accept()


def expect_stops(session, *numbers, **parameters):
    for number in numbers:
        assert session.call("Stop") == {"importId": import_id(number), **parameters}
        assert not session.more


def accept_stops(session, *numbers):
    expect_stops(session, *numbers)
    for number in numbers:
        session.reply({"job": make_job(number, "queued")})


def expect_watch(session, *numbers):
    assert session.call("Watch") == {"ids": [f"job_{number}" for number in numbers]}
    assert session.more


def restart(daemon, session):
    """The daemon goes, and listens again."""
    session.close()
    daemon.close()
    daemon.listen()
