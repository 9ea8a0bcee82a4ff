# SPDX-License-Identifier: Apache-2.0
"""A Varlink client on a plain socket, which can also misbehave: it sends whatever bytes it is given."""

import json
import os
import socket
import struct

from harness import DEADLINE

INTERFACE = "io.trailstop.Imports"
SERVICE = "org.varlink.service"


class VarlinkError(Exception):
    """An error reply: its full name, its parameters, and the name without the interface."""

    def __init__(self, name, parameters):
        super().__init__(f"{name} {json.dumps(parameters)}")
        self.name = name
        self.parameters = parameters
        self.short_name = name.rpartition(".")[2]


class Closed(Exception):
    """The daemon closed the connection."""


class Connection:
    def __init__(self, path, timeout=DEADLINE):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.socket.connect(str(path))
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def half_close(self):
        """Nothing more to say, still listening."""
        self.socket.shutdown(socket.SHUT_WR)

    def send_raw(self, data):
        self.socket.sendall(data)

    def send(self, method, parameters=None, *, more=False, oneway=False):
        self.send_raw(encode(method, parameters, more=more, oneway=oneway))

    def receive(self):
        """The next message as it came, errors included."""
        while b"\0" not in self.unread:
            try:
                data = self.socket.recv(1 << 16)
            except ConnectionResetError:
                data = b""
            if not data:
                raise Closed
            self.unread += data
        text, _, self.unread = self.unread.partition(b"\0")
        return json.loads(text)

    def reply(self):
        """The parameters of the next message; an error reply is raised."""
        return parameters_of(self.receive())

    def call(self, method, parameters=None):
        self.send(method, parameters)
        return self.reply()

    def refusal(self, method, parameters=None):
        """The error that a call has to be answered with: its full name and its parameters."""
        try:
            reply = self.call(method, parameters)
        except VarlinkError as error:
            return error.name, error.parameters
        raise AssertionError(f"{method} {parameters} was answered with {reply}")

    def call_more(self, method, parameters=None):
        """Yields the parameters of each reply until the last."""
        self.send(method, parameters, more=True)
        yield from self.replies()

    def replies(self):
        while True:
            message = self.receive()
            yield parameters_of(message)
            if not message.get("continues", False):
                return

    def assert_closed(self):
        """The daemon closes this connection without another reply."""
        try:
            message = self.receive()
        except Closed:
            return
        raise AssertionError(f"the connection is open, and answered {message}")

    def assert_silent(self):
        """No reply has come so far. Meaningful after something that would have come later."""
        self.socket.setblocking(False)
        try:
            data = self.unread or self.socket.recv(1)
        except BlockingIOError:
            return
        finally:
            self.socket.settimeout(DEADLINE)
        raise AssertionError(f"unexpected reply or end of connection: {data!r}")

    def reset(self):
        """Goes away as a killed process does: at once, with replies unread."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def qualified(method):
    return method if "." in method else f"{INTERFACE}.{method}"


def encode(method, parameters=None, *, more=False, oneway=False):
    call = {"method": qualified(method)}
    if parameters is not None:
        call["parameters"] = parameters
    if more:
        call["more"] = True
    if oneway:
        call["oneway"] = True
    return json.dumps(call).encode() + b"\0"


def parameters_of(message):
    if "error" in message:
        raise VarlinkError(message["error"], message.get("parameters", {}))
    return message.get("parameters", {})


def call_as(uid, gid, path, method, parameters=None, groups=()):
    """Calls from a process of another user; returns ("reply", parameters), ("error", name, parameters) or
    ("closed",). For root only. The child makes one call and writes what came of it to a pipe."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups(groups)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
            os.write(writer, json.dumps(outcome(path, method, parameters)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    assert status == 0, f"the caller with uid {uid} failed"
    return tuple(json.loads(text))


def outcome(path, method, parameters):
    try:
        with Connection(path) as connection:
            return ("reply", connection.call(method, parameters))
    except VarlinkError as error:
        return ("error", error.short_name, error.parameters)
    except (Closed, BrokenPipeError):
        return ("closed",)
