# SPDX-License-Identifier: Apache-2.0
"""A system bus on which only systemd is, with one unit: as much of D-Bus as it takes to ask for properties."""

import struct
import threading

from harness.served import ServedSocket

DEFAULTS = {"ActiveState": "failed", "Result": "exit-code", "StatusText": "", "ExecMainStatus": 1, "NRestarts": 0}
NUMBERS = {"ExecMainStatus": ("i", "<i"), "NRestarts": ("u", "<I")}  # signature and form of struct
CALL, RETURN, ERROR = 1, 2, 3
MEMBER = 3
REPLY_SERIAL, SIGNATURE = 5, 8


class Systemd(ServedSocket):
    """Answers until close()."""

    def __init__(self, path):
        self.address = f"unix:path={path}"
        self.states = [{}]  # what is shown to one client after the other, the last to all that follow
        self.missing = ()  # properties that it does not know
        self.lock = threading.Lock()
        super().__init__(path)

    def show(self, *states):
        with self.lock:
            self.states = list(states)

    def serve(self, client):
        with self.lock:
            state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        properties = {**DEFAULTS, **state}
        with client, client.makefile("rwb") as stream:
            try:
                authenticate(stream)
                while call := read_call(stream):
                    self._answer(stream, *call, properties)
            except OSError:
                pass  # the client went away

    def _answer(self, stream, serial, member, strings, properties):
        if member == "Hello":
            write_message(stream, RETURN, serial, "s", text(":1.7"))
            return
        assert member == "Get"
        name = strings[1]
        if name in self.missing:
            write_message(stream, ERROR, serial, "", b"")
            return
        kind, form = NUMBERS.get(name, ("s", None))
        value = struct.pack(form, properties[name]) if form else text(properties[name])
        write_message(stream, RETURN, serial, "v", padded(signature(kind), 4) + value)


def authenticate(stream):
    stream.read(1)
    for line in stream:
        words = line.split()
        if words[:1] == [b"BEGIN"]:
            return
        answer = {b"AUTH": b"OK " + b"0" * 32 if len(words) > 2 else b"DATA", b"DATA": b"OK " + b"0" * 32,
                  b"NEGOTIATE_UNIX_FD": b"AGREE_UNIX_FD"}[words[0]]
        stream.write(answer + b"\r\n")
        stream.flush()


def read_call(stream):
    """Serial, member and the texts of its body; None: no more come."""
    head = stream.read(16)
    if len(head) < 16:
        return None
    _, _, _, _, body_size, serial, fields_size = struct.unpack("<cBBBIII", head)
    fields = stream.read(-fields_size % 8 + fields_size)
    body = stream.read(body_size)
    return serial, member_of(fields, fields_size), texts_of(body)


def member_of(fields, size):
    """Each field is a byte and a variant, which is a text, an object's path or, of a signature, a short text."""
    at = 0
    while at < size:
        at += -at % 8
        code, kind = fields[at], fields[at + 2:at + 3]
        at += 4
        length = fields[at] if kind == b"g" else struct.unpack_from("<I", fields, at)[0]
        at += 1 if kind == b"g" else 4
        value = fields[at:at + length]
        at += length + 1
        if code == MEMBER:
            return value.decode()
    return ""


def texts_of(body):
    texts, at = [], 0
    while at < len(body):
        length, = struct.unpack_from("<I", body, at)
        texts.append(body[at + 4:at + 4 + length].decode())
        at += 4 + length + 1
        at += -at % 4
    return texts


def text(value):
    return struct.pack("<I", len(value.encode())) + value.encode() + b"\0"


def signature(value):
    return bytes([len(value)]) + value.encode() + b"\0"


def padded(data, size):
    return data + bytes(-len(data) % size)


def write_message(stream, kind, serial, body_signature, body):
    fields = bytes([REPLY_SERIAL, 1]) + b"u\0" + struct.pack("<I", serial)
    if kind == ERROR:
        fields = padded(fields, 8) + bytes([4, 1]) + b"s\0" + text("org.freedesktop.DBus.Error.Failed")
    if body_signature:
        fields = padded(fields, 8) + bytes([SIGNATURE, 1]) + b"g\0" + signature(body_signature)
    head = struct.pack("<cBBBIII", b"l", kind, 1, 1, len(body), serial, len(fields))
    stream.write(padded(head + fields, 8) + body)
    stream.flush()
