# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests that run inside the booted container, as root."""

import time
from pathlib import Path

import pytest

import system
from harness.sim import Sim


@pytest.fixture
def sim(tmp_path):
    simulator = Sim(system.BUILT, tmp_path)
    yield simulator
    simulator.close()


@pytest.fixture
def installed():
    """The package, installed."""
    if not system.is_installed():
        system.install()


@pytest.fixture
def service(installed, sim):
    """The service, running, with one target, the simulator; and at the end as the package made it."""
    system.configure(sim)
    system.give_credentials(sim)
    system.systemctl("restart", *system.UNITS)
    yield
    for path in (system.CONFIG, system.CREDENTIALS, Path(f"/run/systemd/system/{system.SERVICE}.d/tests.conf")):
        path.unlink(missing_ok=True)
    if system.is_installed():
        system.systemctl("daemon-reload")
        system.systemctl("stop", *system.UNITS)
        for path in system.STATE.glob("*"):
            path.unlink()


@pytest.fixture
def began(service):
    """When the test began, for what is in the journal since then."""
    return time.time()


@pytest.fixture
def endless(sim):
    """An import that takes StopImport and goes on until sim.finish()."""
    return sim.add_endless()


@pytest.fixture
def measured(record_property, request):
    """measured(name, seconds): a figure for the closing report, printed with the results."""

    def keep(name, seconds):
        record_property(name, seconds)
        print(f"MEASURED {name}: {seconds:.3f}")

    return keep
