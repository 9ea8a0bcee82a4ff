# SPDX-License-Identifier: Apache-2.0
"""Lists of what the configuration names, read so late that reloads change it in the middle of the reply."""

import socket

import pytest

from harness.daemon import target

FILLER = "x" * 450  # makes an element so long that a few hundred do not fit the socket
CLOSED = "http://127.0.0.1:1"


def make_targets(sim, numbers):
    role = f"arn:aws:iam::111122223333:role/{FILLER}/stop-imports"
    return {"targets": {"default": target(sim), **{f"n{i}": target(sim, role_arn=role) for i in numbers}}}


def make_queues(sim, numbers):
    queues = {f"n{i}": {"url": f"{CLOSED}/1/{FILLER}{FILLER}{i}", "region": "us-east-1"} for i in numbers}
    return {"targets": {"default": target(sim)}, "queues": queues}


LISTS = {"targets": ("ListTargets", make_targets), "queues": ("ListQueues", make_queues)}

N = 600
CHANGES = {
    "added in front": [range(-300, N)],
    "removed in front": [range(150, N)],
    "removed, with those around the place": [[*range(10), *range(450, N)]],
    "every other one removed": [range(0, N, 2)],
    "turned around": [range(N - 1, -1, -1)],
    "all replaced": [range(N, 2 * N)],
    "removed and added again": [range(300, N), range(N)],
    "changed again and again": [range(-50, N), range(100, N - 100), range(N - 100, 50, -1)],
}


@pytest.mark.parametrize("what", LISTS)
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_there_all_the_time_is_shown_once(new_daemon, sim, what, change):
    method, make = LISTS[what]
    daemon = new_daemon(**make(sim, range(N))).start()
    with daemon.connect() as connection:
        connection.send(method)
        connection.socket.recv(1, socket.MSG_PEEK)  # it has begun, and waits for its reader from here on
        for numbers in CHANGES[change]:
            daemon.configure(**make(sim, numbers))
            daemon.reload()
        shown = [each["name"] for each in connection.reply()[what] if each["name"] != "default"]
    stay = set(range(N)).intersection(*map(set, CHANGES[change]))
    assert len(shown) == len(set(shown))
    assert {f"n{i}" for i in stay} <= set(shown)
    assert set(shown) <= {f"n{i}" for i in range(N)}, "what was added is in the next list"
