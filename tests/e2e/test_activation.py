# SPDX-License-Identifier: Apache-2.0
"""Started by a service manager, without one: the listening socket is passed in, and the manager is told."""

import contextlib
import os
import re
import resource
import signal
import socket
import sys

import pytest

from harness.daemon import target
from harness.varlink import Closed, VarlinkError

# What execve() leaves as it is: the pid, which LISTEN_PID has to name.
PASS_SOCKET = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


@pytest.fixture
def listening(runtime):
    path = runtime / "passed"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(64)
        yield listener, path


def pass_socket(daemon, listener):
    """Has the daemon start with this socket as file descriptor 3; what spawn() and start() take."""
    fd = listener.fileno()
    if len(daemon.command) == 1:
        daemon.command = [sys.executable, "-c", PASS_SOCKET, str(fd), *daemon.command]
    return {"pass_fds": [fd]}


def start_with(daemon, listener):
    return daemon.start(**pass_socket(daemon, listener))


@pytest.fixture
def activated(new_daemon, sim, listening):
    listener, path = listening
    daemon = new_daemon({"default": target(sim)})
    start_with(daemon, listener)
    assert not daemon.socket.exists(), "it binds none of its own"
    daemon.socket = path
    return daemon


def test_serves_the_socket_it_was_passed(activated, sim):
    assert activated.stopped(sim.add())["state"] == "stopped"


def test_a_start_that_fails_turns_away_clients_that_wait(new_daemon, sim, listening):
    """Otherwise a service manager would start it again for them at once, and for ever."""
    listener, path = listening
    daemon = new_daemon({"default": {**target(sim), "region": ""}})
    daemon.socket = path
    with daemon.connect() as first, daemon.connect() as second:
        for waiting in (first, second):
            waiting.send("ListTargets")
        daemon.spawn(**pass_socket(daemon, listener))
        assert daemon.wait() == 1
        for waiting in (first, second):
            with pytest.raises((Closed, ConnectionResetError)):
                waiting.receive()
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_a_start_that_fails_says_why_to_the_manager(new_daemon, sim, listening):
    """It shows the sentence to everybody that asks for the state of the service."""
    daemon = new_daemon({"default": {**target(sim), "region": ""}})
    daemon.spawn(**pass_socket(daemon, listening[0]))
    assert daemon.wait() == 1
    daemon.notifications.join()
    [status] = [line for lines in daemon.notifications.received for line in lines]
    assert status.startswith("STATUS=Cannot start: ") and "there is no region" in status


def test_answers_clients_that_connected_before_it_was_started(new_daemon, sim, listening):
    listener, path = listening
    daemon = new_daemon({"default": target(sim)})
    daemon.socket = path
    with daemon.connect() as early:
        early.send("ListTargets")
        start_with(daemon, listener)
        assert early.reply()["targets"]


def test_leaves_a_passed_socket_in_place(activated, listening):
    listener, path = listening
    activated.terminate()
    assert path.exists()
    assert os.stat(path).st_mode & 0o777 == 0o600
    start_with(activated, listener)
    assert activated.call("ListTargets")["targets"]


def test_a_call_that_comes_while_it_is_down_waits_for_the_next(activated, listening):
    listener, _ = listening
    activated.terminate()
    with activated.connect() as client:
        client.send("ListTargets")
        start_with(activated, listener)
        assert client.reply()["targets"]


def test_a_call_that_comes_while_it_ends_waits_for_the_next(activated, sim, listening):
    listener, _ = listening
    sim.fault("slow", delay_seconds=1, operation="StopImport", calls=1)
    activated.stop(sim.add())
    sim.wait_calls(1, "StopImport")
    activated.signal(15)
    activated.wait_notification("STOPPING=1")
    with activated.connect() as client:
        client.send("ListTargets")
        assert activated.wait() == 0
        start_with(activated, listener)
        assert client.reply()["targets"]


def test_notifies_its_manager_of_how_it_is(daemon, sim):
    daemon.wait_notification("STATUS=Jobs: 0 queued, 0 stopping, 0 polling")
    daemon.stop(sim.add_endless(), timeout=3)
    daemon.wait_notification("STATUS=Jobs: 0 queued, 0 stopping, 1 polling")
    daemon.notifications.forget()
    daemon.wait_notification("STATUS=Jobs: 0 queued, 0 stopping, 0 polling")
    daemon.signal(15)
    daemon.wait_notification("STOPPING=1")
    assert daemon.wait() == 0


def test_feeds_the_watchdog(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)}, environment={"WATCHDOG_USEC": "400000"}).start()
    for _ in range(3):
        daemon.notifications.forget()
        daemon.wait_notification("WATCHDOG=1")


# A socket of its own


def test_a_start_beside_a_socket_whose_backlog_is_full_ends(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)})
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener, contextlib.ExitStack() as waiting:
        listener.bind(str(daemon.socket))
        listener.listen(0)
        with contextlib.suppress(BlockingIOError):
            while True:
                client = waiting.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
                client.setblocking(False)
                client.connect(str(daemon.socket))
        assert daemon.spawn().wait() == 1
    assert "another trailstopd listens there" in daemon.journal.wait("start-failed")["MESSAGE"]
    assert daemon.socket.exists()


def test_only_its_own_socket_is_removed_at_the_end(daemon):
    daemon.socket.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as another:
        another.bind(str(daemon.socket))
        daemon.terminate()
        assert daemon.socket.exists()


@pytest.mark.parametrize("count", ["-1", "x", "99999999999"])
def test_descriptors_that_cannot_be_taken_over_are_a_sentence(new_daemon, sim, count):
    daemon = new_daemon({"default": target(sim)})
    daemon.command = ["sh", "-c", f'export LISTEN_PID=$$ LISTEN_FDS={count}; exec "$@"', "sh", *daemon.command]
    assert daemon.spawn().wait() == 1
    message = daemon.journal.wait("start-failed")["MESSAGE"]
    assert "sockets of systemd" in message and not re.search("-[0-9]", message)


# Signals


def pending(number):
    """For preexec_fn: the signal has come by the time that the process begins."""
    def send():
        signal.pthread_sigmask(signal.SIG_BLOCK, [number])
        os.kill(os.getpid(), number)
    return send


def test_a_reload_that_is_asked_for_during_the_start_comes_after_it(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)}).start(preexec_fn=pending(signal.SIGHUP))
    daemon.journal.wait("reloaded")
    assert daemon.stopped(sim.add())["state"] == "stopped"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_end_that_is_asked_for_during_the_start_is_a_clean_one(new_daemon, sim, number):
    daemon = new_daemon({"default": target(sim)}).spawn(preexec_fn=pending(number))
    assert daemon.wait() == 0
    assert daemon.journal.find("stopping")


def test_a_file_that_may_not_grow_is_a_failed_write(new_daemon, sim):
    """SIGXFSZ would end the process."""
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    daemon = new_daemon({"default": target(sim)}).start(preexec_fn=limit)
    with contextlib.suppress(Closed, OSError, VarlinkError):  # it ends, and its socket goes
        while True:
            daemon.stop(sim.add_endless(), reason="r" * 20_000)
    assert "write" in daemon.journal.wait("store-failed")["MESSAGE"]
    assert daemon.wait() == 74
