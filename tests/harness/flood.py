# SPDX-License-Identifier: Apache-2.0
"""A server that does not stop."""

import contextlib
import socket

from harness.served import Served


class FloodingServer(Served):
    """Sends everyone this beginning, and then the rest again and again."""

    def __init__(self, beginning, rest):
        self.beginning, self.rest = beginning, rest
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        super().__init__(listening)

    def serve(self, client):
        with client, contextlib.suppress(OSError):
            client.sendall(self.beginning)
            while True:
                client.sendall(self.rest)
