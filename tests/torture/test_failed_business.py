# SPDX-License-Identifier: Apache-2.0
"""Memory runs out now and then in a daemon that has its hands full: stops that clients ask for, others that a queue and
a guard ask for, outcomes to send. Everything is done in the end."""

import time

import pytest

from faults import FULL, Faults, FaultyDaemon
from harness import DEADLINE
from harness.daemon import Daemon, queue, target
from harness.sim import Sim
from harness.varlink import Closed, VarlinkError

ROUNDS = range(400 if FULL else 150)
PARTS = range(3)


class Busy(FaultyDaemon):
    def __init__(self, build, sim, directory, runtime):
        self.sim = sim
        for name in ("requests", "outcomes", "ended"):
            sim.add_queue(name)
        self.daemon = Daemon(build, directory, runtime, dict(Sim.ENVIRONMENT))
        self.faults = Faults(build, directory)
        self.daemon.configure(
            {"default": target(sim)},
            guards={"g": {"every": "1min", "min-events": 1, "source": "s3://*", "action": "stop"}},
            queues={"q": queue(sim, visibility="30s", wait_time="1s", outcome_url=sim.queue("outcomes")["url"])},
            notifies={"bus": {"event-bus": "b", "region": "us-east-1", "endpoint-url": sim.url},
                      "queue": {"queue-url": sim.queue("ended")["url"], "region": "us-east-1"}},
            polling={"settle": "10ms"})
        self.daemon.start(env=self.faults.environment(sanitizers=f"log_path={directory}/sanitizer"))
        self.imports = []

    def give_work(self):
        """An import for each way to ask for its stop; a reload lets the guard look at once."""
        asked, of_queue, of_guard = self.sim.add(), self.sim.add(), self.sim.add(events_completed=5, failed_entries=1)
        self.imports += [asked, of_queue, of_guard]
        self.sim.send({"importId": of_queue}, "requests")
        self.daemon.reload()
        return asked

    def fail_in(self, n):
        """Lets the n-th allocation from now on fail."""
        self.faults.plan("memory", self.faults.calls("memory") + n)

    def ask(self, import_id):
        """As trailstopctl does it: again where there was no answer."""
        while True:
            try:
                self.daemon.stop(import_id)
                return
            except (Closed, VarlinkError, BrokenPipeError):
                assert self.daemon.running

    def wait_until_all_is_done(self):
        """A job that met a failure waits some seconds before it goes on."""
        def is_done():
            stopped = {entry["ImportId"] for entry in self.sim.control("imports") if entry["ImportStatus"] == "STOPPED"}
            return set(self.imports) <= stopped and not self.sim.messages("requests")
        end = time.monotonic() + 4 * DEADLINE
        while not is_done():
            assert self.daemon.running and time.monotonic() < end, self.daemon.journal.text()
            time.sleep(0.1)
        self.daemon.reload()
        ended = {job["id"] for job in self.daemon.call("ListJobs", state="stopped")["jobs"]}
        self.sim.wait_until(lambda: ended <= {body["detail"]["job"]["id"] for body in self.sim.bodies("ended")},
                            seconds=4 * DEADLINE)


@pytest.fixture
def busy(build, sim, tmp_path, runtime):
    busy = Busy(build, sim, tmp_path, runtime)
    yield busy
    busy.close()


@pytest.mark.parametrize("part", PARTS)
def test_memory_runs_out_now_and_then(busy, part):
    for number in ROUNDS:
        import_id = busy.give_work()
        busy.fail_in(1 + (number * len(PARTS) + part) * 37 % 6000)  # a round takes some thousands
        busy.ask(import_id)
    busy.faults.plan("memory", 0)
    busy.wait_until_all_is_done()
