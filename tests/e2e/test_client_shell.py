# SPDX-License-Identifier: Apache-2.0
"""trailstopctl beside a shell that shares its terminal."""

import pytest

from harness.fake import import_id, make_job
from harness.played import ctl, daemon, on_terminal


@pytest.fixture
def shell(on_terminal, ctl):
    """A shell with job control on a terminal, in which the client is `ctl`."""
    terminal = on_terminal("-i", binary="dash", columns=150, PS1="$ ")
    terminal.wait_for(lambda screen: screen and screen[-1].startswith("$"))
    terminal.type(f"alias ctl={ctl.binary}\n".encode())
    return terminal


def accept(session):
    assert session.call("Stop") == {"importId": import_id(0)}
    session.reply({"job": make_job(0, "queued")})
    assert session.call("Watch")["ids"] == ["job_0"]


def last_line(text):
    return lambda screen: screen[-1].startswith(text)


def test_what_a_shell_wrote_while_it_was_stopped_stays(shell, daemon):
    shell.type(f"ctl stop {import_id(0)}\n".encode())
    session = daemon.accept()
    accept(session)
    shell.wait_for(lambda screen: "queued" in screen[-1])
    shell.type(b"\x1a")
    shell.wait_for(lambda screen: any("Stopped" in line for line in screen) and screen[-1] == "$")
    shell.type(b"echo shell was here\n")
    shell.wait_for(lambda screen: screen[-2:] == ["shell was here", "$"])
    shell.type(b"fg\n")
    session.update(make_job(0, "polling", status="IN_PROGRESS"))
    screen = shell.wait_for(lambda screen: "polling" in screen[-1])
    assert "queued" in screen[screen.index("shell was here") - 3]  # as it was when it was stopped
    assert "$ fg" in screen
    session.reply({"job": make_job(0, "stopped")})
    screen = shell.wait_for(last_line("$"))
    assert "shell was here" in screen and "stopped" in screen[-2]
    assert not any("polling" in line for line in screen)  # the new display went as ever


def test_in_the_background_it_does_not_draw(shell, daemon):
    shell.type(f"ctl stop {import_id(0)} &\n".encode())
    session = daemon.accept()
    accept(session)
    session.update(make_job(0, "polling", status="IN_PROGRESS"))
    shell.type(b"echo shell was here\n")
    shell.wait_for(lambda screen: "shell was here" in screen)
    session.reply({"job": make_job(0, "stopped")})
    shell.wait_for(lambda screen: any("stopped" in line for line in screen))
    assert "\x1b" not in shell.text


def test_brought_to_the_foreground_it_draws(shell, daemon):
    shell.type(f"ctl stop {import_id(0)} &\n".encode())
    session = daemon.accept()
    accept(session)
    shell.type(b"fg\n")
    session.update(make_job(0, "polling", status="IN_PROGRESS"))
    shell.wait_for(lambda screen: "polling" in screen[-1] and "IN_PROGRESS" in screen[-1])
    session.reply({"job": make_job(0, "stopped")})
    shell.wait_for(last_line("$"))
