# SPDX-License-Identifier: Apache-2.0
"""Sockets that the test itself serves: the base of what plays a daemon, a bus, or a server that floods."""

import socket
import threading


class Served:
    """Calls serve(client), which a subclass has, in a thread of its own for each client of a socket that listens, until
    close()."""

    def __init__(self, listening):
        self.socket = listening
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.socket.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=[client], daemon=True).start()


class ServedSocket(Served):
    """The same for a UNIX socket at this path."""

    def __init__(self, path):
        self.path = path
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(str(path))
        listening.listen(64)
        super().__init__(listening)
