# SPDX-License-Identifier: Apache-2.0
"""Where the daemon does not answer at its usual socket, trailstopctl says what systemd knows of it."""

import os
import signal
import shutil
import subprocess

import pytest

from harness import DEADLINE
from harness.bus import Systemd
from harness.canned import CannedDaemon, job_id
from harness.fake import FakeDaemon, import_id, make_job

SOCKET = "/run/trailstop/io.trailstop.Imports"
# A /run of its own, in which the daemon's directory is one of the test's.
OWN_RUN = 'mount -t tmpfs none /run && mkdir /run/trailstop && mount --bind "$0" /run/trailstop && exec "$@"'

pytestmark = pytest.mark.skipif(
    os.getuid() != 0 or not shutil.which("unshare") or
    subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode != 0,
    reason="needs a mount namespace")


@pytest.fixture
def systemd(runtime):
    systemd = Systemd(runtime / "bus")
    yield systemd
    systemd.close()


@pytest.fixture
def start(build, systemd, runtime, tmp_path):
    """Starts trailstopctl with the usual socket, which is in the directory `run`."""
    (runtime / "run").mkdir()

    def start(*words):
        return subprocess.Popen(
            ["unshare", "--mount", "sh", "-c", OWN_RUN, runtime / "run", build / "trailstopctl", *words],
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8",
                 "DBUS_SYSTEM_BUS_ADDRESS": systemd.address},
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


@pytest.fixture
def run(start):
    def run(*words):
        process = start(*words)
        output, errors = process.communicate(timeout=DEADLINE)
        return process.returncode, output, errors

    return run


@pytest.fixture
def socket(runtime, start):
    return runtime / "run" / "io.trailstop.Imports"


@pytest.mark.parametrize("status, reason", [
    (200, "CHDIR"), (203, "EXEC"), (216, "GROUP"), (217, "USER"), (226, "NAMESPACE"), (238, "STATE_DIRECTORY"),
    (243, "CREDENTIALS")])
def test_a_service_that_systemd_cannot_set_up(run, systemd, status, reason):
    systemd.show({"ExecMainStatus": status, "NRestarts": 3})
    exit_status, output, errors = run("jobs")
    assert (exit_status, output) == (7, "")
    assert errors.startswith("trailstopctl: trailstopd is not running: its service failed with result \"exit-code\"")
    assert f"({status}/{reason}: " in errors and "systemd tries again" in errors


def test_a_service_that_ended(run, systemd):
    systemd.show({"Result": "signal", "ExecMainStatus": 9})
    exit_status, _, errors = run("stop", import_id(1))
    assert exit_status == 7
    assert "result \"signal\"; see systemctl status trailstopd" in errors


def test_a_daemon_that_cannot_start_says_why(run, systemd):
    systemd.show({"ActiveState": "activating", "StatusText": "Cannot start: the store is damaged"})
    exit_status, _, errors = run("watch")
    assert exit_status == 7
    assert errors.startswith("trailstopctl: trailstopd cannot start: the store is damaged; see journalctl")


def test_another_try_of_systemd_is_waited_for(run, systemd):
    again = {"ActiveState": "activating", "Result": "success", "NRestarts": 2}
    systemd.show(again, again, {"ExecMainStatus": 203, "NRestarts": 3})
    exit_status, _, errors = run("targets")
    assert exit_status == 7 and "203/EXEC" in errors


@pytest.mark.parametrize("state", [
    {"ActiveState": "active"}, {"ActiveState": "reloading"}, {"ActiveState": "inactive", "Result": "success"}])
def test_a_service_that_is_well_is_not_blamed(run, systemd, state):
    systemd.show(state)
    exit_status, _, errors = run("queues")
    assert exit_status == 7 and errors.startswith(f"trailstopctl: Cannot reach the daemon at {SOCKET}")


@pytest.mark.parametrize("missing", ["ActiveState", "Result", "StatusText", "ExecMainStatus", "NRestarts"])
def test_a_systemd_that_does_not_say(run, systemd, missing):
    systemd.missing = [missing]
    exit_status, _, errors = run("queues")
    assert exit_status == 7 and errors.startswith(f"trailstopctl: Cannot reach the daemon at {SOCKET}")


def test_no_systemd(run, systemd):
    systemd.address = "unix:path=/nonexistent/bus"
    exit_status, _, errors = run("queues")
    assert exit_status == 7 and errors.startswith(f"trailstopctl: Cannot reach the daemon at {SOCKET}")


def test_a_silence_ends_when_systemd_knows_why(start, systemd, socket):
    daemon = FakeDaemon(socket)
    process = start("targets")
    session = daemon.accept()
    session.call("ListTargets")
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 7 and "trailstopd is not running" in errors
    daemon.close()


def test_a_silence_is_remarked_where_systemd_does_not_say(start, systemd, socket):
    daemon = FakeDaemon(socket)
    systemd.missing = ["ActiveState"]
    process = start("targets")
    session = daemon.accept()
    session.call("ListTargets")
    assert "No answer from the daemon yet" in process.stderr.readline()
    session.reply({"targets": []})
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 0
    daemon.close()


def watched(daemon, process):
    """The session of a client that watches a job and has shown it."""
    session = daemon.accept()
    session.call("Watch")
    session.update(make_job(1, id=job_id(1)))
    assert "polling" in process.stdout.readline()
    return session


def test_a_daemon_that_cannot_start_again_is_not_waited_for(start, systemd, socket):
    daemon = FakeDaemon(socket)
    process = start("watch", job_id(1))
    session = watched(daemon, process)
    systemd.show({"StatusText": "Cannot start: it is full"})
    daemon.close()
    session.close()
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 7
    assert "trailstopd cannot start: it is full" in errors and "connecting again" not in errors


def test_a_daemon_that_is_started_again_is_waited_for(start, systemd, socket):
    daemon = FakeDaemon(socket)
    process = start("watch", job_id(1))
    session = watched(daemon, process)
    systemd.show({"NRestarts": 1})  # it failed just now
    daemon.close()
    session.close()
    assert "connecting again" in process.stderr.readline()
    again = CannedDaemon(socket)
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 0, errors
    again.close()


def test_a_rehearsal_hears_it_too(run, systemd):
    exit_status, _, errors = run("stop", "--all", "--dry-run", "--all-targets")
    assert exit_status == 7 and "trailstopd is not running" in errors


def test_an_interruption_while_there_is_no_answer(start, systemd, socket):
    daemon = FakeDaemon(socket)
    systemd.show({"ActiveState": "active"})
    process = start("stop", import_id(1))
    daemon.accept().call("Stop")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130 and "trailstopctl jobs" in errors
    daemon.close()
