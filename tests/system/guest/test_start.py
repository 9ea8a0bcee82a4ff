# SPDX-License-Identifier: Apache-2.0
"""How the service comes up, and what cage it is in."""

import os
import re
import stat
import time
from pathlib import Path

import system


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
    """Not again and again for a client that waits: the socket stays, and serves once the file is mended."""
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
