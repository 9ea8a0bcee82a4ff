# SPDX-License-Identifier: Apache-2.0
"""Outcomes of jobs at the destinations that the configuration names: each arrives, in the order of the ends, whatever
becomes of the daemon and of the way there."""

import json

import pytest

from harness.daemon import target
from harness.sim import new_id
from harness.varlink import VarlinkError

ENDED = "ended"


def to_queue(sim, name=ENDED):
    """Options of a [notify] section that leads to a queue of the simulator."""
    return {"queue-url": sim.queue(name)["url"], "region": "us-east-1"}


def to_bus(sim, name="audit"):
    return {"event-bus": name, "endpoint-url": sim.url, "region": "us-east-1"}


@pytest.fixture
def ended(sim):
    sim.add_queue(ENDED)


@pytest.fixture
def host(start_daemon, sim, ended):
    """A daemon that sends the outcome of each job to a queue."""
    return start_daemon(notifies={"ops": to_queue(sim)})


def jobs(sim, name=ENDED):
    """The jobs whose outcomes are in the queue, in the order in which they came."""
    return [body["detail"]["job"] for body in sim.bodies(name)]


def events(sim, count):
    """The jobs whose outcomes are on the bus, once there are so many."""
    return [json.loads(event["Detail"])["job"] for event in sim.wait_events(count)]


def ids(found):
    return [job["id"] for job in found]


def first_ones(found):
    """Without what came again."""
    return list(dict.fromkeys(found))


def ends(daemon):
    """The ids of the jobs that ended, in this order."""
    names = ("import-stopped", "import-completed", "import-failed", "job-refused", "job-expired", "job-cancelled")
    return [entry["TRAILSTOP_JOB"] for entry in daemon.journal.find() if entry.get("TRAILSTOP_EVENT") in names]


def end_some(daemon, sim, count=1):
    """Stops so many imports, one after the other; the ids of the jobs."""
    return [daemon.stopped(import_id)["id"] for import_id in sim.add_many(count)]


def wait_arrived(sim, wanted, name=ENDED):
    """Waits until the outcomes of all these jobs are there."""
    sim.wait_until(lambda: set(wanted) <= set(ids(jobs(sim, name))),
                   lambda: f"wanted {wanted}, came {ids(jobs(sim, name))}")


# What is sent


def end_each_way(daemon, sim):
    """A job for each way to end."""
    daemon.stopped(sim.add())
    for status in "COMPLETED", "FAILED":
        with pytest.raises(VarlinkError):
            daemon.stopped(sim.add(status=status))
    with pytest.raises(VarlinkError):
        daemon.stopped(new_id())
    with pytest.raises(VarlinkError):
        daemon.stopped(sim.add_endless(), timeout=1)
    job = daemon.stop(sim.add_endless())
    daemon.call("Cancel", id=job["id"])
    daemon.journal.wait("job-cancelled", job=job["id"])
    daemon.call("Wait", importId=sim.add(status="COMPLETED"))
    daemon.journal.wait("import-completed", 2)
    return {"stopped", "completed", "failed", "refused", "expired", "cancelled"}


def test_every_kind_of_end_arrives_as_the_job_is_shown(start_daemon, sim, ended):
    daemon = start_daemon(notifies={"ops": to_queue(sim), "audit": to_bus(sim)}, polling={"settle": 0})
    states = end_each_way(daemon, sim)
    wanted = ends(daemon)
    assert len(wanted) == 7
    wait_arrived(sim, wanted)
    for body in sim.bodies(ENDED):
        assert body.keys() == {"source", "detail-type", "detail"} and body["detail"].keys() == {"job"}
        assert body["source"] == "io.trailstop" and body["detail-type"] == "Import stop ended"
        assert body["detail"]["job"] == daemon.job(body["detail"]["job"]["id"])
    assert ids(jobs(sim)) == wanted
    assert {job["state"] for job in jobs(sim)} == states
    assert {job["kind"] for job in jobs(sim)} == {"stop", "wait"}


def test_an_event_on_a_bus_has_the_job_as_its_detail(start_daemon, sim):
    daemon = start_daemon(notifies={"audit": to_bus(sim)})
    [job] = end_some(daemon, sim)
    [found] = events(sim, 1)
    [event] = sim.events()
    assert event["Source"] == "io.trailstop" and event["DetailType"] == "Import stop ended"
    assert event["EventBusName"] == "audit"
    assert found["id"] == job and found["state"] == "stopped"


def test_a_fifo_queue_takes_each_outcome_once(start_daemon, sim):
    sim.add_queue(ENDED, fifo=True)
    daemon = start_daemon(notifies={"ops": to_queue(sim, "ended.fifo")})
    sim.fault("reset", operation="SendMessage", calls=2, apply=True)  # it came, and the daemon does not know that
    wanted = end_some(daemon, sim, 3)
    wait_arrived(sim, wanted, "ended.fifo")
    assert ids(jobs(sim, "ended.fifo")) == wanted
    assert len(sim.calls("SendMessage")) == 5


def test_outcomes_arrive_in_the_order_of_the_ends(host, sim):
    sent = [host.stop(import_id)["id"] for import_id in sim.add_many(40)]
    wait_arrived(sim, sent)
    assert ids(jobs(sim)) == ends(host)


@pytest.fixture
def taker(start_daemon, sim, ended):
    """A daemon that takes requests from a queue and sends their outcomes to another one."""
    sim.add_queue()
    return start_daemon(queues={"q": {"url": sim.queue()["url"], "region": "us-east-1",
                                      "outcome-url": sim.queue(ENDED)["url"]}})


def test_outcomes_of_a_queue_are_those_of_its_messages(taker, sim):
    end_some(taker, sim)
    import_id = sim.add()
    sim.send_many([{"importId": import_id}] * 2)
    sim.wait_queue(messages=0, deleted=2)
    assert [job["importId"] for job in jobs(sim)] == [import_id]


def test_a_message_stays_until_its_outcome_was_sent(taker, sim):
    sim.fault("close", operation="SendMessage")
    requests = sim.add_many(3)
    sim.send_many({"importId": import_id} for import_id in requests)
    taker.journal.wait("import-stopped", 3)
    taker.journal.wait("notify-failed", notify="outcome q")
    taker.kill()
    taker.start()
    taker.journal.wait("notify-failed", 2)
    assert sim.queue()["messages"] == 3
    sim.clear_faults()
    sim.wait_queue(messages=0, deleted=3)
    assert {job["importId"] for job in jobs(sim)} == set(requests)


def test_an_outcome_url_that_is_removed_holds_up_no_message(taker, sim):
    sim.fault("close", operation="SendMessage")
    sim.send({"importId": sim.add()})
    taker.journal.wait("notify-failed")
    taker.configure({"default": target(sim)}, queues={"q": {"url": sim.queue()["url"], "region": "us-east-1"}})
    taker.reload()
    sim.wait_queue(messages=0, deleted=1)
    assert "dropped: 1" in taker.journal.wait("notify-failed", 2, notify="outcome q")["MESSAGE"]


# What goes wrong on the way


@pytest.mark.parametrize("fault", [{"kind": "close"}, {"kind": "error"}, {"kind": "not-json"}, {"kind": "throttle"},
                                   {"kind": "error", "code": "AccessDenied"},
                                   {"kind": "error", "code": "QueueDoesNotExist"}],
                         ids=lambda fault: fault.get("code", fault["kind"]))
def test_an_outage_is_logged_once_and_all_arrives_in_order_afterwards(host, sim, fault):
    sim.fault(operation="SendMessage", **fault)
    wanted = end_some(host, sim, 3)
    failed = host.journal.wait("notify-failed", notify="ops")
    assert failed["TRAILSTOP_AWS_ERROR"]
    calls = len(sim.calls("SendMessage"))
    sim.wait_calls(calls + 3, "SendMessage")  # it goes on trying
    wanted += end_some(host, sim, 2)
    sim.clear_faults()
    wait_arrived(sim, wanted)
    host.journal.wait("outage-ended", notify="ops")
    assert ids(jobs(sim)) == wanted == ends(host)
    assert len(host.journal.find("notify-failed")) == 1 and not host.journal.find("outage-began")
    wanted += end_some(host, sim)
    wait_arrived(sim, wanted)
    assert len(host.journal.find("notify-failed")) == 1 and len(host.journal.find("outage-ended")) == 1


def test_jobs_go_on_while_a_destination_hangs(host, sim):
    sim.fault("hang", operation="SendMessage")
    wanted = end_some(host, sim, 5)
    sim.wait_calls(1, "SendMessage")
    sim.clear_faults()
    wait_arrived(sim, wanted)


def test_an_entry_that_the_bus_does_not_take_is_put_again(start_daemon, sim):
    daemon = start_daemon(notifies={"audit": to_bus(sim)})
    sim.fault("entry-error", operation="PutEvents", code="NotAuthorizedForSourceException", calls=1)
    wanted = end_some(daemon, sim, 2)
    daemon.journal.wait("notify-failed", aws_error="NotAuthorizedForSourceException", notify="audit")
    assert ids(events(sim, 2)) == wanted


# What becomes of the daemon


def test_kills_between_an_end_and_its_arrival_lose_none(host, sim):
    """Some outcomes reach the queue before a kill and some do not, and of some of those the daemon does not know."""
    wanted = []
    for fault in ({"kind": "hang"}, {"kind": "hang", "apply": True}, {"kind": "hang", "skip": 1},
                  {"kind": "close"}, {"kind": "reset", "apply": True}, {"kind": "hang", "skip": 2, "apply": True}):
        sim.clear_faults()
        sim.fault(operation="SendMessage", **fault)
        wanted += end_some(host, sim, 3)
        host.kill()
        host.start()
    sim.clear_faults()
    wanted += end_some(host, sim)
    wait_arrived(sim, wanted)
    assert first_ones(ids(jobs(sim))) == wanted


def test_a_shutdown_waits_for_what_is_on_the_wire(host, sim):
    sim.fault("slow", operation="SendMessage", delay_seconds=1)
    wanted = end_some(host, sim)
    sim.wait_calls(1, "SendMessage")
    host.restart()
    wanted += end_some(host, sim)
    wait_arrived(sim, wanted)
    assert ids(jobs(sim)) == wanted  # none came twice
    assert not host.journal.find("notify-failed")


# What becomes of the configuration


def reconfigure(daemon, sim, **notifies):
    daemon.configure({"default": target(sim)}, notifies=notifies)


@pytest.mark.parametrize("way", ["reload", "restart"])
def test_a_destination_that_is_removed_loses_what_is_due(host, sim, way):
    sim.fault("close", operation="SendMessage")
    end_some(host, sim, 3)
    host.journal.wait("notify-failed", notify="ops")
    reconfigure(host, sim, audit=to_bus(sim))
    getattr(host, way)()
    dropped = host.journal.wait("notify-failed", 2, notify="ops")
    assert "dropped: 3" in dropped["MESSAGE"]
    sim.clear_faults()
    wanted = end_some(host, sim)
    sim.wait_events(1)
    reconfigure(host, sim, ops=to_queue(sim))
    host.reload()
    wanted += end_some(host, sim)
    wait_arrived(sim, wanted[1:])
    assert ids(jobs(sim)) == wanted[1:]
    assert len(host.journal.find("notify-failed")) == 2


def test_a_destination_that_is_changed_goes_on_with_what_is_due(host, sim):
    sim.fault("close", operation="SendMessage")
    wanted = end_some(host, sim, 3)
    host.journal.wait("notify-failed", notify="ops")
    sim.add_queue("elsewhere")
    sim.clear_faults()
    sim.fault("close", operation="SendMessage", queue=ENDED)
    reconfigure(host, sim, ops=to_queue(sim, "elsewhere"))
    host.reload()
    wait_arrived(sim, wanted, "elsewhere")
    assert ids(jobs(sim, "elsewhere")) == wanted and jobs(sim) == []
