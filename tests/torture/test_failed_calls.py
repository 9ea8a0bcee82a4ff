# SPDX-License-Identifier: Apache-2.0
"""Each call of a scripted stop that needs memory, a descriptor or the disk fails once, the start included: the daemon
goes on, or ends with a status and is started again; nothing that was acknowledged is lost, nobody waits for ever. The
same where a message of a queue asks for the stop: it is not lost, and each destination is told."""

import errno

import pytest

from faults import sample
from life import Lives, QueueLife

# Calls that fail are few in a row: a job waits up to 1 s after the first call of its own that failed, up to 2 s after the
# second, and so on.

PARTS = range(4)
"""The work of each test in parts, which run beside each other."""


@pytest.fixture
def lives(build, tmp_path, runtime):
    lives = Lives(build, tmp_path, runtime)
    yield lives
    lives.check()


@pytest.fixture
def queue_lives(build, tmp_path, runtime):
    lives = Lives(build, tmp_path, runtime, QueueLife)
    yield lives
    lives.check()


@pytest.mark.parametrize("part", PARTS)
def test_an_allocation_fails(lives, part):
    for at in sample(lives.calls("memory"), 80)[part::len(PARTS)]:
        lives.live(kind="memory", at=at, calls=1)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("calls", [3, 8])
def test_memory_runs_out_for_a_while(lives, part, calls):
    for at in sample(lives.calls("memory"), 20)[part::len(PARTS)]:
        lives.live(kind="memory", at=at, calls=calls)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("calls", [1, 4])
def test_a_descriptor_is_not_there(lives, part, calls):
    for at in sample(lives.calls("descriptor"), 24)[part::len(PARTS)]:
        lives.live(kind="descriptor", at=at, calls=calls)


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC, 0], ids=["EIO", "ENOSPC", "short"])
def test_a_write_of_the_store_fails(lives, error):
    for at in sample(lives.calls("write"), 12):
        lives.live(kind="write", at=at, calls=1, error=error)


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_a_sync_of_the_store_fails(lives, error):
    for at in sample(lives.calls("sync"), 12):
        lives.live(kind="sync", at=at, calls=1, error=error)


@pytest.mark.parametrize("part", PARTS)
def test_an_allocation_fails_beside_a_queue(queue_lives, part):
    for at in sample(queue_lives.calls("memory"), 60)[part::len(PARTS)]:
        queue_lives.live(kind="memory", at=at, calls=1)


@pytest.mark.parametrize("part", PARTS)
def test_a_descriptor_is_not_there_beside_a_queue(queue_lives, part):
    for at in sample(queue_lives.calls("descriptor"), 24)[part::len(PARTS)]:
        queue_lives.live(kind="descriptor", at=at, calls=2)


@pytest.mark.parametrize("kind", ["write", "sync"])
@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC], ids=["EIO", "ENOSPC"])
def test_the_store_fails_beside_a_queue(queue_lives, kind, error):
    for at in sample(queue_lives.calls(kind), 12):
        queue_lives.live(kind=kind, at=at, calls=1, error=error)
