# SPDX-License-Identifier: Apache-2.0
"""The daemon killed under load, and stopped for a second, at any moment, beside an independent count of what it
acknowledged and of what reached CloudTrail."""

import random
import signal
import threading
import time
from collections import Counter

import pytest

from harness import DEADLINE
from harness.ctl import Ctl
from harness.daemon import target
from harness.varlink import Closed, encode
from faults import FULL

KILLS = 50 if FULL else 15
ROUNDS = range(20 if FULL else 1)
CLIENTS = 4
IMPORTS_PER_CLIENT = 25 * KILLS
LATE = 0.5
"""Seconds by which a call may reach the simulator after the daemon that made it was killed."""


class Load(threading.Thread):
    """A client that stops imports, many at a time, on a connection that it makes again whenever it is lost; it keeps
    what was acknowledged and does not ask for it twice."""

    AT_ONCE = 20

    def __init__(self, daemon, imports, progress):
        super().__init__(daemon=True)
        self.daemon_under_test = daemon
        self.imports = list(imports)
        self.progress = progress  # a semaphore, counted up with each acknowledgement
        self.jobs = {}  # import → job's id
        self.polling = {}  # import → when it was seen so
        self.ended = threading.Event()

    def run(self):
        batch = []
        while not self.ended.is_set():
            try:
                with self.daemon_under_test.connect() as connection:
                    self.look(connection, batch)
                    while self.imports and not self.ended.is_set():
                        batch = self.imports[:self.AT_ONCE]
                        self.stop(connection, batch)
                        self.look(connection, batch)
            except (Closed, OSError):
                self.ended.wait(0.005)  # it is being started again

    def stop(self, connection, batch):
        connection.send_raw(b"".join(encode("Stop", {"importId": import_id}) for import_id in batch))
        for import_id in batch:
            self.jobs[import_id] = connection.reply()["job"]["id"]
            self.imports.remove(import_id)
            self.progress.release()

    def look(self, connection, batch):
        """Until each that was acknowledged was seen polling, or ended before that could be seen."""
        waiting = [import_id for import_id in batch if import_id in self.jobs and import_id not in self.polling]
        while waiting and not self.ended.is_set():
            import_id = waiting.pop(0)
            state = connection.call("GetJob", {"id": self.jobs[import_id]})["job"]["state"]
            if state in ("queued", "stopping"):
                waiting.append(import_id)
            elif state == "polling":
                self.polling[import_id] = time.monotonic()
                self.progress.release()


def states(daemon, jobs):
    with daemon.connect() as connection:
        return Counter(connection.call("GetJob", {"id": job})["job"]["state"] for job in jobs)


def wait_until_stopped(daemon, jobs):
    for reply in daemon.connect().call_more("Watch", {"ids": list(jobs)}):
        assert reply["job"]["state"] in ("queued", "stopping", "polling", "stopped"), reply


@pytest.mark.parametrize("number", ROUNDS)
def test_killed_under_load(start_daemon, start_sim, number):
    chance = random.Random(number)
    sim = start_sim()
    daemon = start_daemon({"default": target(sim)})
    progress = threading.Semaphore(0)
    clients = [Load(daemon, sim.add_many(IMPORTS_PER_CLIENT, stop_polls=5), progress) for _ in range(CLIENTS)]
    kills = []
    for client in clients:
        client.start()
    for _ in range(KILLS):
        for _ in range(chance.randrange(1, 4 * Load.AT_ONCE)):
            assert progress.acquire(timeout=DEADLINE)
        daemon.kill()
        kills.append(time.monotonic())
        daemon.start()
    for client in clients:
        client.ended.set()
        client.join(DEADLINE)

    jobs = {import_id: job for client in clients for import_id, job in client.jobs.items()}
    polling = {import_id: seen for client in clients for import_id, seen in client.polling.items()}
    wait_until_stopped(daemon, jobs.values())
    assert states(daemon, jobs.values()) == {"stopped": len(jobs)}
    asked = {}
    for call in sim.calls("StopImport"):
        asked.setdefault(call["importId"], []).append(call["receivedUsec"] / 1e6)
    assert jobs.keys() <= asked.keys()
    for import_id, times in asked.items():
        assert import_id not in polling or times[-1] < polling[import_id], "asked again after it was seen polling"
        between = [kill for kill in kills if times[0] - LATE < kill < times[-1]]
        assert len(times) <= 1 + len(between), (times, between)
    again = sum(len(times) - 1 for times in asked.values())
    print(f"{KILLS} kills: {len(jobs)} acknowledged, {len(asked)} asked for, {len(polling)} seen polling, {again} asked "
          "for again")


PROCESSES = ["daemon", "simulator", "client"]


@pytest.mark.parametrize("process", PROCESSES)
def test_stopped_for_a_second(start_daemon, sim, build, tmp_path, process):
    """At as many moments of a stop as its calls allow to name: nobody asks twice, nothing is an outage."""
    daemon = start_daemon()
    moments = [("StopImport", 1), ("GetImport", 1), ("GetImport", 2)]
    for operation, count in moments:
        import_id = sim.add(stop_polls=4)
        client = Ctl(build, daemon.socket, tmp_path).start("stop", import_id)
        sim.wait_calls(count, operation, import_id)
        stopped = {"daemon": daemon.process, "simulator": sim.process, "client": client}[process]
        stopped.send_signal(signal.SIGSTOP)
        time.sleep(1)  # this is what is tested
        stopped.send_signal(signal.SIGCONT)
        assert client.wait(DEADLINE) == 0, client.stderr.read()
        assert len(sim.calls("StopImport", import_id)) == 1
    assert daemon.journal.find("outage-began") == []
