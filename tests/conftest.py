# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the end-to-end tests. TRAILSTOP_BUILD names the build directory (run-tests sets it)."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from harness import other_sqs
from harness.ctl import Ctl
from harness.daemon import Daemon, target
from harness.sim import Sim
from harness.tls import make_certificate

def pytest_configure():
    if not (Path(os.environ.get("TRAILSTOP_BUILD", "/nonexistent")) / "trailstopd").exists():
        raise pytest.UsageError("TRAILSTOP_BUILD must name a build directory with trailstopd in it")


@pytest.fixture(scope="session")
def build():
    return Path(os.environ["TRAILSTOP_BUILD"]).resolve()


@pytest.fixture
def runtime():
    """A directory with a short name, for sockets, which other users may enter."""
    path = Path(tempfile.mkdtemp(prefix="ts-", dir="/tmp"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def start_sim(build, tmp_path):
    """A factory of simulators, for tests that need one with options of its own."""
    started = []

    def start(*arguments):
        started.append(Sim(build, tmp_path, arguments))
        return started[-1]

    yield start
    for sim in started:
        sim.close()


@pytest.fixture
def sim(start_sim):
    return start_sim()


@pytest.fixture
def local_sqs(build):
    """An SQS that nobody here wrote."""
    if reason := other_sqs.why_not(build):
        pytest.skip(reason)
    sqs = other_sqs.LocalSqs(build)
    yield sqs
    sqs.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that vouches for itself: .cert and .key are paths."""
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def new_daemon(build, tmp_path, runtime):
    """A factory of daemons, configured but not started; each is ended, and checked, when the test is over.
    targets: name → options, as `target(sim)` makes them."""
    daemons = []

    def make(targets, *, environment=None, **sections):
        number = len(daemons)
        directory, sockets = tmp_path / f"daemon{number}", runtime / str(number)
        directory.mkdir()
        sockets.mkdir()
        daemon = Daemon(build, directory, sockets, {**Sim.ENVIRONMENT, **(environment or {})})
        daemon.configure(targets, **sections)
        daemons.append(daemon)
        return daemon

    yield make
    for daemon in daemons:
        daemon.close()


@pytest.fixture
def start_daemon(new_daemon, sim):
    """A factory of running daemons whose targets lead to the simulator, unless the test names others."""

    def start(targets=None, **options):
        return new_daemon(targets or {"default": target(sim)}, **options).start()

    return start


@pytest.fixture
def open_daemon(start_daemon):
    """A daemon whose socket lets everyone connect, as a socket unit may."""
    def start(**options):
        daemon = start_daemon(**options)
        daemon.socket.chmod(0o666)
        return daemon
    return start


@pytest.fixture
def daemon(start_daemon):
    """A running daemon with one target, the simulator."""
    return start_daemon()


@pytest.fixture
def ctl(build, daemon, tmp_path):
    """trailstopctl, talking to `daemon`."""
    return Ctl(build, daemon.socket, tmp_path)
