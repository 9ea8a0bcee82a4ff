# SPDX-License-Identifier: Apache-2.0
"""Requests through an SQS that nobody here wrote: what holds with the simulator's holds with another.

Where it is not installed these tests are skipped; tests/npm/install has it."""

import pytest

from harness import DEADLINE
from harness.daemon import target

VISIBILITY = 30
"""The shortest that the daemon takes, in seconds. Nothing moves the clock of this SQS."""


@pytest.fixture
def new_host(new_daemon, sim):
    """A factory of daemons that take requests from the queue with this URL, configured but not started."""
    def make(url, *, notifies=None, **options):
        queue = {"url": url, "region": "us-east-1", "visibility": f"{VISIBILITY}s", "wait-time": "1s", **options}
        return new_daemon({"default": target(sim)}, queues={"requests": queue}, notifies=notifies)
    return make


def jobs(host):
    return host.call("ListJobs")["jobs"]


def test_says_what_the_simulator_says(local_sqs):
    """Of what the daemon relies on; how the two differ otherwise nobody has to know."""
    local_sqs.add_queue()
    message_id = local_sqs.send("one")
    local_sqs.wait_queue(messages=1, in_flight=0)
    url = local_sqs.urls["requests"]
    [message] = local_sqs.call("ReceiveMessage", QueueUrl=url)["Messages"]
    assert (message["MessageId"], message["Body"]) == (message_id, "one")
    local_sqs.wait_queue(messages=1, in_flight=1)
    handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    assert local_sqs.call("ChangeMessageVisibility", **handle, VisibilityTimeout=0) == {}
    [again] = local_sqs.call("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert again["MessageId"] == message_id and again["ReceiptHandle"] != message["ReceiptHandle"]
    assert local_sqs.call("DeleteMessage", QueueUrl=url, ReceiptHandle=again["ReceiptHandle"]) == {}
    assert local_sqs.call("ReceiveMessage", QueueUrl=url) == {}


@pytest.mark.parametrize("fifo", [False, True], ids=["standard", "fifo"])
def test_a_message_is_deleted_when_its_import_has_ended(sim, local_sqs, new_host, fifo):
    host = new_host(local_sqs.add_queue(fifo=fifo)).start()
    queue = "requests.fifo" if fifo else "requests"
    import_id = sim.add_endless()
    message_id = local_sqs.send({"importId": import_id, "reason": "wrong bucket"}, queue,
                                **({"group_id": import_id, "deduplication_id": import_id} if fifo else {}))
    sim.wait_calls(2, "GetImport", import_id)
    assert local_sqs.queue(queue) == {"messages": 1, "inFlight": 1}
    sim.finish(import_id)
    local_sqs.wait_queue(queue, messages=0)
    [job] = jobs(host)
    assert (job["state"], job["reason"]) == ("stopped", "wrong bucket")
    assert (job["message"]["queue"], job["message"]["messageId"]) == ("requests", message_id)
    assert len(sim.calls("StopImport", import_id)) == 1


def test_two_messages_for_one_import_are_one_job(sim, local_sqs, new_host):
    host = new_host(local_sqs.add_queue()).start()
    import_id = sim.add_endless()
    local_sqs.send_many([{"importId": import_id}] * 2)
    host.journal.wait("request-joined")
    sim.wait_calls(1, "StopImport", import_id)
    sim.finish(import_id)
    local_sqs.wait_queue(messages=0)
    assert len(jobs(host)) == 1 and len(sim.calls("StopImport", import_id)) == 1


def asked_first(calls):
    """The first of these calls of CloudTrail asks what has become of the import."""
    return [call["operation"] for call in calls if call["operation"] in ("StopImport", "GetImport")][0] == "GetImport"


def test_a_host_that_ends_hands_its_requests_over_at_once(sim, local_sqs, new_host):
    url = local_sqs.add_queue()
    first, second = new_host(url).start(), new_host(url).start()
    import_id = sim.add_endless()
    local_sqs.send({"importId": import_id})
    sim.wait_calls(2, "GetImport", import_id)
    holder, other = (first, second) if jobs(first) else (second, first)
    holder.terminate()
    before = sim.calls(import_id=import_id)
    other.journal.wait("request-accepted")
    sim.wait_calls(len(before) + 2, import_id=import_id)
    assert asked_first(sim.calls(import_id=import_id)[len(before):])
    sim.finish(import_id)
    local_sqs.wait_queue(messages=0)
    assert [job["state"] for job in jobs(other)] == ["stopped"]
    assert [job["state"] for job in jobs(holder.start())] == ["released"]


def test_a_host_that_is_killed_has_lost_its_requests_to_another(sim, local_sqs, new_host):
    url = local_sqs.add_queue()
    first, second = new_host(url).start(), new_host(url)
    import_id = sim.add_endless()
    local_sqs.send({"importId": import_id})
    sim.wait_calls(2, "GetImport", import_id)
    first.kill()
    before = sim.calls(import_id=import_id)
    second.start()
    sim.wait_until(lambda: len(sim.calls(import_id=import_id)) > len(before), seconds=VISIBILITY + DEADLINE)
    assert asked_first(sim.calls(import_id=import_id)[len(before):])
    sim.finish(import_id)
    local_sqs.wait_queue(messages=0)
    assert [job["state"] for job in jobs(second)] == ["stopped"]


def test_what_is_not_a_request_becomes_a_dead_letter(sim, local_sqs, new_host):
    local_sqs.add_queue("dead")
    host = new_host(local_sqs.add_queue(max_receive_count=1, dead_letter_queue="dead")).start()
    import_id = sim.add()
    local_sqs.send_many(["not JSON", {"importId": import_id}])
    host.journal.wait("request-rejected")
    local_sqs.wait_queue("dead", messages=1, seconds=VISIBILITY + DEADLINE)
    local_sqs.wait_queue(messages=0)
    assert [job["importId"] for job in jobs(host)] == [import_id]


def test_outcomes_are_sent(sim, local_sqs, new_host):
    outcomes, notices = local_sqs.add_queue("outcomes"), local_sqs.add_queue("notices")
    new_host(local_sqs.add_queue(), outcome_url=outcomes,
             notifies={"all": {"queue-url": notices, "region": "us-east-1"}}).start()
    import_id = sim.add()
    local_sqs.send({"importId": import_id})
    local_sqs.wait_queue(messages=0)
    local_sqs.wait_queue("notices", messages=1)
    for queue in ("outcomes", "notices"):
        [document] = local_sqs.receive(queue)
        assert (document["source"], document["detail-type"]) == ("io.trailstop", "Import stop ended")
        assert (document["detail"]["job"]["importId"], document["detail"]["job"]["state"]) == (import_id, "stopped")


def test_no_request_is_lost_while_hosts_come_and_go(sim, local_sqs, new_host):
    url = local_sqs.add_queue()
    hosts = [new_host(url, max_jobs=10).start() for _ in range(3)]
    ids = sim.add_many(40)
    for at in range(0, len(ids), 10):
        local_sqs.send_many([{"importId": import_id} for import_id in ids[at:at + 10]])
        hosts[at // 10 % 3].restart()
    local_sqs.wait_queue(messages=0, seconds=VISIBILITY + DEADLINE)
    assert {item["ImportStatus"] for item in sim.control("imports")} == {"STOPPED"}
