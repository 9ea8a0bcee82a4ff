# SPDX-License-Identifier: Apache-2.0
"""Each allocation and each descriptor that a start with a full store, a reload or an end needs is not there once: the
daemon serves on, or ends with a status and goes on where it was when it is started again."""

import shutil
import signal
import subprocess

import pytest

from faults import Faults, FaultyDaemon, sample
from harness import DEADLINE
from harness.daemon import Daemon, queue, target
from harness.sim import Sim

FAULTS = [(kind, part) for kind in ("memory", "descriptor") for part in range(3)]


class Kept(FaultyDaemon):
    """A daemon with everything that it has to take up again: jobs, one of a queue's message, and outcomes not sent."""

    def __init__(self, build, sim, directory, runtime):
        self.sim, self.directory = sim, directory
        sim.add_queue("requests")
        self.daemon = Daemon(build, directory, runtime, dict(Sim.ENVIRONMENT))
        self.faults = Faults(build, directory, below=self.daemon.state)
        self.sanitizers = f"log_path={directory}/sanitizer"
        self.configure(self.daemon)

    def fill(self):
        sim = self.sim
        self.daemon.start()
        self.runs, self.of_queue = sim.add_endless(), sim.add_endless()
        self.job = self.daemon.stop(self.runs, reason="why")["id"]
        self.ended = self.daemon.stopped(sim.add())["id"]
        sim.send({"importId": self.of_queue}, "requests")
        self.daemon.journal.wait("stop-accepted", import_id=self.of_queue)
        self.daemon.kill()
        self.copy = self.directory / "copy"
        shutil.copytree(self.daemon.state, self.copy)

    def configure(self, daemon, more=()):
        daemon.configure(
            {"default": target(self.sim), **{name: target(self.sim) for name in more}},
            guards={"g": {"every": "1h", "older-than": "1h"}},
            queues={"q": queue(self.sim, visibility="12h", wait_time="20s")},
            notifies={"n": {"event-bus": "away", "region": "us-east-1", "endpoint-url": "http://127.0.0.1:1"}},
            polling={"first": "50ms", "longest": "1h", "growth": 10})

    def forget(self):
        """Back to what the store was."""
        shutil.rmtree(self.daemon.state)
        shutil.copytree(self.copy, self.daemon.state)

    def spawn(self, **fault):
        self.daemon.spawn(env=self.faults.environment(sanitizers=self.sanitizers, **fault))
        return bool(self.daemon.notifications.wait("READY=1"))

    def places(self, kind):
        """In a start and an end in which nothing fails."""
        assert self.spawn(places=True)
        self.daemon.terminate()
        self.forget()
        return self.faults.places(kind)

    def end(self):
        """SIGTERM, to which it may answer with a status where something failed, but not with silence."""
        if self.daemon.running:
            self.daemon.signal(signal.SIGTERM)
        assert self.daemon.wait() >= 0

    def assert_kept(self):
        self.daemon.start()
        assert self.daemon.job(self.job)["state"] == "polling"
        assert self.daemon.job(self.ended)["state"] == "stopped"
        assert self.daemon.call("ListJobs", importId=self.of_queue)["jobs"]
        self.daemon.kill()


@pytest.fixture
def kept(build, sim, tmp_path, runtime):
    kept = Kept(build, sim, tmp_path, runtime)
    try:
        kept.fill()
        yield kept
    finally:
        kept.close()


@pytest.mark.parametrize("kind, part", FAULTS)
def test_what_a_start_and_an_end_need_is_not_there(kept, kind, part):
    for at in sample(kept.places(kind)[part::3], 400):
        if kept.spawn(kind=kind, at=at, calls=1):
            kept.end()
        else:
            assert kept.daemon.wait() > 0
        kept.assert_kept()
        kept.forget()


@pytest.mark.parametrize("kind", ["memory", "descriptor"])
def test_what_a_reload_needs_is_not_there(kept, kind):
    """What cannot be read leaves in force what was."""
    daemon = kept.daemon
    assert kept.spawn()
    daemon.reload()
    before = kept.faults.calls(kind)
    daemon.reload()
    for at in sample(range(1, kept.faults.calls(kind) - before + 1), 400):
        kept.configure(daemon, more=["other"] if at % 2 else [])
        kept.faults.plan(kind, kept.faults.calls(kind) + at)
        daemon.reload()
        kept.faults.plan(kind, 0)
        assert daemon.job(kept.job)["state"] == "polling"
        assert len(daemon.call("ListTargets")["targets"]) in (1, 2)
    kept.configure(daemon, more=["other"])
    daemon.reload()
    assert len(daemon.call("ListTargets")["targets"]) == 2
    daemon.terminate()
