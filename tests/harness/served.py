# SPDX-License-Identifier: Apache-2.0
"""A UNIX socket that the test itself serves: the base of what plays a daemon or a bus."""

import socket
import threading


class ServedSocket:
    """Calls serve(client), which a subclass has, in a thread of its own for each client, until close()."""

    def __init__(self, path):
        self.path = path
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(path))
        self.socket.listen(64)
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
