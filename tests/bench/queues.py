# SPDX-License-Identifier: Apache-2.0
"""Part of `make bench`: requests that come through a queue, on one host and on several.

Prints figures, judges none.
"""

import os
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import ASLEEP, REST_SECONDS, Bench, cpu_seconds, wake_ups
from harness.daemon import Daemon, queue, target
from harness.sim import Sim, new_id

QUICK = {"first": "100ms", "longest": "1s"}
VISIBILITY_SECONDS = 30  # the shortest there is
QUEUE_CALLS = ["ReceiveMessage", "ChangeMessageVisibility", "DeleteMessage"]


class QueueBench(Bench):
    @contextmanager
    def hosts(self, target_options=None):
        """A simulator with a queue, and a function that starts a daemon more that takes requests from it."""
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self.directory)))
            sim = Sim(self.build, place, [])
            stack.callback(sim.close)
            sim.add_queue()

            def start():
                own = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=place)))
                daemon = Daemon(self.build, own, own, Sim.ENVIRONMENT)
                stack.callback(daemon.close)
                daemon.configure({"default": {**target(sim), **(target_options or {})}}, polling=QUICK,
                                 daemon={"log-level": "warning", "max-jobs": 1_000_000},
                                 queues={"q": queue(sim, visibility=f"{VISIBILITY_SECONDS}s", max_jobs=1_000_000)})
                return daemon.start()

            yield sim, start

    def accepted(self, count, requests=20_000):
        """From the first one taken to the last, so that no start is in it."""
        with self.hosts(ASLEEP) as (sim, start):
            daemons = [start() for _ in range(count)]
            busy = sum(map(cpu_seconds, daemons))
            began = time.perf_counter()
            sim.send_many([{"importId": new_id()} for _ in range(requests)])
            while sum(daemon.call("GetStatistics")["statistics"]["requestsAccepted"] for daemon in daemons) < requests:
                time.sleep(0.01)
            took = time.perf_counter() - began
            busy = sum(map(cpu_seconds, daemons)) - busy
        self.note(f"requests accepted a second from a queue, daemons: {count}", f"{requests / took:,.0f}", "")
        self.note("  of processor time for each, daemons alone", f"{busy / requests * 1e6:.0f} us", "")

    def calls(self, requests=500):
        with self.hosts() as (sim, start):
            sim.send_many([{"importId": import_id} for import_id in sim.add_many(requests)])
            start()
            sim.wait_queue(deleted=requests)
            counts = sim.counts()["operations"]
        shares = ", ".join(f"{name} {counts.get(name, 0) / requests:.2f}" for name in QUEUE_CALLS)
        self.note(f"calls of SQS for each of {requests} requests", shares, "")

    def takeover(self):
        """The other host asks what became of the import; before that nobody knows."""
        with self.hosts() as (sim, start):
            first = start()
            import_id = sim.add_endless()
            sim.send({"importId": import_id})
            sim.wait_calls(1, "GetImport", import_id)
            start()
            first.kill()
            began, polls = time.perf_counter(), len(sim.calls("GetImport", import_id))
            sim.wait_until(lambda: len(sim.calls("GetImport", import_id)) > polls, seconds=2 * VISIBILITY_SECONDS)
            self.note("from kill -9 to another host's first call", f"{time.perf_counter() - began:.1f} s",
                      f"visibility, {VISIBILITY_SECONDS} s, and a poll")

    def rest(self):
        with self.hosts() as (sim, start):
            daemon = start()
            sim.wait_calls(1, "ReceiveMessage")
            time.sleep(2)  # lets what follows the start come to an end: this measures, it does not test
            before, busy, calls = wake_ups(daemon), cpu_seconds(daemon), len(sim.calls("ReceiveMessage"))
            time.sleep(2 * REST_SECONDS)
            self.note(f"an idle queue in {2 * REST_SECONDS} s: receives, wake-ups, processor time",
                      f"{len(sim.calls('ReceiveMessage')) - calls}, {wake_ups(daemon) - before}, "
                      f"{(cpu_seconds(daemon) - busy) * 1e3:.0f} ms", "1 receive")


def main():
    build = Path(os.environ["TRAILSTOP_BUILD"]).resolve()
    if b"__asan_init" in (build / "trailstopd").read_bytes():
        sys.exit("bench: this build has sanitizers; configure one without, and say make bench there")
    with tempfile.TemporaryDirectory(prefix="ts-bench-") as directory:
        bench = QueueBench(build, directory)
        bench.accepted(1)
        bench.accepted(3)
        bench.calls()
        bench.takeover()
        bench.rest()


if __name__ == "__main__":
    main()
