# SPDX-License-Identifier: Apache-2.0
"""How the service comes up, and what cage it is in."""

import contextlib
import grp
import os
import re
import stat
import subprocess
import time
from pathlib import Path

import pytest

import system
from harness import DEADLINE


def test_first_connection_starts_it(service, measured):
    system.systemctl("stop", system.SERVICE)
    assert system.show("ActiveState") == "inactive"
    assert system.show("ActiveState", "trailstopd.socket") == "active"
    started = time.monotonic()
    with system.connect() as connection:
        assert connection.call("org.varlink.service.GetInfo")["product"] == "trailstopd"
    measured("start by a first connection", time.monotonic() - started)
    assert system.show("ActiveState") == "active"


def test_one_that_cannot_start_is_tried_once_for_each_client(service, sim, began):
    """Not again and again for a client that waits: the socket stays, and serves once the file is right."""
    system.systemctl("stop", system.SERVICE)
    system.configure(sim, extra="nonsense = 1\n")
    for tries in (1, 2):
        assert not system.serves()
        system.wait_until(lambda: system.show("ActiveState") == "failed", "the end of the attempt")
        assert len(system.journal("TRAILSTOP_EVENT=start-failed", since=began)) == tries
    assert system.ctl("targets").returncode == 7
    for _ in range(100):
        assert not system.serves()
    assert system.show("ActiveState", "trailstopd.socket") == "active"

    system.configure(sim)
    assert system.serves()


@pytest.mark.parametrize("privileged", [True, False])
@pytest.mark.parametrize("command", ["targets", "stop"])
def test_a_client_says_why_the_daemon_cannot_start(service, sim, began, command, privileged):
    user = None if privileged else system.add_user("alice", "trailstop")
    groups = [] if privileged else [grp.getgrnam("trailstop").gr_gid]
    system.systemctl("stop", system.SERVICE)
    system.configure(sim, extra="nonsense = 1\n")
    result = system.ctl(command, *([sim.add()] if command == "stop" else []), user=user, groups=groups)
    assert result.returncode == 7
    assert "trailstopd cannot start: " in result.stderr and "nonsense" in result.stderr
    assert "journalctl -u trailstopd" in result.stderr and "max-clients" not in result.stderr
    assert len(system.journal("TRAILSTOP_EVENT=start-failed", since=began)) == 1


def test_a_client_that_waits_says_why_the_daemon_did_not_come_back(service, sim, endless, began):
    """It starts it once more at most."""
    with subprocess.Popen(["trailstopctl", "stop", endless], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as client:
        sim.wait_calls(1, "GetImport", endless)
        system.configure(sim, extra="nonsense = 1\n")
        system.systemctl("restart", system.SERVICE, check=False)
        _, errors = client.communicate(timeout=4 * DEADLINE)
    assert client.returncode == 7 and "trailstopd cannot start: " in errors and "nonsense" in errors
    assert len(system.journal("TRAILSTOP_EVENT=start-failed", since=began)) <= 2


@contextlib.contextmanager
def sandbox_that_cannot_be_made():
    system.drop_in("[Service]\nBindPaths=/nowhere:/mnt\n")
    yield "226/NAMESPACE"
    system.systemctl("stop", *system.UNITS)


@contextlib.contextmanager
def program_that_is_not_there():
    system.drop_in("[Service]\nExecStart=\nExecStart=/nowhere\n")
    yield "203/EXEC"
    system.systemctl("stop", *system.UNITS)


@contextlib.contextmanager
def state_directory_that_is_a_file():
    saved = system.STATE.with_suffix(".saved")
    system.STATE.rename(saved)
    system.STATE.touch()
    try:
        yield "238/STATE_DIRECTORY"
    finally:
        system.systemctl("stop", *system.UNITS)
        system.STATE.unlink()
        saved.rename(system.STATE)


def restart_gaps(since):
    """Seconds between the restarts of the service, by its journal."""
    times = [int(entry["__MONOTONIC_TIMESTAMP"]) / 1e6 for entry in system.journal(f"UNIT={system.SERVICE}", since=since)
             if "cheduled restart job" in entry["MESSAGE"]]
    return [later - earlier for earlier, later in zip(times, times[1:])]


@pytest.mark.parametrize("cause", [sandbox_that_cannot_be_made, program_that_is_not_there, state_directory_that_is_a_file])
def test_a_service_that_cannot_run_slows_down_and_clients_say_why(service, began, cause):
    system.systemctl("stop", *system.UNITS)
    system.systemctl("start", system.UNITS[0])
    with cause() as status:
        for _ in range(2):
            result = system.ctl("targets")
            assert result.returncode == 7 and status in result.stderr, result.stderr
            assert "systemctl status trailstopd" in result.stderr and "journalctl -u trailstopd" in result.stderr
        system.wait_until(lambda: any(gap > 4 for gap in restart_gaps(began)), "a restart that waits")
        assert len(restart_gaps(began)) < 40


def test_comes_up_at_boot_and_by_its_socket(service):
    for unit in system.UNITS:
        assert system.systemctl("is-enabled", unit).stdout.strip() == "enabled"


def test_systemd_finds_nothing_wrong(service):
    path = system.show("FragmentPath")
    checked = system.run("systemd-analyze", "verify", "--man=no", path, str(Path(path).parent / "trailstopd.socket"))
    assert checked.stdout + checked.stderr == ""


def test_exposure(service, measured):
    text = system.run("systemd-analyze", "security", "--no-pager", system.SERVICE).stdout
    exposure = float(re.search(r"Overall exposure level for .*: ([0-9.]+)", text)[1])
    measured("exposure", exposure)
    assert exposure <= 1.2, text


def test_status_says_what_it_does(service, endless):
    system.call("Stop", importId=endless)
    system.wait_until(lambda: "1 polling" in system.show("StatusText"), "the job in the status")
    assert "Jobs: 0 queued, 0 stopping, 1 polling" in system.systemctl("status", system.SERVICE).stdout


def test_runs_as_its_own_user_without_privileges(service):
    status = dict(line.split(":\t", 1) for line in
                  Path(f"/proc/{system.main_pid()}/status").read_text().splitlines() if ":\t" in line)
    uid = str(os.stat(system.STATE).st_uid)
    assert uid != "0" and status["Uid"].split() == [uid] * 4
    for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[capabilities], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


def test_who_may_open_what(service):
    def mode(path):
        status = os.stat(path)
        return stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid

    user = os.stat(system.STATE)
    assert mode(system.SOCKET) == (0o660, 0, user.st_gid)
    assert mode(system.STATE) == (0o700, user.st_uid, user.st_gid)
    stores = list(system.STATE.iterdir())
    assert stores and all(mode(path) == (0o600, user.st_uid, user.st_gid) for path in stores)
