# SPDX-License-Identifier: Apache-2.0
"""tinyproxy, as Debian has it: a real proxy, started by the tests and asked what went through it."""

import shutil
import socket
import subprocess
import time

from harness import DEADLINE

CONFIGURATION = """\
Port {port}
Listen 127.0.0.1
Allow 127.0.0.1
LogFile "{log}"
LogLevel Connect
MaxClients 100
Timeout 600
"""


def is_installed():
    return shutil.which("tinyproxy") is not None


class Proxy:
    """further: more lines of tinyproxy.conf. port: of one that ran before."""

    def __init__(self, directory, *further, port=None):
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / f"tinyproxy-{self.port}.log"
        configuration = directory / f"tinyproxy-{self.port}.conf"
        configuration.write_text(CONFIGURATION.format(port=self.port, log=self.log) + "\n".join(further) + "\n")
        self.process = subprocess.Popen(["tinyproxy", "-d", "-c", configuration], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self):
        end = time.monotonic() + DEADLINE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except ConnectionRefusedError:
                assert self.process.poll() is None and time.monotonic() < end, "tinyproxy does not listen"
                time.sleep(0.01)  # it cannot notify us

    def close(self):
        self.process.terminate()
        self.process.wait(DEADLINE)

    def requests(self):
        """The requests it was sent, oldest first, such as "CONNECT 127.0.0.1:4566 HTTP/1.1"."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.partition("): ")[2].strip() for line in lines if "Request (file descriptor" in line]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        return reserved.getsockname()[1]
