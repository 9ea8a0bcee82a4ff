# SPDX-License-Identifier: Apache-2.0
"""What trailstopctl health makes of what a daemon says of itself."""

import pytest

from harness import DEADLINE
from harness.played import ctl, daemon

TARGET = {"name": "default", "region": "eu-west-1", "endpoint": "https://x", "state": "ok"}


def health(ctl, daemon, *, queues, error=None):
    process = ctl.start("health")
    session = daemon.accept()
    session.call("ListTargets")
    session.reply({"targets": [TARGET]})
    assert session.call("ListImports") == {"target": "default", "status": "INITIALIZING"}
    session.reply({"imports": []})
    session = daemon.accept() if session.hung_up() else session
    session.call("ListTargets")
    session.reply({"targets": [TARGET]})
    session.call("ListQueues")
    session.reply(queues, error=error)
    session.call("GetStatistics")
    session.reply({"statistics": {"storeWritable": 1}})
    output, errors = process.communicate(timeout=DEADLINE)
    assert errors == ""
    return process.returncode, output


def queue(name, state):
    return {"name": name, "url": "https://x", "jobs": 0, "state": state, "lastError": {"code": "Gone", "message": "it is gone"}}


@pytest.mark.parametrize("queues, expected", [
    ([], (0, "The target answers, and the store can be written\n")),
    ([queue("a", "ok")], (0, "All targets and queues answer, and the store can be written\n")),
    ([queue("a", "unreachable"), queue("b", "ok"), queue("c", "noCredentials")],
     (1, "queue a: unreachable: it is gone\nqueue c: no credentials: it is gone\n")),
])
def test_health_covers_queues(ctl, daemon, queues, expected):
    assert health(ctl, daemon, queues={"queues": queues}) == expected


def test_health_of_a_daemon_without_queues(ctl, daemon):
    assert health(ctl, daemon, queues={"method": "ListQueues"}, error="org.varlink.service.MethodNotFound")[0] == 0
