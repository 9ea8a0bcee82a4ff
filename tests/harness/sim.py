# SPDX-License-Identifier: Apache-2.0
"""trailstop-sim: started, given its scenario and asked what was called. tests/sim/README.md describes it."""

import json
import os
import signal
import ssl
import subprocess
import time
import urllib.request
import uuid

from harness import DEADLINE

NEVER = 10**9  # as a number of polls
DIRECTLY = urllib.request.build_opener(
    urllib.request.ProxyHandler({}),
    urllib.request.HTTPSHandler(context=ssl._create_unverified_context()))


def new_id():
    return str(uuid.uuid4())


def camel(options):
    """Python's names to the simulator's: stop_polls → stopPolls."""
    def spell(name):
        first, *rest = name.split("_")
        return first + "".join(word.capitalize() for word in rest)
    return {spell(name): value for name, value in options.items()}


class Sim:
    ACCESS_KEY = "AKIDEXAMPLE"
    SECRET_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    ENVIRONMENT = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                   "AWS_EC2_METADATA_DISABLED": "true"}

    def __init__(self, build, directory, arguments=()):
        self.directory = directory
        reader, writer = os.pipe()
        self.process = subprocess.Popen(
            [build / "trailstop-sim", "--ready-fd", str(writer), *map(str, arguments)],
            pass_fds=[writer], stdin=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "ASAN_OPTIONS": f"log_path={directory}/sim-sanitizer"})
        os.close(writer)
        with os.fdopen(reader) as ready:
            self.url = ready.readline().strip()
        assert self.url, f"the simulator did not start: exit status {self.process.wait(DEADLINE)}"
        self.port = int(self.url.rpartition(":")[2])

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE) == 0
        reports = [path.read_text() for path in self.directory.glob("sim-sanitizer.*")]
        assert not reports, "\n".join(reports)

    # What it is given

    def control(self, path, body=None, method=None):
        request = urllib.request.Request(
            f"{self.url}/_sim/{path}", method=method,
            data=None if body is None else json.dumps(body).encode())
        with DIRECTLY.open(request, timeout=DEADLINE) as response:
            return json.load(response)

    def add(self, **spec):
        """Declares an import that runs, and stops two polls after StopImport unless the test sets something else."""
        return self.add_many(1, **spec)[0]

    def add_many(self, count, **spec):
        ids = [spec.pop("id", None) or new_id()] + [new_id() for _ in range(count - 1)]
        self.control("imports", [{"id": import_id, **camel(spec)} for import_id in ids])
        return ids

    def add_endless(self, **spec):
        """An import that takes a StopImport and then goes on; finish() ends it."""
        return self.add(stop_polls=NEVER, **spec)

    def finish(self, import_id, status="STOPPED", **spec):
        self.add(id=import_id, status=status, **spec)

    def fault(self, kind, **members):
        self.control("faults", {"fault": kind, **camel(members)})

    def clear_faults(self):
        self.control("faults", method="DELETE")

    def account(self, **members):
        self.control("accounts", camel(members))

    def settings(self, **members):
        self.control("settings", camel(members))

    def role(self, name, account="111122223333", **members):
        """Declares a role that can be assumed; its ARN."""
        arn = f"arn:aws:iam::{account}:role/{name}"
        self.control("roles", {"arn": arn, **camel(members)})
        return arn

    def instance(self, **members):
        self.control("instance", camel(members))

    def container(self, path, **members):
        """Declares where a container finds its credentials; the URL."""
        self.control("containers", {"path": path, **camel(members)})
        return self.url + path

    def sessions(self, role=None):
        """The sessions begun so far, in their order, with all their secrets."""
        return [account for account in self.control("accounts")
                if "roleArn" in account and role in (None, account["roleArn"])]

    # What it saw

    def counts(self):
        return self.control("calls?last=0")

    def calls(self, operation=None, import_id=None):
        """The log of calls, oldest first."""
        return [call for call in self.control("calls")["log"]
                if operation in (None, call.get("operation"))
                and import_id in (None, call.get("importId"))]

    def wait_calls(self, count, operation=None, import_id=None):
        """Waits until that many calls arrived (not: were answered), and returns them."""
        end = time.monotonic() + DEADLINE
        while len(calls := self.calls(operation, import_id)) < count:
            assert time.monotonic() < end, f"{len(calls)} of {count} calls arrived"
            time.sleep(0.01)  # it cannot notify us; this only keeps the question from being asked too often
        return calls


LATE = 0.5
"""Seconds by which a call may arrive late where the machine is busy."""


def assert_spaced(calls, rate):
    """No more calls in any stretch of time than the rate allows. A call that goes on time and arrives late
    comes closer to the next one, so the stretch of all of them has to be far longer than LATE."""
    arrived = [call["receivedUsec"] / 1e6 for call in calls]
    assert (len(arrived) - 1) / rate > 1.5 * LATE, "too short to tell"
    for first, earlier in enumerate(arrived):
        for last, later in enumerate(arrived[first + 1:], first + 1):
            assert later - earlier >= (last - first) / rate - LATE
