# SPDX-License-Identifier: Apache-2.0
"""Restarts that callers do not notice, and ends that nobody asked for."""

import os
import signal
import statistics
import threading
import time

import pytest

import system

RESTARTS = 100
CALLERS = 4


class Caller(threading.Thread):
    """Connects and asks for one import after another until it is asked to end; keeps what it was promised.

    A daemon that ends may close a connection whose call it has not read: that is asked again. A connection that
    cannot be made is a failure."""

    def __init__(self, import_ids):
        super().__init__()
        self.import_ids = list(import_ids)
        self.jobs = []
        self.failure = None
        self.ending = threading.Event()

    def run(self):
        try:
            for import_id in self.import_ids:
                if self.ending.is_set():
                    return
                self.jobs.append(self.ask(import_id))
        except Exception as failure:  # for the test to raise
            self.failure = failure

    @staticmethod
    def ask(import_id):
        return system.call_until_answered("Stop", importId=import_id)["job"]

    def finish(self):
        self.ending.set()
        self.join()
        if self.failure:
            raise self.failure


@pytest.mark.parametrize("kind", ["python", "trailstopctl"])
def test_restarts_go_unnoticed(service, sim, measured, kind):
    times = []
    if kind == "python":
        callers = [Caller(sim.add_many(3000)) for _ in range(CALLERS)]
    else:
        callers = [Stopper(sim) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for _ in range(RESTARTS):
        started = time.monotonic()
        system.systemctl("restart", system.SERVICE)
        times.append(time.monotonic() - started)
    for caller in callers:
        caller.finish()
    measured(f"restart, median of {RESTARTS}", statistics.median(times))
    measured(f"restart, longest of {RESTARTS}", max(times))

    jobs = [job for caller in callers for job in caller.jobs]
    print(f"{len(jobs)} imports asked for")
    assert len(jobs) > RESTARTS / 4  # enough to have met them
    for job in jobs:
        system.wait_until(lambda: system.job(job["id"])["state"] == "stopped", "the end of every job")
    stops = [counts["StopImport"] for counts in sim.counts()["imports"].values() if "StopImport" in counts]
    assert len(stops) >= len(jobs) and set(stops) == {1}


class Stopper(Caller):
    """The same by trailstopctl, which waits for each to stop."""

    def __init__(self, sim):
        super().__init__(sim.add_many(1000))

    def ask(self, import_id):
        result = system.ctl("stop", import_id)
        assert result.returncode == 0, f"{result.returncode}\n{result.stdout}{result.stderr}"
        return system.call_until_answered("ListJobs", importId=import_id)["jobs"][0]


def test_killed_it_is_back_in_half_a_second(service, sim, endless, measured):
    job = system.call("Stop", importId=endless)["job"]
    sim.wait_calls(1, "GetImport", endless)
    times = []
    for _ in range(5):
        pid = system.main_pid()
        os.kill(pid, signal.SIGKILL)
        killed = time.monotonic()
        system.wait_until(lambda: system.main_pid() not in (0, pid), "another process")
        system.wait_until(system.serves, "an answer")
        times.append(time.monotonic() - killed)
    measured("kill -9 until it answers, median", statistics.median(times))
    measured("kill -9 until it answers, longest", max(times))
    assert statistics.median(times) < 0.5
    sim.finish(endless)
    system.wait_until(lambda: system.job(job["id"])["state"] == "stopped", "the end of the job")
    assert len(sim.calls("StopImport", endless)) == 1


def test_watchdog_restarts_one_that_hangs(service, began):
    system.drop_in("[Service]\nWatchdogSec=1\n")
    system.systemctl("restart", system.SERVICE)
    pid = system.main_pid()
    os.kill(pid, signal.SIGSTOP)
    system.wait_until(lambda: system.main_pid() not in (0, pid), "another process")
    assert system.serves()
    assert any("Watchdog timeout" in entry.get("MESSAGE", "") for entry in
               system.journal(f"UNIT={system.SERVICE}", since=began))


def test_watchdog_leaves_one_alone_that_turns(service):
    system.drop_in("[Service]\nWatchdogSec=1\n")
    system.systemctl("restart", system.SERVICE)
    pid = system.main_pid()
    system.wait_signs_of_life(4)
    assert system.main_pid() == pid


def test_stop_and_start_go_on_with_the_job(service, sim, endless):
    job = system.call("Stop", importId=endless)["job"]
    sim.wait_calls(1, "GetImport", endless)
    system.systemctl("stop", system.SERVICE)
    assert system.show("Result") == "success"
    sim.finish(endless)
    system.systemctl("start", system.SERVICE)
    system.wait_until(lambda: system.job(job["id"])["state"] == "stopped", "the end of the job")
    assert len(sim.calls("StopImport", endless)) == 1
