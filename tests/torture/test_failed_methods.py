# SPDX-License-Identifier: Apache-2.0
"""Each allocation and each descriptor of each method is not there once in a daemon that runs: the client is answered or
hung up on, and everyone is served on."""

import pytest

from faults import Faults, FaultyDaemon, sample
from harness.accounts import Accounts, access_key
from harness.daemon import Daemon, queue, target
from harness.sim import Sim, new_id
from harness.varlink import SERVICE, Closed, VarlinkError

METRICS = "io.systemd.Metrics"

METHODS = {
    "GetInfo": (f"{SERVICE}.GetInfo", {}),
    "GetInterfaceDescription": (f"{SERVICE}.GetInterfaceDescription", {"interface": "io.trailstop.Imports"}),
    "Stop of what runs": ("Stop", {"importId": "RUNS", "reason": "why"}),
    "Stop of a new import": ("Stop", {"importId": "NEW", "timeout": 60}),
    "Stop of logs": ("Stop", {"importId": "NEW", "service": "logs"}),
    "Stop with a wrong id": ("Stop", {"importId": "x"}),
    "Wait": ("Wait", {"importId": "NEW"}),
    "Restart": ("Restart", {"importId": "STOPPED"}),
    "Restart of what runs": ("Restart", {"importId": "RUNS"}),
    "Restart of no import": ("Restart", {"importId": "NEW"}),
    "StopAll": ("StopAll", {"targets": ["*"]}),
    "rehearsal": ("StopAll", {"dryRun": True, "source": "s3*", "destination": "arn:aws:cloudtrail:us-east-1:1:eventdatastore/E"}),
    "rehearsal of logs": ("StopAll", {"targets": ["default"], "service": "logs", "dryRun": True, "minBytes": 0}),
    "GetJob": ("GetJob", {"id": "JOB"}),
    "GetJob of none": ("GetJob", {"id": "none"}),
    "Cancel": ("Cancel", {"id": "JOB OF NEW"}),
    "Watch": ("Watch", {"ids": ["JOB"]}),
    "ListJobs": ("ListJobs", {}),
    "ListJobs with filters": ("ListJobs", {"state": "polling", "active": True, "target": "default", "limit": 3}),
    "ListJobs of an import": ("ListJobs", {"importId": "RUNS", "since": "2020-01-01T00:00:00Z", "idPrefix": "0"}),
    "GetImport": ("GetImport", {"importId": "RUNS"}),
    "ListImports": ("ListImports", {"status": "IN_PROGRESS"}),
    "ListImports of logs": ("ListImports", {"service": "logs"}),
    "ListImportFailures": ("ListImportFailures", {"importId": "RUNS"}),
    "ListTargets": ("ListTargets", {}),
    "ListQueues": ("ListQueues", {}),
    "ListImportFailures of logs": ("ListImportFailures", {"importId": "NEW", "service": "logs"}),
    "TestTarget": ("TestTarget", {"target": "default"}),
    "TestTarget that refuses": ("TestTarget", {"target": "refused"}),
    "GetStatistics": ("GetStatistics", {}),
    "List of metrics": (f"{METRICS}.List", {}),
    "Describe of metrics": (f"{METRICS}.Describe", {}),
    "a method that is not there": ("Jump", {}),
}
STREAMS = ["Watch", "List of metrics", "Describe of metrics", "ListJobs"]


class Served(FaultyDaemon):
    """A daemon that calls fail in while it runs, and an import that is stopped and never ends."""

    def __init__(self, build, sim, directory, runtime):
        self.sim = sim
        sim.add_queue()
        accounts = Accounts(directory)
        accounts.open(sim, "refused")
        sim.fault("error", operation="ListImports", access_key=access_key("refused"), code="AccessDeniedException")
        self.daemon = Daemon(build, directory, runtime, {**Sim.ENVIRONMENT, **accounts.environment})
        self.faults = Faults(build, directory, below=self.daemon.state)
        self.daemon.configure(
            {"default": target(sim, sts_endpoint_url=sim.url),
             "refused": target(sim, profile="refused", sts_endpoint_url=sim.url)},
            queues={"q": queue(sim, wait_time="20s")}, polling={"first": "1h", "longest": "1h"},
            calls={"timeout": "1s", "max-attempts": 1})
        self.environment = self.faults.environment(sanitizers=f"log_path={directory}/sanitizer")

    def begin(self):
        sim = self.sim
        self.start()
        self.runs, self.stopped = sim.add_endless(), sim.add(status="STOPPED")
        self.job = self.daemon.stop(self.runs)["id"]
        self.daemon.journal.wait("stop-accepted")

    def start(self):
        self.daemon.start(env=self.environment)

    def filled_in(self, parameters):
        """With ids instead of what stands for them."""
        def fill(value):
            if isinstance(value, list):
                return [fill(one) for one in value]
            return {"RUNS": lambda: self.runs, "STOPPED": lambda: self.stopped, "NEW": new_id, "JOB": lambda: self.job,
                    "JOB OF NEW": lambda: self.daemon.stop(new_id())["id"]}.get(value, lambda: value)()
        return {name: fill(value) for name, value in parameters.items()}

    def call(self, name, kind, fail_at=0):
        """Makes the call, in which the fail_at-th of those calls of the system fails; how many there were."""
        method, parameters = METHODS[name]
        parameters = self.filled_in(parameters)
        before = self.faults.calls(kind)
        if fail_at:
            self.faults.plan(kind, before + fail_at)
        try:
            with self.daemon.connect() as connection:
                connection.send(method, parameters, more=name in STREAMS)
                if name == "Watch":
                    connection.receive()  # it would go on for ever
                else:
                    list(connection.replies())
        except (VarlinkError, Closed, BrokenPipeError):
            pass  # an answer, too; the calls in which nothing fails are for other tests
        finally:
            self.faults.plan(kind, 0)
        return self.faults.calls(kind) - before

    def assert_served(self):
        """Also the job that was there before is."""
        if not self.daemon.running:  # it could not save, and said so
            assert self.daemon.wait() > 0 and self.daemon.journal.find("store-failed")
            self.start()
        assert self.daemon.job(self.job)["id"] == self.job


@pytest.fixture
def served(build, sim, tmp_path, runtime):
    served = Served(build, sim, tmp_path, runtime)
    try:
        served.begin()
        yield served
    finally:
        served.close()


@pytest.mark.parametrize("kind", ["memory", "descriptor"])
@pytest.mark.parametrize("name", METHODS)
def test_what_a_method_needs_is_not_there(served, name, kind):
    served.call(name, kind)  # what is made at the first time only
    for at in sample(range(1, served.call(name, kind) + 1), 300):
        served.call(name, kind, fail_at=at)
        served.assert_served()
