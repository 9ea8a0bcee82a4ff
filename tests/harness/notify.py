# SPDX-License-Identifier: Apache-2.0
"""The service manager's end of sd_notify(3): takes every datagram at once, as systemd does."""

import os
import select
import socket
import threading
import time

from harness import DEADLINE


class Notifications:
    def __init__(self, path):
        self.path = path
        self.received = []  # of the running process: the lines of each datagram
        self._ended = True
        self._changed = threading.Condition()
        self._thread = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))

    def close(self):
        self.join()
        self._socket.close()

    def follow(self, process):
        """Takes what this process sends, to its end."""
        self.join()
        self.received, self._ended = [], False
        watched = os.pidfd_open(process.pid)
        self._thread = threading.Thread(target=self._read, args=(watched,), daemon=True)
        self._thread.start()

    def join(self):
        """Waits until all that the former process sent was taken: before the next one starts, or what that sends would
        pass for the former's."""
        if self._thread:
            self._thread.join(DEADLINE)

    def _read(self, watched):
        while not self._ended:
            ready, _, _ = select.select([self._socket, watched], [], [])
            with self._changed:
                if self._socket in ready:
                    self.received.append(self._socket.recv(1 << 16).decode().splitlines())
                else:
                    self._ended = True
                self._changed.notify_all()
        os.close(watched)

    def forget(self):
        with self._changed:
            self.received = []

    def wait(self, wanted):
        """Waits for a datagram with this line. False when the process ended without it."""
        end = time.monotonic() + DEADLINE
        with self._changed:
            while not any(wanted in lines for lines in self.received):
                if self._ended:
                    return False
                assert self._changed.wait(end - time.monotonic()), f"no {wanted} from a daemon that runs"
        return True
