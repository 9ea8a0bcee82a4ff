# SPDX-License-Identifier: Apache-2.0
"""A server that does not stop."""

import contextlib
import socket
import threading


class FloodingServer:
    """Sends everyone this beginning, and then the rest again and again."""

    def __init__(self, beginning, rest):
        self.beginning, self.rest = beginning, rest
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._flood, args=[client], daemon=True).start()

    def _flood(self, client):
        with client, contextlib.suppress(OSError):
            client.sendall(self.beginning)
            while True:
                client.sendall(self.rest)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
