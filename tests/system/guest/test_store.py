# SPDX-License-Identifier: Apache-2.0
"""A state directory on a file system that runs full."""

import os

import pytest

import system
from harness.varlink import VarlinkError


@pytest.fixture
def small_disk(service):
    """The state directory on 2 MiB of its own; yields a function that fills it up."""
    system.systemctl("stop", system.SERVICE)
    owner = os.stat(system.STATE)
    system.run("mount", "-t", "tmpfs", "-o", f"size=2M,mode=0700,uid={owner.st_uid},gid={owner.st_gid}",
               "tmpfs", system.STATE)
    system.systemctl("start", system.SERVICE)
    yield system.STATE / "ballast"
    system.systemctl("stop", system.SERVICE)
    system.run("umount", system.STATE)


def fill(path):
    with open(path, "wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                return


def ask(import_id):
    """The job that was promised, or None."""
    try:
        return system.call("Stop", importId=import_id)["job"]
    except (*system.GONE, VarlinkError):
        return None


def test_full_disk_promises_nothing(small_disk, sim, began):
    before = system.call("Stop", importId=sim.add_endless())["job"]
    fill(small_disk)
    # What the store has at hand is not much, and then it must say no.
    promised, refused = [before], []
    for import_id in sim.add_many(2000, stop_polls=10**9):
        job = ask(import_id)
        if job:
            promised.append(job)
        else:
            refused.append(import_id)
            if len(refused) == 20:
                break
    assert len(refused) == 20
    system.wait_event("store-failed", began)
    assert not any(sim.calls("StopImport", import_id) for import_id in refused)

    # Whatever happens now, a promise is kept.
    system.systemctl("kill", "--signal=SIGKILL", system.SERVICE)
    small_disk.unlink()
    system.wait_until(system.serves, "an answer once there is room")
    for job in promised:
        assert system.job(job["id"])["importId"] == job["importId"]


def test_serves_again_when_there_is_room(small_disk, sim, began):
    pid = system.main_pid()
    fill(small_disk)
    imports = iter(sim.add_many(2000))
    system.wait_until(lambda: not ask(next(imports)), "a refusal")
    assert system.serves()
    small_disk.unlink()
    import_id = sim.add()
    system.wait_until(lambda: ask(import_id), "a promise")
    system.wait_event("import-stopped", began, IMPORT_ID=import_id)
    assert system.main_pid() == pid


def test_full_disk_is_nothing_for_the_watchdog(small_disk, sim):
    """It would come back to the same disk."""
    system.drop_in("[Service]\nWatchdogSec=1\n")
    system.systemctl("restart", system.SERVICE)
    pid = system.main_pid()
    fill(small_disk)
    imports = iter(sim.add_many(2000))
    system.wait_until(lambda: not ask(next(imports)), "a refusal")
    system.wait_signs_of_life(4)
    assert system.main_pid() == pid
    small_disk.unlink()
