# SPDX-License-Identifier: Apache-2.0
"""What hangs outside (a file, a log, systemd's socket) stops nothing inside."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time

import pytest

from harness import DEADLINE
from harness.authority import Authority
from harness.daemon import target
from harness.journal import Journal
from harness.mount import build_library, preload

ONE_ATTEMPT = {"max-attempts": 1}


@pytest.fixture
def fifo(tmp_path):
    """A FIFO that nobody writes to."""
    os.mkfifo(path := tmp_path / "fifo")
    return path


@pytest.fixture
def held_fifo(fifo):
    """One that somebody writes to, for ever."""
    descriptor = os.open(fifo, os.O_RDWR)
    yield fifo
    os.close(descriptor)


@pytest.fixture(params=["fifo", "held_fifo"])
def pipe(request):
    return request.getfixturevalue(request.param)


def assert_alive(daemon, sim):
    """It answers, another target's jobs go on, and SIGTERM ends it."""
    assert daemon.call("GetStatistics")["statistics"]
    assert daemon.stopped(sim.add(), target="well")["state"] == "stopped"
    daemon.terminate()


# A FIFO where a file belongs


def without_keys(new_daemon, sim, environment, **sections):
    """A daemon whose target `default` has credentials by the environment alone, and `well` has its own."""
    directory = {"default": target(sim, profile="odd"), "well": target(sim, profile="well")}
    daemon = new_daemon(directory, environment=environment, calls=ONE_ATTEMPT, **sections)
    keys = daemon.directory / "credentials"
    keys.write_text("[well]\naws_access_key_id = AKIDEXAMPLE\n"
                    "aws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n")
    daemon.environment["AWS_SHARED_CREDENTIALS_FILE"] = str(keys)
    return daemon


def write_profile(daemon, *lines):
    path = daemon.directory / "profiles"
    path.write_text("\n".join(["[profile odd]", *lines]) + "\n")
    daemon.environment["AWS_CONFIG_FILE"] = str(path)


def test_a_web_identity_token_in_a_fifo(new_daemon, sim, pipe):
    daemon = without_keys(new_daemon, sim, {})
    write_profile(daemon, f"web_identity_token_file = {pipe}", "role_arn = arn:aws:iam::123456789012:role/r")
    daemon.start()
    job = daemon.stop(sim.add(), target="default")
    assert str(pipe) in daemon.journal.wait("credentials-failed", target="default")["MESSAGE"]
    assert daemon.job(job["id"])["lastError"]["code"] == "CredentialsUnavailable"
    assert_alive(daemon, sim)


@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_a_shared_file_that_turns_into_a_fifo(start_daemon, sim, pipe, tmp_path, variable):
    shared = tmp_path / "shared"
    shared.write_text("")
    daemon = start_daemon({"default": target(sim), "well": target(sim)}, environment={variable: str(shared)})
    pipe.rename(shared)
    daemon.reload()
    assert_alive(daemon, sim)


def test_a_configuration_that_turns_into_a_fifo(start_daemon, sim, pipe):
    daemon = start_daemon({"default": target(sim), "well": target(sim)})
    daemon.config.unlink()
    pipe.rename(daemon.config)
    daemon.reload()
    assert str(daemon.config) in daemon.journal.wait("reload-refused")["MESSAGE"]
    assert_alive(daemon, sim)


def test_a_drop_in_that_is_a_fifo(start_daemon, sim, pipe):
    daemon = start_daemon({"default": target(sim), "well": target(sim)})
    (drop_ins := daemon.directory / "trailstopd.conf.d").mkdir()
    pipe.rename(drop_ins / "odd.conf")
    daemon.reload()
    assert "odd.conf" in daemon.journal.wait("reload-refused")["MESSAGE"]
    assert_alive(daemon, sim)


def test_a_ca_bundle_that_turns_into_a_fifo(start_daemon, start_sim, sim, pipe, tmp_path):
    authority = Authority(tmp_path / "authority")
    certificate = authority.issue("server", host="IP:127.0.0.1")
    secure = start_sim("--cert", certificate.cert, "--key", certificate.key)
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(authority.bundle.read_text())
    daemon = start_daemon({"default": target(secure, ca_bundle=bundle), "well": target(sim)}, calls=ONE_ATTEMPT)
    pipe.rename(bundle)
    daemon.stop(secure.add())
    began = daemon.journal.wait("outage-began", target="default")
    assert began["TRAILSTOP_AWS_ERROR"] == "TLSFailed" and str(bundle) in began["MESSAGE"]
    assert_alive(daemon, sim)


@pytest.mark.parametrize("where", ["config", "drop-in", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_the_check_of_a_fifo_ends(new_daemon, sim, build, pipe, where):
    daemon = new_daemon({"default": target(sim)})
    if where == "config":
        daemon.config = pipe
    elif where == "drop-in":
        (drop_ins := daemon.directory / "trailstopd.conf.d").mkdir()
        pipe.rename(drop_ins / pipe.with_suffix(".conf").name)
    else:
        daemon.environment[where] = str(pipe)
    result = subprocess.run([build / "trailstopd", "--check", "--config", daemon.config], capture_output=True, text=True,
                            env={**os.environ, **daemon.environment}, timeout=DEADLINE)
    assert "pipe" in result.stderr
    assert result.returncode == (0 if where.startswith("AWS") else 1), "nothing of the shared files is needed here"


def test_a_configuration_may_come_from_a_pipe(new_daemon, sim, build):
    """As from the shell's `--config <(generate)`."""
    daemon = new_daemon({"default": target(sim)})
    reading, writing = os.pipe()
    os.write(writing, daemon.config.read_bytes())
    os.close(writing)
    result = subprocess.run([build / "trailstopd", "--check", "--config", f"/dev/fd/{reading}"], capture_output=True,
                            text=True, pass_fds=[reading], env={**os.environ, **daemon.environment}, timeout=DEADLINE)
    os.close(reading)
    assert result.returncode == 0, result.stderr


# This process


def test_a_process_that_was_stopped_takes_that_time_for_nobodys_silence(start_daemon, start_sim, tmp_path):
    """As a sync that takes its time, a debugger or a suspended host do: no outage, and no second StopImport."""
    authority = Authority(tmp_path / "authority")
    certificate = authority.issue("server", host="IP:127.0.0.1")
    secure = start_sim("--cert", certificate.cert, "--key", certificate.key)
    daemon = start_daemon({"default": target(secure, ca_bundle=authority.bundle)},
                          calls={**ONE_ATTEMPT, "connect-timeout": "2s", "timeout": "2s"})
    ids = [secure.add_endless() for _ in range(3)]
    secure.fault("slow", delay_seconds=0.2)  # so that calls are on their way at any moment
    for import_id in ids:
        daemon.stop(import_id)
        secure.wait_calls(1, "StopImport", import_id)
        daemon.signal(signal.SIGSTOP)
        time.sleep(2.5)  # longer than the time-outs: it is what this test is about
        daemon.signal(signal.SIGCONT)
    for import_id in ids:
        secure.finish(import_id)
        daemon.journal.wait("import-stopped", import_id=import_id)
        assert len(secure.calls("StopImport", import_id)) == 1
    assert not daemon.journal.find("outage-began") and not daemon.journal.find("call-retried")


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
def test_a_disk_that_takes_longer_than_a_time_out_is_nobodys_silence(new_daemon, start_sim, tmp_path, secured):
    if not (library := build_library(tmp_path)):
        pytest.skip("needs a C compiler")
    authority = Authority(tmp_path / "authority")
    certificate = authority.issue("server", host="IP:127.0.0.1")
    sim = start_sim(*(["--cert", certificate.cert, "--key", certificate.key] if secured else []))
    options = {"ca_bundle": authority.bundle} if secured else {}
    daemon = new_daemon({"default": target(sim, **options)},
                        calls={**ONE_ATTEMPT, "connect-timeout": "1s", "timeout": "1s"})
    preload(daemon, library, SYNC_USEC="1200000")
    daemon.start()
    ids = [sim.add() for _ in range(3)]
    for import_id in ids:
        daemon.stop(import_id)
    for import_id in ids:
        daemon.journal.wait("import-stopped", import_id=import_id)
        assert len(sim.calls("StopImport", import_id)) == 1
    assert not daemon.journal.find("outage-began") and not daemon.journal.find("call-retried")


# A log that nobody reads

FILLER = 20_000  # bytes of a reason: 200 of them are far more than a pipe holds, and than the daemon keeps


def fill_log(daemon, sim):
    """Makes more lines than are kept, and then some work. All of the daemon's own waits are over when it returns."""
    ids = sim.add_many(200)
    with daemon.connect() as connection:
        for import_id in ids:
            connection.send("Stop", {"importId": import_id, "reason": "r" * FILLER})
            connection.reply()
    assert daemon.stopped(sim.add())["state"] == "stopped"
    return daemon.call("GetStatistics")["statistics"]["logLinesLost"]


@pytest.fixture(params=[0, os.O_NONBLOCK], ids=["blocking", "nonblocking"])
def unread(request):
    """A pipe: its reading and its writing end, of which the latter blocks, or does not."""
    reading, writing = os.pipe()
    os.set_blocking(writing, request.param == 0)
    yield reading, writing
    os.close(reading)
    os.close(writing)


def start_with(daemon, stderr):
    daemon.command = ["bash", "-c", f'exec "$@" 2>&{stderr}', "bash", *daemon.command]
    return daemon.start(pass_fds=[stderr])


def test_a_pipe_that_nobody_reads_loses_lines_and_holds_up_nothing(new_daemon, sim, unread):
    reading, writing = unread
    daemon = start_with(new_daemon({"default": target(sim)}), writing)
    lost = fill_log(daemon, sim)
    assert lost > 0
    daemon.terminate()


def test_lines_that_were_lost_are_counted_when_somebody_reads_again(new_daemon, sim, unread, tmp_path):
    reading, writing = unread
    daemon = start_with(new_daemon({"default": target(sim)}), writing)
    lost = fill_log(daemon, sim)
    log = Journal(tmp_path / "log")
    log.follow(os.fdopen(os.dup(reading), "rb"))
    report = log.wait("log-lines-lost")
    assert int(report["TRAILSTOP_LINES_LOST"]) >= lost
    assert log.entries[0]["TRAILSTOP_EVENT"] == "started" and log.entries[-1] == report
    assert not log.strays, "what was kept is whole"
    assert daemon.call("GetStatistics")["statistics"]["logLinesLost"] == int(report["TRAILSTOP_LINES_LOST"])
    daemon.terminate()


def test_an_error_at_the_start_waits_for_no_reader(new_daemon, sim, unread):
    reading, writing = unread
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writing, b"x" * 4096)
    os.set_blocking(writing, True)
    daemon = new_daemon({"default": target(sim)})
    daemon.config.write_text("nonsense")
    for log in ("json", "text", "journal"):
        daemon.arguments = ["--log", log]
        daemon.command = ["bash", "-c", f'exec "$@" 2>&{writing}', "bash", daemon.command[-1]]
        assert daemon.spawn(pass_fds=[writing]).wait() == 1


needs_namespaces = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"),
                                      reason="needs root and unshare to have a journald of its own")


@pytest.fixture
def journald(runtime):
    """The socket of a journald that reads when the test does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as reader:
        reader.settimeout(DEADLINE)
        reader.bind(str(runtime / "socket"))
        yield reader


@pytest.fixture
def start_under_journald(new_daemon, sim, runtime, journald):
    def start():
        daemon = new_daemon({"default": target(sim)})
        daemon.arguments = ["--log", "journal"]
        mount = 'mkdir -p /run/systemd/journal && mount --bind "$0" /run/systemd/journal && exec "$@"'
        daemon.command = ["unshare", "--mount", "sh", "-c", mount, runtime, *daemon.command]
        daemon.spawn()
        if daemon.process.poll() is not None:
            pytest.skip("mount namespaces cannot be made here")
        daemon.wait_notification("READY=1")
        return daemon
    return start


def receive_entry(journald):
    """An entry of the journal's own protocol, of which each value is a text."""
    data, descriptors, _, _ = socket.recv_fds(journald, 1 << 20, 1)
    for descriptor in descriptors:
        with open(descriptor, "rb") as file:
            file.seek(0)
            data = file.read()
    entry = {}
    while data:
        line, data = data.split(b"\n", 1)
        name, is_text, value = line.partition(b"=")
        if not is_text:
            size = int.from_bytes(data[:8], "little")
            value, data = data[8:8 + size], data[8 + size + 1:]
        entry[name.decode()] = value.decode()
    return entry


@needs_namespaces
def test_journald_gets_what_the_json_log_has(start_under_journald, journald, sim):
    daemon = start_under_journald()
    assert receive_entry(journald)["TRAILSTOP_EVENT"] == "started"
    reasons = ["two\nlines", "=", "a=b", "\n", "r" * 60_000]
    for reason in reasons:
        job = daemon.stop(sim.add_endless(), reason=reason)
        while (entry := receive_entry(journald))["TRAILSTOP_EVENT"] != "request-accepted":
            pass
        assert entry["TRAILSTOP_REASON"] == reason and entry["TRAILSTOP_JOB"] == job["id"]
        assert entry["PRIORITY"] == "6" and entry["SYSLOG_IDENTIFIER"] == "trailstopd" and len(entry["MESSAGE_ID"]) == 32
    daemon.terminate()


@needs_namespaces
def test_a_journald_that_does_not_read_holds_up_nothing(start_under_journald, journald, sim):
    daemon = start_under_journald()
    lost = fill_log(daemon, sim)
    assert lost > 0
    while (entry := receive_entry(journald))["TRAILSTOP_EVENT"] != "log-lines-lost":
        pass
    assert int(entry["TRAILSTOP_LINES_LOST"]) >= lost
    daemon.terminate()


# systemd


def test_a_notify_socket_that_nobody_reads_holds_up_nothing(new_daemon, sim, runtime):
    daemon = new_daemon({"default": target(sim)})
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as unread, socket.socket(
            socket.AF_UNIX, socket.SOCK_DGRAM) as writer:
        unread.bind(str(runtime / "unread"))
        writer.connect(str(runtime / "unread"))
        writer.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                writer.send(b"STATUS=full")
        daemon.spawn(env={"NOTIFY_SOCKET": str(runtime / "unread"), "WATCHDOG_USEC": "100000"})
        daemon.journal.wait("started")
        for _ in range(3):
            daemon.signal(signal.SIGHUP)
        daemon.journal.wait("reloaded")
        assert daemon.stopped(sim.add())["state"] == "stopped"
        # What could not be sent comes when there is room again.
        unread.settimeout(DEADLINE)
        while b"READY=1" not in unread.recv(4096):
            pass
    daemon.terminate()
