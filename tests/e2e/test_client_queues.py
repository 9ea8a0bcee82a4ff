# SPDX-License-Identifier: Apache-2.0
"""What is seen of queues: ListQueues, trailstopctl queues, health and job, and what is counted."""

import pytest

from harness.ctl import Ctl
from harness.daemon import queue

DEAD = {"endpoint-url": "http://127.0.0.1:1"}


@pytest.fixture
def seen(build, tmp_path):
    """What trailstopctl prints of a daemon: exit status and lines."""
    def run(daemon, *words):
        result = Ctl(build, daemon.socket, tmp_path)(*words)
        assert result.stderr == ""
        return result.returncode, result.stdout.splitlines()
    return run


def test_a_queue_is_listed_with_its_jobs(start_daemon, sim, seen):
    sim.add_queue()
    daemon = start_daemon(queues={"nightly": queue(sim, wait_time="1s")})
    import_id = sim.add_endless()
    message = sim.send({"importId": import_id, "reason": "cost"}, sender_id="AIDASENDER")
    daemon.journal.wait("stop-accepted", import_id=import_id)
    listed = daemon.call("ListQueues")["queues"]
    assert [(q["name"], q["url"], q["jobs"], q["state"]) for q in listed] == [
        ("nightly", sim.queue()["url"], 1, "ok")]
    assert listed[0]["since"] and "nextTryAt" not in listed[0] and "lastError" not in listed[0]
    status, lines = seen(daemon, "queues")
    assert status == 0 and lines[0].split() == ["QUEUE", "STATE", "JOBS", "SINCE", "URL"]
    assert lines[1].split()[:3] == ["nightly", "ok", "1"] and lines[1].endswith(sim.queue()["url"])
    assert seen(daemon, "queues", "-o", "ids") == (0, ["nightly"])
    assert seen(daemon, "health") == (0, ["All targets and queues answer, and the store can be written"])
    text = "\n".join(seen(daemon, "job", import_id)[1])
    assert message in text and "AIDASENDER" in text and "nightly" in text


def test_a_queue_that_is_unreachable_is_said_to_be(start_daemon, sim, seen):
    sim.add_queue()
    daemon = start_daemon(queues={"nightly": {**queue(sim), **DEAD}}, calls={"max-attempts": 1})
    daemon.journal.wait("outage-began")
    [listed] = daemon.call("ListQueues")["queues"]
    assert listed["state"] == "unreachable" and listed["lastError"]["code"] and listed["jobs"] == 0
    assert "unreachable" in seen(daemon, "queues")[1][1]
    status, lines = seen(daemon, "health")
    assert status == 1 and len(lines) == 1 and lines[0].startswith("queue nightly: unreachable: ")


def test_without_queues_the_list_is_empty(daemon, seen):
    assert daemon.call("ListQueues") == {"queues": []}
    assert seen(daemon, "queues") == (0, [])
    assert not any(line.startswith("trailstop_queue_messages") for line in seen(daemon, "metrics")[1])


@pytest.fixture
def counted(seen):
    """The counts of a family by result, of the one that a label names."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")

    def run(daemon, name, **label):
        families = parser.text_string_to_metric_families("\n".join(seen(daemon, "metrics")[1]) + "\n")
        return {sample.labels["result"]: sample.value for family in families for sample in family.samples
                if sample.name == name and label.items() <= sample.labels.items()}
    return run


def test_messages_are_counted_by_queue_and_result(start_daemon, sim, counted):
    sim.add_queue()
    daemon = start_daemon(queues={"nightly": queue(sim, wait_time="1s")})
    import_id = sim.add()
    sim.send({"importId": import_id})
    sim.send("this is not a request")
    daemon.journal.wait("import-stopped", import_id=import_id)
    daemon.journal.wait("request-rejected")

    def counts():
        return counted(daemon, "trailstop_queue_messages_total", queue="nightly")

    sim.wait_until(lambda: counts()["deleted"] == 1, counts)
    assert counts() == {"taken": 1, "joined": 0, "rejected": 1, "released": 0, "deleted": 1}


def test_outcomes_are_counted_by_destination_and_result(start_daemon, sim, counted):
    sim.add_queue()
    ended = sim.add_queue("ended")
    bus = {"event-bus": "audit", "endpoint-url": sim.url, "region": "us-east-1"}
    daemon = start_daemon(queues={"nightly": queue(sim, wait_time="1s", outcome_url=ended)},
                          notifies={"audit": bus, "dead": {**bus, **DEAD}}, calls={"max-attempts": 1})
    sim.send({"importId": sim.add()})
    sim.wait_queue("ended", sent=1)
    sim.wait_events(1)

    def counts(name):
        return counted(daemon, "trailstop_notifications_total", notify=name)

    for name in ("audit", "outcome nightly"):
        sim.wait_until(lambda: counts(name)["sent"] == 1, lambda: counts(name))
        assert counts(name) == {"sent": 1, "failed": 0, "dropped": 0}
    sim.wait_until(lambda: counts("dead")["failed"] > 0, lambda: counts("dead"))
    assert counts("dead")["sent"] == counts("dead")["dropped"] == 0


def test_many_queues_are_listed_whole(start_daemon, sim):
    sim.add_queue()
    base = queue(sim)
    queues = {f"q{number}": {**base, **DEAD, "url": f"{base['url']}{number}"} for number in range(1000)}
    daemon = start_daemon(queues=queues, calls={"max-attempts": 1})
    assert [q["name"] for q in daemon.call("ListQueues")["queues"]] == list(queues)
