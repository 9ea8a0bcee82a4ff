# SPDX-License-Identifier: Apache-2.0
"""What the daemon writes with --log json: read as it is written, kept for as long as the test runs."""

import json
import threading
import time

from harness import DEADLINE


class Journal:
    """Collects the lines of a stream in a thread of its own; whoever waits is woken by each line."""

    def __init__(self, path):
        self.path = path  # the same lines, for whoever wants to grep
        self.entries = []
        self.strays = []  # lines that are no JSON object
        self._changed = threading.Condition()
        self._threads = []

    def follow(self, stream):
        """Reads a stream to its end; the daemon of a test may be started several times."""
        thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self._threads.append(thread)
        thread.start()

    def join(self):
        for thread in self._threads:
            thread.join(DEADLINE)

    def _read(self, stream):
        with stream, open(self.path, "ab") as copy:
            for line in stream:
                copy.write(line)
                copy.flush()
                with self._changed:
                    self._keep(line)
                    self._changed.notify_all()

    def _keep(self, line):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if isinstance(entry, dict):
            self.entries.append(entry)
        else:
            self.strays.append(line)

    def find(self, event=None, **fields):
        """Entries of this event whose fields have these values; names without TRAILSTOP_ and in any case:
        find("import-stopped", job=id)."""
        return [entry for entry in list(self.entries) if matches(entry, event, fields)]

    def wait(self, event, count=1, **fields):
        """Waits until there are that many such entries, and returns the last of them."""
        end = time.monotonic() + DEADLINE
        with self._changed:
            while len(found := self.find(event, **fields)) < count:
                if not self._changed.wait(end - time.monotonic()):
                    raise AssertionError(f"no {event} {fields or ''} in the journal:\n{self.text()}")
        return found[count - 1]

    def text(self):
        """For people: an entry a line, without what is the same everywhere."""
        return "\n".join(summary(entry) for entry in self.entries) + "\n" + "".join(
            line.decode(errors="replace") for line in self.strays)


def summary(entry):
    fields = " ".join(f"{name.removeprefix('TRAILSTOP_').lower()}={value}" for name, value in entry.items()
                      if name.startswith("TRAILSTOP_") and name != "TRAILSTOP_EVENT")
    return f"{entry.get('TRAILSTOP_EVENT')}: {entry.get('MESSAGE')} [{fields}]"


def matches(entry, event, fields):
    if event is not None and entry.get("TRAILSTOP_EVENT") != event:
        return False
    return all(entry.get(field_name(name)) == str(value) for name, value in fields.items())


def field_name(name):
    name = name.upper()
    whole = name in ("MESSAGE", "MESSAGE_ID", "PRIORITY") or name.startswith("TRAILSTOP_")
    return name if whole else f"TRAILSTOP_{name}"
