# SPDX-License-Identifier: Apache-2.0
"""Keys that systemd hands over."""

from pathlib import Path

import pytest

import system

ENCRYPTED = Path("/etc/credstore.encrypted/aws-credentials")


@pytest.fixture
def encrypted(service):
    """The credentials, but encrypted and nowhere else."""
    ENCRYPTED.parent.mkdir(mode=0o700, exist_ok=True)
    system.run("systemd-creds", "encrypt", "--with-key=host", "--name=aws-credentials", system.CREDENTIALS, ENCRYPTED)
    system.CREDENTIALS.unlink()
    yield
    ENCRYPTED.unlink()


def test_plain(service, sim, began):
    assert system.ctl("stop", sim.add()).returncode == 0
    assert "/aws-credentials" in system.wait_event("credentials-obtained", began)["MESSAGE"]


def test_encrypted(encrypted, sim, began):
    if system.systemd_version() < 254:
        system.drop_in("[Service]\nLoadCredential=\nLoadCredentialEncrypted=aws-credentials\n")
    system.systemctl("restart", system.SERVICE)
    assert system.ctl("stop", sim.add()).returncode == 0
    assert "/aws-credentials" in system.wait_event("credentials-obtained", began)["MESSAGE"]
    assert sim.SECRET_KEY not in ENCRYPTED.read_text()


def test_none_is_said_and_waited_for(service, sim, endless, began):
    system.CREDENTIALS.unlink()
    system.systemctl("restart", system.SERVICE)
    job = system.call("Stop", importId=endless)["job"]
    system.wait_event("credentials-failed", began)
    assert system.job(job["id"])["state"] in ("queued", "stopping")
    assert sim.calls() == []
