# SPDX-License-Identifier: Apache-2.0
"""A terminal that a program runs on, and what can be seen on it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time

from harness import DEADLINE

TOKEN = re.compile(r"\x1b\[(\??[0-9;]*)([A-Za-z])|(\r)|(\n)|([^\x00-\x1f\x7f-\x9f])")


class Terminal:
    """Knows the few control sequences that trailstopctl uses; any other fails the test."""

    def __init__(self, command, *, columns=80, rows=24, blocking=True, **options):
        self.columns, self.rows = columns, rows
        self.master, slave = pty.openpty()
        self.resize(columns, rows)
        os.set_blocking(slave, blocking)
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True, preexec_fn=self._take_terminal, **options)
        os.close(slave)
        self.lines, self.row, self.column = [""], 0, 0
        self.text = ""  # everything that was ever printed
        self.unparsed = ""
        self.wraps = True

    @staticmethod
    def _take_terminal():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, columns, rows):
        self.columns, self.rows = columns, rows
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def wait_for(self, condition):
        """Reads until condition(screen) holds and returns the lines then on the screen."""
        end = time.monotonic() + DEADLINE
        while not condition(self.screen()):
            assert time.monotonic() < end, "never seen on the terminal:\n" + "\n".join(self.screen())
            assert self._read(end - time.monotonic()), "ended without showing it:\n" + self.text
        return self.screen()

    def finish(self):
        """Reads to the end and returns the exit status."""
        end = time.monotonic() + DEADLINE
        while self._read(end - time.monotonic()):
            pass
        return self.process.wait(timeout=DEADLINE)

    def screen(self):
        return [line.rstrip() for line in self.lines if line.strip()]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)

    def _read(self, timeout):
        if not select.select([self.master], [], [], max(timeout, 0))[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:  # EIO: nobody has it open any more
            return False
        text = self.unparsed + data.decode("utf-8", "surrogateescape")
        self.text += data.decode("utf-8", "surrogateescape")
        self._feed(text)
        return True

    def _feed(self, text):
        position = 0
        while position < len(text):
            token = TOKEN.match(text, position)
            if not token:
                assert re.fullmatch(r"\x1b(\[[?0-9;]*)?", text[position:]), repr(text[position:])
                break
            self._apply(*token.groups())
            position = token.end()
        self.unparsed = text[position:]

    def _apply(self, argument, command, carriage_return, newline, character):
        if character:
            self._put(character)
        elif carriage_return:
            self.column = 0
        elif newline:
            self._next_row()
        elif command == "A":
            self.row -= int(argument)
            assert self.row >= max(0, len(self.lines) - self.rows), "moved above the screen"
        elif command == "K":
            self.lines[self.row] = self.lines[self.row][:self.column]
        elif command == "J":
            self.lines[self.row] = self.lines[self.row][:self.column]
            del self.lines[self.row + 1:]
        elif command in "hl":
            assert argument == "?7"
            self.wraps = command == "h"
        else:
            assert command == "m", (argument, command)

    def _next_row(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append("")

    def _put(self, character):
        if self.column == self.columns:
            if self.wraps:
                self.column = 0
                self._next_row()
            else:
                self.column -= 1
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[:self.column] + character + line[self.column + 1:]
        self.column += 1
