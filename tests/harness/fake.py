# SPDX-License-Identifier: Apache-2.0
"""A daemon that the test plays itself, call by call: for what the real one does not do on request."""

import json
import os
import socket

from harness import DEADLINE
from harness.varlink import INTERFACE


class FakeDaemon:
    """Listens; each client that connects is a Session."""

    def __init__(self, path):
        self.path = path
        self.socket = None
        self.listen()

    def listen(self):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE)
        self.socket.bind(str(self.path))
        self.socket.listen(16)

    def close(self):
        """Nobody can connect any more."""
        if self.socket:
            self.socket.close()
            os.unlink(self.path)
            self.socket = None

    def accept(self):
        connection, _ = self.socket.accept()
        connection.settimeout(DEADLINE)
        return Session(connection)

    def nobody_came(self):
        self.socket.settimeout(0)
        try:
            self.socket.accept()
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(DEADLINE)
        return False


class Session:
    def __init__(self, connection):
        self.socket = connection
        self.unread = b""

    def call(self, method):
        """The next call, which must be this one: its parameters."""
        message = self.next_message()
        assert message is not None, f"{method} expected, but the client hung up"
        name = method if "." in method else f"{INTERFACE}.{method}"
        assert message.pop("method") == name
        self.more = message.pop("more", False)
        parameters = message.pop("parameters", {})
        assert not message
        return parameters

    def next_message(self):
        while b"\0" not in self.unread:
            received = self.socket.recv(65536)
            if not received:
                assert not self.unread
                return None
            self.unread += received
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)

    def hung_up(self):
        return self.next_message() is None

    def reply(self, parameters, *, error=None, continues=False):
        message = {"parameters": parameters}
        if error:
            message["error"] = error if "." in error else f"{INTERFACE}.{error}"
        if continues:
            message["continues"] = True
        self.send_raw(json.dumps(message).encode() + b"\0")

    def update(self, job):
        """One more reply of a stream."""
        self.reply({"job": job}, continues=True)

    def send_raw(self, data):
        self.socket.sendall(data)

    def close(self):
        self.socket.close()


def make_job(number, state="polling", *, status=None, error=None, **members):
    """The Job of import number `number`."""
    job = {
        "id": f"job_{number}", "target": "default", "importId": import_id(number), "state": state,
        "alreadyStopped": False, "requester": {"uid": 1000, "gid": 1000, "pid": 4321},
        "requestedAt": "2025-11-22T12:23:45.678Z", "updatedAt": "2025-11-22T12:23:46.000Z",
        "attempts": 1, "polls": 3,
    }
    if state in ("stopped", "completed", "failed", "refused", "expired", "cancelled", "released"):
        job["finishedAt"] = "2025-11-22T12:25:15.678Z"  # 90 s after it was requested
    if status:
        job["import"] = {"ImportId": import_id(number), "ImportStatus": status}
    if error:
        job["lastError"] = {"code": error, "message": f"{error} it said", "httpStatus": 400}
    statistics = members.pop("statistics", None)
    if statistics:
        job.setdefault("import", {"ImportId": import_id(number)})["ImportStatistics"] = statistics
    return {**job, **members}


def plain_line(number, text, target="default"):
    """What trailstopctl prints off a terminal when that job has changed."""
    return f"2025-11-22T12:23:46Z {target} {import_id(number)} {text}"


def import_id(number):
    return f"{number:08x}-0000-4000-8000-000000000000"
