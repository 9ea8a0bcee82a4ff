# SPDX-License-Identifier: Apache-2.0
"""A file system that hangs when the test says so, as a network mount does whose server is gone: what opens, lists or
runs something in it waits, even for SIGKILL in vain, until it answers again. Its server talks FUSE itself, for want of
a library; it serves a directory, read-only.

Run as a program it is that server: it takes `hang` and `answer` from standard input and says `ok` to each."""

import contextlib
import ctypes
import os
import select
import shutil
import stat
import struct
import subprocess
import sys

MNT_DETACH = 2
LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, FLUSH = 1, 2, 3, 14, 15, 18, 25
INIT, OPENDIR, READDIR, RELEASEDIR, INTERRUPT, BATCH_FORGET = 26, 27, 28, 29, 36, 42
UNANSWERED = {FORGET, INTERRUPT, BATCH_FORGET}
ENOENT, ENOSYS = 2, 38

libc = ctypes.CDLL(None, use_errno=True)


class Server:
    def __init__(self, directory, mountpoint):
        self.paths = {1: directory}  # by node
        self.held = None  # requests, while it hangs
        self.device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
        if libc.mount(b"hanging", mountpoint.encode(), b"fuse", 0, options.encode()):
            raise OSError(ctypes.get_errno(), "mount")

    def run(self):
        while True:
            ready, _, _ = select.select([self.device, 0], [], [])
            if 0 in ready:
                if not (command := os.read(0, 64).decode().strip()):
                    return
                held, self.held = self.held or [], [] if command == "hang" else None
                for request in held:
                    self.take(request)
                print("ok", flush=True)
            if self.device in ready:
                try:
                    request = os.read(self.device, 1 << 18)
                except OSError:  # unmounted
                    return
                self.take(request)

    def take(self, request):
        _, opcode, unique, node = struct.unpack_from("<IIQQ", request)
        if opcode in UNANSWERED:
            return
        if self.held is not None:
            self.held.append(request)
            return
        try:
            error, body = 0, self.answer(opcode, node, request[40:])
        except OSError as failure:
            error, body = -failure.errno, b""
        with contextlib.suppress(FileNotFoundError):  # whoever asked has gone
            os.write(self.device, struct.pack("<IiQ", 16 + len(body), error, unique) + body)

    def answer(self, opcode, node, body):
        if opcode == INIT:
            return struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 0, 0, 1 << 17, 1, 0, 0, 0)
        path = self.paths[node]
        if opcode == LOOKUP:
            path = os.path.join(path, body.rstrip(b"\0").decode())
            attributes = self.attributes(path)
            child = os.stat(path).st_ino
            self.paths[child] = path
            return struct.pack("<QQQQII", child, 0, 0, 0, 0, 0) + attributes
        if opcode == GETATTR:
            return struct.pack("<QII", 0, 0, 0) + self.attributes(path)
        if opcode in (OPEN, OPENDIR):
            return struct.pack("<QII", 0, 0, 0)
        if opcode == READ:
            _, offset, size = struct.unpack_from("<QQI", body)
            with open(path, "rb") as file:
                return file.read()[offset:offset + size]
        if opcode == READDIR:
            _, offset = struct.unpack_from("<QQ", body)
            return b"" if offset else b"".join(self.entries(path))
        if opcode in (RELEASE, RELEASEDIR, FLUSH):
            return b""
        raise OSError(ENOSYS, "")

    @staticmethod
    def attributes(path):
        status = os.stat(path)
        return struct.pack("<QQQQQQIIIIIIIIII", status.st_ino, status.st_size, 1, 0, 0, 0, 0, 0, 0, status.st_mode,
                           1, status.st_uid, status.st_gid, 0, 4096, 0)

    @staticmethod
    def entries(path):
        for number, entry in enumerate(os.scandir(path), 1):
            name = entry.name.encode()
            kind = stat.S_IFMT(entry.stat().st_mode) >> 12
            yield struct.pack("<QQII", entry.inode(), number, len(name), kind) + name + b"\0" * (-len(name) % 8)


class Mount:
    """It serves `content`, where the test writes, at `directory`."""

    def __init__(self, content, directory):
        self.content, self.directory = content, directory
        content.mkdir(exist_ok=True)
        directory.mkdir(exist_ok=True)
        self.server = subprocess.Popen([sys.executable, __file__, content, directory], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        assert self.server.stdout.readline() == "ok\n", "not mounted"

    def tell(self, command):
        self.server.stdin.write(command + "\n")
        self.server.stdin.flush()
        assert self.server.stdout.readline() == "ok\n"

    def hang(self):
        self.tell("hang")

    def answer(self):
        self.tell("answer")

    def prepare(self, daemon):
        """Nothing: it is there for every program."""

    def close(self):
        libc.umount2(str(self.directory).encode(), MNT_DETACH)
        self.server.kill()  # all that hangs ends with an error
        self.server.communicate()


class Preloaded:
    """The same by a library that the daemon loads before all others, where nothing can be mounted: its calls hang."""

    def __init__(self, content, directory, library):
        self.content = self.directory = directory
        directory.mkdir(exist_ok=True)
        self.library = library
        self.hanging = content.with_suffix(".hanging")

    def hang(self):
        self.hanging.touch()

    def answer(self):
        self.hanging.unlink()

    def prepare(self, daemon):
        preload(daemon, self.library, HANG_BELOW=str(self.directory), HANG_WHILE=str(self.hanging))

    def close(self):
        self.hanging.unlink(missing_ok=True)


def why_not_mounted():
    """Why there can be no such mount here; None: there can."""
    if os.getuid() != 0:
        return "needs root to mount a file system"
    try:
        os.close(os.open("/dev/fuse", os.O_RDWR))
    except OSError as error:
        return f"needs /dev/fuse: {error}"
    return None


def preload(daemon, library, **settings):
    """Lets the daemon load hang.c's library, with these variables."""
    daemon.environment.update({
        "LD_PRELOAD": str(library), **settings,
        # What the dynamic linker keeps from the sanitizer looks like a leak.
        "ASAN_OPTIONS": f"verify_asan_link_order=0:detect_leaks=0:log_path={daemon.directory}/sanitizer"})


def build_library(directory):
    """hang.c as a library; None: there is no compiler."""
    compiler = shutil.which(os.environ.get("CC", "cc").split()[-1])
    if not compiler:
        return None
    library = directory / "hang.so"
    harness = os.path.dirname(os.path.abspath(__file__))
    subprocess.run([compiler, "-D_GNU_SOURCE", "-Wall", "-fPIC", "-shared", "-I", os.path.join(harness, "../.."),
                    "-o", library, os.path.join(harness, "hang.c"), "-ldl"], check=True)
    return library


if __name__ == "__main__":
    server = Server(*sys.argv[1:3])
    print("ok", flush=True)
    server.run()
