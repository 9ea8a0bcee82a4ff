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

    # Queues and events

    def add_queue(self, name="requests", fifo=False, **options):
        """Declares a queue, empty; its URL. Options: visibility_seconds, max_receive_count with dead_letter_queue
        (a name), and the others of the simulator's README."""
        name += ".fifo" if fifo and not name.endswith(".fifo") else ""
        self.control("queues", {"name": name, **camel(options)})
        return self.queue(name)["url"]

    def send(self, body, queue="requests", **options):
        """Puts a message into a queue, past SQS's checks; its id. body: a text, or what becomes JSON.
        Options: sender_id, delay_seconds, group_id, deduplication_id."""
        return self.send_many([body], queue, **options)[0]

    def send_many(self, bodies, queue="requests", **options):
        texts = [body if isinstance(body, str) else json.dumps(body) for body in bodies]
        return self.control("messages", [{"queue": queue, "body": text, **camel(options)} for text in texts])["ids"]

    def queue(self, name="requests"):
        """What the queue holds (messages, inFlight, delayed) and did (sent, received, deleted, deadLetters)."""
        [queue] = [queue for queue in self.control("queues") if queue["name"] == name]
        return queue

    def messages(self, queue="requests", state=None):
        """Messages in the queue, the oldest first. state: visible, inFlight or delayed."""
        return [message for message in self.control("messages")
                if message["queue"] == queue and state in (None, message["state"])]

    def in_flight(self, queue="requests"):
        return self.messages(queue, "inFlight")

    def dead_letters(self, queue="requests"):
        """What was moved from this queue, in whichever it is now."""
        return [message for message in self.control("messages") if message.get("deadLetterOf") == queue]

    def bodies(self, queue="requests"):
        """The bodies of the messages as JSON: what was sent to a queue of outcomes."""
        return [json.loads(message["body"]) for message in self.messages(queue)]

    def end_visibility(self, queue="requests", **members):
        """Lets messages in flight come back at once, or in so many seconds. Members: message_id, access_key (whose
        receives), seconds."""
        self.control("visibility", {"queue": queue, **camel(members)})

    def move_clock(self, seconds):
        """Moves the clock of all queues ahead: what is hidden until then comes back."""
        self.control("clock", {"seconds": seconds})

    def events(self):
        """The entries that PutEvents took, the oldest first."""
        return self.control("events")

    def wait_until(self, what, explain=lambda: "", seconds=DEADLINE):
        """Waits until what() is true (it asks the simulator), and returns that."""
        end = time.monotonic() + seconds
        while not (result := what()):
            assert time.monotonic() < end, explain()
            time.sleep(0.01)  # it cannot notify us; this only keeps the question from being asked too often
        return result

    def wait_queue(self, name="requests", **counts):
        """Waits until the queue's counts are these, e.g. messages=0: it is empty; the queue as it is then."""
        def fits():
            queue = self.queue(name)
            return queue if all(queue[key] == value for key, value in counts.items()) else None
        counts = camel(counts)
        return self.wait_until(fits, lambda: f"wanted {counts}: {self.queue(name)}")

    def wait_messages(self, count, queue="requests", state=None):
        """Waits until at least so many messages are in the queue, and returns them."""
        def enough():
            found = self.messages(queue, state)
            return found if len(found) >= count else None
        return self.wait_until(enough, lambda: f"wanted {count} messages: {self.messages(queue)}")

    def wait_events(self, count):
        def enough():
            found = self.events()
            return found if len(found) >= count else None
        return self.wait_until(enough, lambda: f"wanted {count} events: {self.events()}")

    # What it saw

    def counts(self):
        return self.control("calls?last=0")

    def calls(self, operation=None, import_id=None, queue=None):
        """The log of calls, oldest first."""
        return [call for call in self.control("calls")["log"]
                if operation in (None, call.get("operation"))
                and import_id in (None, call.get("importId"))
                and queue in (None, call.get("queue"))]

    def wait_calls(self, count, operation=None, import_id=None, queue=None):
        """Waits until that many calls arrived (not: were answered), and returns them."""
        def enough():
            found = self.calls(operation, import_id, queue)
            return found if len(found) >= count else None
        return self.wait_until(
            enough, lambda: f"{len(self.calls(operation, import_id, queue))} of {count} calls arrived")


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
