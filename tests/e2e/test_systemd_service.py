# SPDX-License-Identifier: Apache-2.0
"""io.systemd.service: what systemd asks its own services."""

import os

import pytest

from harness.varlink import SERVICE, VarlinkError, call_as

SYSTEMD = "io.systemd.service"
STRANGER = 54321

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root to be another user")


def test_answers_a_ping(daemon):
    assert daemon.call(f"{SYSTEMD}.Ping") == {}


def test_is_among_the_interfaces_and_described(daemon):
    assert SYSTEMD in daemon.call(f"{SERVICE}.GetInfo")["interfaces"]
    description = daemon.call(f"{SERVICE}.GetInterfaceDescription", interface=SYSTEMD)["description"]
    assert f"interface {SYSTEMD}\n" in description


def test_sets_the_log_level(daemon, sim):
    daemon.call(f"{SYSTEMD}.SetLogLevel", level=3)
    daemon.stopped(sim.add())
    assert not daemon.journal.find("import-stopped")
    daemon.call(f"{SYSTEMD}.SetLogLevel", level=6)
    daemon.stopped(sim.add())
    daemon.journal.wait("import-stopped", count=1)


@pytest.mark.parametrize("level", [-1, 8, "3", 3.5, None])
def test_refuses_what_is_not_a_log_level(daemon, level):
    with pytest.raises(VarlinkError) as caught:
        daemon.call(f"{SYSTEMD}.SetLogLevel", level=level)
    assert caught.value.short_name == "InvalidParameter" and caught.value.parameters == {"parameter": "level"}


def test_shows_the_environment_without_its_secrets(start_daemon):
    secrets = {"AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_SESSION_TOKEN": "t0ken",
               "AWS_CONTAINER_AUTHORIZATION_TOKEN": "b3arer"}
    daemon = start_daemon(environment=secrets)
    environment = daemon.call(f"{SYSTEMD}.GetEnvironment")["environment"]
    names = {variable.split("=")[0] for variable in environment}
    assert "AWS_ACCESS_KEY_ID" in names and names.isdisjoint(secrets)


@needs_root
@pytest.mark.parametrize("method, parameters", [("SetLogLevel", {"level": 7}), ("GetEnvironment", {})])
def test_denies_strangers_what_is_for_root(daemon, method, parameters):
    daemon.socket.chmod(0o666)
    answer = call_as(STRANGER, STRANGER, daemon.socket, f"{SYSTEMD}.{method}", parameters)
    assert answer[:2] == ("error", "PermissionDenied")
