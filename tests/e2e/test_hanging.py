# SPDX-License-Identifier: Apache-2.0
"""What hangs outside (a file, a log, systemd's socket) stops nothing inside."""

import os
import subprocess

import pytest

from harness import DEADLINE
from harness.authority import Authority
from harness.daemon import target

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
    daemon = start_daemon(environment={variable: str(shared)})
    pipe.rename(shared)
    daemon.reload()
    assert daemon.call("GetStatistics")["statistics"]
    daemon.terminate()


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
    assert result.returncode == 1 and "pipe" in result.stderr


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
