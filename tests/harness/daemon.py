# SPDX-License-Identifier: Apache-2.0
"""The real trailstopd: its configuration, its life (start, kill, reload, end) and the ways to talk to it."""

import os
import signal
import subprocess
import time
from datetime import datetime, timezone

from harness import DEADLINE
from harness.journal import Journal
from harness.notify import Notifications
from harness.varlink import Connection

FAST_POLLING = {"first": "10ms", "longest": "50ms"}
UNHURRIED = {"stop-rate": 1000, "read-rate": 1000}


def target(sim, **options):
    """Options of a [target] section that leads to the simulator and is never held up by its quota."""
    return {"region": "us-east-1", "endpoint-url": sim.url, **UNHURRIED, **dashed(options)}


def queue(sim, name="requests", **options):
    """Options of a [queue] section that leads to a queue of the simulator."""
    return {"url": sim.queue(name)["url"], "region": "us-east-1", **dashed(options)}


def dashed(options):
    return {name.replace("_", "-"): value for name, value in options.items()}


def ini(sections):
    lines = []
    for name, options in sections.items():
        lines.append(f"[{name}]")
        lines += [f"{key} = {value}" for key, value in options.items()]
    return "\n".join(lines) + "\n"


def assert_in_turn(daemon, jobs, rate):
    """These jobs wait for the rate, behind a call that went just now; each has a time of its own to go."""
    end = time.monotonic() + DEADLINE
    while min(turns := turns_of(daemon, jobs, rate)) < 0.5:  # a job takes its place just after it was accepted
        assert time.monotonic() < end, turns
    assert sorted(map(round, turns)) == list(range(1, len(jobs) + 1))
    assert [daemon.job(job["id"])["attempts"] for job in jobs] == [0] * len(jobs)


def turns_of(daemon, jobs, rate):
    """How far away the next call of each job is, in intervals of the rate."""
    times = {job["id"]: job["nextCallAt"] for job in daemon.call("ListJobs")["jobs"] if "nextCallAt" in job}
    now = datetime.now(timezone.utc)
    return [(datetime.fromisoformat(times[job["id"]]) - now).total_seconds() * rate for job in jobs]


class Daemon:
    """One trailstopd and its directory; may be started again after it ended.

    directory holds what it reads and writes; runtime is short, for the sockets (sun_path has 108 bytes)."""

    def __init__(self, build, directory, runtime, environment):
        self.command = [build / "trailstopd"]
        self.directory = directory
        self.socket = runtime / "io.trailstop.Imports"
        self.metrics_socket = runtime / "metrics"
        self.state = directory / "state"
        self.config = directory / "trailstopd.conf"
        self.environment = environment
        self.arguments = ["--log", "json"]
        self.journal = Journal(directory / "journal")
        self.process = None
        self.notifications = Notifications(runtime / "notify")
        self.runtime = runtime

    def configure(self, targets, *, daemon=None, calls=None, polling=None, guards=None, queues=None,
                  notifies=None):
        """Writes the configuration. targets, guards, queues, notifies: name → options. The other sections hold what
        a test changes."""
        sections = {
            "daemon": {"socket": self.socket, "metrics-socket": self.metrics_socket,
                       "state-directory": self.state, "log-level": "debug",
                       **dashed(daemon or {})},
            "calls": {"connect-timeout": "5s", "timeout": "10s", **dashed(calls or {})},
            "polling": {**FAST_POLLING, **dashed(polling or {})},
        }
        sections.update({f"target {name}": options for name, options in targets.items()})
        for kind, named in (("guard", guards), ("queue", queues), ("notify", notifies)):
            sections.update({f"{kind} {name}": dashed(options) for name, options in (named or {}).items()})
        self.config.write_text(ini(sections))

    # Its life

    def spawn(self, **options):
        """Starts it without waiting; options as for subprocess.Popen."""
        sanitizers = f"log_path={self.directory}/sanitizer"
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.directory),
            "NOTIFY_SOCKET": str(self.notifications.path),
            "ASAN_OPTIONS": sanitizers, "UBSAN_OPTIONS": f"{sanitizers}:print_stacktrace=1",
            **self.environment, **options.pop("env", {}),
        }
        self.notifications.join()
        self.process = subprocess.Popen(
            [*self.command, "--config", self.config, *self.arguments], env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
        self.journal.follow(self.process.stderr)
        self.notifications.follow(self.process)
        return self

    def start(self, **options):
        """Starts it and waits until it says that it serves."""
        self.spawn(**options)
        self.wait_notification("READY=1")
        return self

    def wait_notification(self, wanted):
        """Waits for sd_notify's datagram with this line; fails at once when the daemon ends instead."""
        if not self.notifications.wait(wanted):
            self.journal.join()
            raise AssertionError(f"the daemon ended before {wanted}:\n{self.journal.text()}")

    def wait(self):
        """Waits for its end; returns the exit status, negative for a signal."""
        status = self.process.wait(DEADLINE)
        self.journal.join()
        return status

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """Ends it as a power cut would: no clean-up at all."""
        self.process.kill()
        assert self.wait() == -signal.SIGKILL

    def signal(self, number):
        self.process.send_signal(number)

    def terminate(self):
        self.signal(signal.SIGTERM)
        status = self.wait()
        assert status == 0, f"SIGTERM: exit status {status}\n{self.journal.text()}"

    def restart(self):
        self.terminate()
        return self.start()

    def reload(self):
        """SIGHUP, and waits until it says that it is done with it."""
        self.notifications.forget()
        self.signal(signal.SIGHUP)
        self.wait_notification("READY=1")

    def sanitizer_reports(self):
        return [path.read_text() for path in self.directory.glob("sanitizer.*")]

    def close(self):
        """The end of the test: the daemon leaves cleanly, and nothing went wrong unseen."""
        try:
            if self.running:
                self.terminate()
        finally:
            if self.running:
                self.process.kill()
            self.notifications.close()
        assert not self.sanitizer_reports(), "\n".join(self.sanitizer_reports())
        assert "json" not in self.arguments or not self.journal.strays, self.journal.strays

    # Ways to talk to it

    def connect(self, **options):
        return Connection(self.socket, **options)

    def call(self, method, **parameters):
        with self.connect() as connection:
            return connection.call(method, parameters)

    def stop(self, import_id, **parameters):
        """Asks to stop one import; the job as accepted."""
        return self.call("Stop", importId=import_id, **parameters)["job"]

    def job(self, job_id):
        return self.call("GetJob", id=job_id)["job"]

    def follow(self, import_id, **parameters):
        """Stop with more: the job at each change, until it is final; the error of its end is raised."""
        with self.connect() as connection:
            for reply in connection.call_more("Stop", {"importId": import_id, **parameters}):
                yield reply["job"]

    def stopped(self, import_id, **parameters):
        """Stops an import and waits for it; the final job."""
        return list(self.follow(import_id, **parameters))[-1]
