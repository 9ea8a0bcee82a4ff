# SPDX-License-Identifier: Apache-2.0
"""What trailstopd is started with: its options, where it listens, what a service manager hands over. What is wrong there
is said at once, and nothing is touched."""

import os
import socket
import subprocess
import sys

import pytest

from harness import DEADLINE
from harness.daemon import target

HAND_OVER = """
import os, sys
for fd in range(3, 3 + int(sys.argv[2]) if sys.argv[2].isdigit() else 4):
    os.dup2(int(sys.argv[1]), fd)
os.environ.update(LISTEN_FDS=sys.argv[2], LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""


def run(build, *words, **options):
    return subprocess.run([build / "trailstopd", *words], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=DEADLINE, **{"stdout": subprocess.PIPE, **options})


def complaint(daemon, status=1, **options):
    """What a start that fails says."""
    daemon.arguments = ["--log", "text"]
    daemon.spawn(**options)
    assert daemon.wait() == status
    return b"".join(daemon.journal.strays).decode()


@pytest.fixture
def idle(new_daemon, sim):
    return new_daemon({"default": target(sim)})


@pytest.mark.parametrize("words, message", [
    (["--log", "xml"], "--log xml: it is journal, text or json"), (["--log", ""], "--log : it is journal, text or json"),
    (["--nonsense"], "unrecognized option '--nonsense'"), (["--config"], "requires an argument"),
    (["now"], "unexpected argument 'now'; see --help"), (["--explain"], "--explain goes with --check"),
])
def test_what_is_wrong_with_the_options_is_said(build, words, message):
    result = run(build, *words)
    assert result.returncode == 1 and result.stdout == "" and message in result.stderr


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["--check", "--config", "/dev/null"]])
def test_what_cannot_be_printed_fails(build, words):
    with open("/dev/full", "wb") as full:
        assert run(build, *words, stdout=full, env={"AWS_REGION": "us-east-1"}).returncode == 1


@pytest.mark.parametrize("words", [["--help"], ["--version"]])
def test_what_is_asked_for_is_printed(build, words):
    result = run(build, *words)
    assert result.returncode == 0 and "trailstopd" in result.stdout and result.stderr == ""


def test_the_name_of_the_socket_belongs_to_a_file(idle):
    idle.socket.write_text("precious")
    assert f"socket {idle.socket}: there is something else of that name" in complaint(idle)
    assert idle.socket.read_text() == "precious"


@pytest.mark.parametrize("name", ["/tmp/" + 103 * "x", "/tmp/" + 4000 * "x"])
def test_the_name_of_the_socket_is_too_long(idle, sim, name):
    idle.configure({"default": target(sim)}, daemon={"socket": name})
    assert "is not an absolute path of at most 107 bytes" in complaint(idle)


def test_the_directory_of_the_socket_is_not_there(idle, sim):
    idle.configure({"default": target(sim)}, daemon={"socket": idle.runtime / "nowhere" / "socket"})
    assert "cannot be bound: No such file or directory" in complaint(idle)


def test_the_socket_of_another_daemon_is_left_to_it(start_daemon, new_daemon, sim):
    first, second = start_daemon(), new_daemon({"default": target(sim)})
    second.configure({"default": target(sim)}, daemon={"socket": first.socket})
    assert "another trailstopd listens there" in complaint(second)
    assert first.call("ListTargets")


def hand_over(daemon, fd, count):
    """Lets it start with this descriptor as the first of so many that are handed over."""
    daemon.command = [sys.executable, "-c", HAND_OVER, str(fd), count, *daemon.command]
    return complaint(daemon, pass_fds=[fd])


def test_what_is_handed_over_has_to_be_a_listening_stream(idle, runtime):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        assert "descriptor 3 that systemd handed over is not a listening UNIX stream socket" in hand_over(
            idle, other.fileno(), "1")


def test_more_sockets_than_there_is_use_for(idle):
    with socket.socket(socket.AF_UNIX) as listener:
        assert "systemd handed over 5 sockets, more than" in hand_over(idle, listener.fileno(), "5")


def test_a_number_of_sockets_that_is_none(idle):
    with socket.socket(socket.AF_UNIX) as listener:
        assert "the sockets of systemd cannot be taken over" in hand_over(idle, listener.fileno(), "some")


@pytest.mark.parametrize("stream, said", [("nonsense", True), ("1:1", True), (None, True), ("its own", False)])
def test_a_start_that_fails_is_said_once_where_standard_error_is_the_journal(build, tmp_path, stream, said):
    config = tmp_path / "wrong.conf"
    config.write_text("[nonsense]\n")
    with open(tmp_path / "errors", "w+b") as errors:
        status = os.fstat(errors.fileno())
        own = f"{status.st_dev}:{status.st_ino}"
        environment = {} if stream is None else {"JOURNAL_STREAM": own if stream == "its own" else stream}
        result = subprocess.run([build / "trailstopd", "--config", config, "--log", "journal"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=errors, env=environment, timeout=DEADLINE)
        errors.seek(0)
        assert result.returncode == 1
        assert (b"wrong.conf:1" in errors.read()) == said


READ_ONLY = 'mkdir -p "$0" && mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


@pytest.mark.skipif(subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode != 0,
                    reason="needs to be allowed to mount")
def test_a_state_directory_that_cannot_be_written(idle):
    idle.command = ["unshare", "--mount", "sh", "-c", READ_ONLY, idle.state, *idle.command]
    assert "mount it writable, or set another state-directory" in complaint(idle, status=os.EX_IOERR)
