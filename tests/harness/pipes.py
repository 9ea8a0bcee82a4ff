# SPDX-License-Identifier: Apache-2.0
"""Pipes between a test and a program: how much of what was written still waits in them."""

import fcntl
import struct
import termios
import time

from harness import DEADLINE


def unread(pipe):
    return struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0]


def wait_until_read(pipe):
    """Waits until the other end has read all that was written."""
    wait_until(lambda: unread(pipe) == 0, "nobody reads it")


def wait_until_full(pipe, longest_line=512):
    """Waits until nothing more goes in, as far as lines are no longer than that."""
    size = fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)
    wait_until(lambda: unread(pipe) > size - longest_line, "nobody fills it")


def wait_until(condition, complaint):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, complaint
        time.sleep(0.01)  # a pipe cannot notify us
