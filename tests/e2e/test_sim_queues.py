# SPDX-License-Identifier: Apache-2.0
"""The simulator's SQS: what it delivers, hides and brings back is what AWS documents."""

import hashlib
import json
import socket
import struct
import time

import pytest

from harness.signed import SQS, Client, Queue, fifo, queue, signed
from harness.sim import Sim

ALL = {"MessageSystemAttributeNames": ["All"]}


# Receiving


def test_a_message_is_received_with_what_is_known_of_it(sim, queue):
    before = int(time.time() * 1000)
    body = 'one "body" with / and ü'
    sent = queue.call("SendMessage", MessageBody=body)
    assert sent.headers["Content-Type"] == "application/x-amz-json-1.0"
    md5 = hashlib.md5(body.encode()).hexdigest()
    assert sent.json == {"MessageId": sent.json["MessageId"], "MD5OfMessageBody": md5}
    message = queue.receive_one(
        MessageSystemAttributeNames=["SenderId", "ApproximateReceiveCount", "SentTimestamp"])
    assert (message["MessageId"], message["Body"], message["MD5OfBody"]) == (sent.json["MessageId"], body, md5)
    assert before <= int(message["Attributes"].pop("SentTimestamp")) <= time.time() * 1000
    assert message["Attributes"] == {"SenderId": Sim.ACCESS_KEY, "ApproximateReceiveCount": "1"}


def test_attributes_that_were_not_asked_for_are_left_out(queue):
    queue.send("one")
    assert set(queue.receive_one()) == {"MessageId", "ReceiptHandle", "MD5OfBody", "Body"}


def test_an_empty_queue_answers_without_messages(queue):
    assert queue.call("ReceiveMessage").json == {}


def test_a_receive_brings_one_message_or_as_many_as_it_asks_for(queue):
    sent = [queue.send(str(number)) for number in range(12)]
    received = queue.receive() + queue.receive(MaxNumberOfMessages=10) + queue.receive(MaxNumberOfMessages=10)
    assert [message["MessageId"] for message in received] == sent


def test_what_the_control_interface_sends_is_received(sim, queue):
    sim.send({"importId": "x"}, sender_id="AIDASOMEONE")
    message = queue.receive_one(**ALL)
    assert (json.loads(message["Body"]), message["Attributes"]["SenderId"]) == ({"importId": "x"}, "AIDASOMEONE")


def test_a_message_in_flight_is_hidden_until_its_visibility_ends(sim, queue):
    queue.send("one")
    first = queue.receive_one(VisibilityTimeout=100)
    assert queue.receive() == []
    [hidden] = sim.in_flight()
    assert 90 < hidden["hiddenSeconds"] <= 100 and hidden["accessKey"] == Sim.ACCESS_KEY
    sim.move_clock(100)
    second = queue.receive_one(**ALL)
    assert second["MessageId"] == first["MessageId"]
    assert second["ReceiptHandle"] != first["ReceiptHandle"]
    assert second["Attributes"]["ApproximateReceiveCount"] == "2"


def test_visibility_is_the_queues_where_a_receive_names_none(sim):
    queue = Queue(sim, sim.add_queue(visibility_seconds=77))
    queue.send("one")
    queue.receive_one()
    assert 60 < sim.in_flight()[0]["hiddenSeconds"] <= 77


def test_the_visibility_of_one_receiver_or_message_can_be_ended(sim, queue):
    first, second = queue.send("one"), queue.send("two")
    queue.receive(MaxNumberOfMessages=2)
    sim.end_visibility(access_key="SOMEONEELSE")
    assert queue.receive() == []
    sim.end_visibility(message_id=second)
    assert queue.receive_one()["MessageId"] == second
    sim.end_visibility(access_key=Sim.ACCESS_KEY)
    assert {message["MessageId"] for message in queue.receive(MaxNumberOfMessages=10)} == {first, second}


def test_a_delayed_message_comes_later(sim, queue):
    queue.send("one", DelaySeconds=60)
    assert queue.receive() == [] and sim.queue()["delayed"] == 1
    sim.move_clock(60)
    assert queue.receive_one()["Body"] == "one"


# Long polls


def test_a_long_poll_is_answered_when_a_message_comes(sim, queue):
    join = queue.receive_later(WaitTimeSeconds=20)
    sim.wait_calls(1, "ReceiveMessage")
    sim.send("late")
    assert [message["Body"] for message in join()] == ["late"]
    [call] = sim.calls("ReceiveMessage")
    assert call["status"] == 200 and call["queue"] == "requests"


def test_a_long_poll_is_answered_when_a_message_comes_back(sim, queue):
    queue.send("one")
    other = Queue(sim, queue.url)
    receipt = other.receive_one(VisibilityTimeout=1000)["ReceiptHandle"]
    join = queue.receive_later(WaitTimeSeconds=20)
    sim.wait_calls(2, "ReceiveMessage")
    other.change(receipt, 0)
    assert [message["Body"] for message in join()] == ["one"]


def test_a_long_poll_notices_by_itself_that_a_visibility_ended(sim, queue):
    queue.send("one")
    Queue(sim, queue.url).receive_one(VisibilityTimeout=1)
    assert [message["Body"] for message in queue.receive_later(WaitTimeSeconds=20)()] == ["one"]


def test_a_long_poll_ends_empty_when_its_time_is_over(sim, queue):
    assert queue.receive(WaitTimeSeconds=1) == []
    [call] = sim.calls("ReceiveMessage")
    assert call["answeredUsec"] - call["receivedUsec"] >= 990000


def test_long_polls_are_answered_in_their_order(sim, queue):
    first = queue.receive_later(WaitTimeSeconds=20)
    sim.wait_calls(1, "ReceiveMessage")
    second = Queue(sim, queue.url).receive_later(WaitTimeSeconds=20)
    sim.wait_calls(2, "ReceiveMessage")
    sim.send("one")
    assert [message["Body"] for message in first()] == ["one"]
    sim.send("two")
    assert [message["Body"] for message in second()] == ["two"]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_a_message_does_not_go_to_a_client_that_has_gone(sim, queue, reset):
    gone = Client(sim)
    gone.begin(signed(sim, "ReceiveMessage", {"QueueUrl": queue.url, "WaitTimeSeconds": 20}, **SQS))
    sim.wait_calls(1, "ReceiveMessage")
    if reset:  # as the kernel does for one that was killed with something left to read
        gone.connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    gone.connection.close()
    sim.wait_until(lambda: sim.calls("ReceiveMessage")[0].get("status") == 0)
    sim.send("one")
    assert queue.receive_one(**ALL)["Attributes"]["ApproximateReceiveCount"] == "1"


def test_the_simulator_ends_while_a_long_poll_waits(start_sim):
    sim = start_sim()
    queue = Queue(sim, sim.add_queue())
    queue.client.begin(signed(sim, "ReceiveMessage", {"QueueUrl": queue.url, "WaitTimeSeconds": 20}, **SQS))
    sim.wait_calls(1, "ReceiveMessage")
    sim.close()


# Receipt handles


def test_a_deleted_message_never_comes_back(sim, queue):
    queue.send("one")
    receipt = queue.receive_one()["ReceiptHandle"]
    answer = queue.delete(receipt)
    assert (answer.status, answer.text) == (200, b"")
    assert sim.queue() == {"name": "requests", "url": queue.url, "messages": 0, "inFlight": 0, "delayed": 0,
                           "sent": 1, "received": 1, "deleted": 1, "deadLetters": 0}
    assert queue.delete(receipt).status == 200  # once more, as AWS lets one


def test_deleting_with_an_old_handle_succeeds_and_deletes_nothing(sim, queue):
    queue.send("one")
    old = queue.receive_one(VisibilityTimeout=0)["ReceiptHandle"]
    new = queue.receive_one()["ReceiptHandle"]
    assert queue.delete(old).status == 200 and sim.queue()["messages"] == 1
    assert queue.delete(new).status == 200 and sim.queue()["messages"] == 0


def test_a_message_that_came_back_may_still_be_deleted_from_a_standard_queue(sim, queue):
    queue.send("one")
    receipt = queue.receive_one(VisibilityTimeout=0)["ReceiptHandle"]
    assert queue.delete(receipt).status == 200 and sim.queue()["messages"] == 0


def test_a_message_that_came_back_is_not_deleted_from_a_fifo_queue(sim, fifo):
    fifo.send("one", MessageGroupId="g", MessageDeduplicationId="d")
    receipt = fifo.receive_one(VisibilityTimeout=0)["ReceiptHandle"]
    assert fifo.delete(receipt).error == (400, "com.amazonaws.sqs#InvalidParameterValue")


@pytest.mark.parametrize("receipt", ["", "mine", "AQEB+", "AQEB+00000000-0000-4000-9000-000000000001/1=="])
def test_a_handle_that_was_never_handed_out_is_refused(sim, receipt):
    queue = Queue(sim, sim.add_queue())
    queue.send("one")
    assert queue.change(receipt, 30).error == (400, "com.amazonaws.sqs#ReceiptHandleIsInvalid")
    assert queue.delete(receipt).error == (400, "com.amazonaws.sqs#ReceiptHandleIsInvalid")


def test_visibility_is_extended_from_now(sim, queue):
    queue.send("one")
    receipt = queue.receive_one(VisibilityTimeout=100)["ReceiptHandle"]
    sim.move_clock(90)
    assert queue.change(receipt, 100).status == 200
    sim.move_clock(90)
    assert len(sim.in_flight()) == 1


def test_a_visibility_of_nothing_gives_the_message_back(sim, queue):
    queue.send("one")
    answer = queue.change(queue.receive_one()["ReceiptHandle"], 0)
    assert (answer.status, answer.text) == (200, b"")
    assert queue.receive_one(**ALL)["Attributes"]["ApproximateReceiveCount"] == "2"


@pytest.mark.parametrize("received_again, code, query", [
    (False, "MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight;Sender"),
    (True, "ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid;Sender"),
])
def test_the_visibility_of_what_is_anothers_now_does_not_change(queue, received_again, code, query):
    queue.send("one")
    receipt = queue.receive_one(VisibilityTimeout=0)["ReceiptHandle"]
    if received_again:
        queue.receive_one()
    answer = queue.change(receipt, 30)
    assert answer.error == (400, f"com.amazonaws.sqs#{code}")
    assert answer.headers["x-amzn-query-error"] == query


def test_the_visibility_of_what_was_deleted_does_not_change(queue):
    queue.send("one")
    receipt = queue.receive_one()["ReceiptHandle"]
    queue.delete(receipt)
    assert queue.change(receipt, 30).error == (400, "com.amazonaws.sqs#InvalidParameterValue")


def test_a_message_is_hidden_for_twelve_hours_in_all(sim, queue):
    queue.send("one")
    receipt = queue.receive_one(VisibilityTimeout=43200)["ReceiptHandle"]
    sim.move_clock(3600)
    assert queue.change(receipt, 43200).error == (400, "com.amazonaws.sqs#InvalidParameterValue")
    assert queue.change(receipt, 30000).status == 200


# Redrive


@pytest.mark.parametrize("fifo", [False, True])
def test_a_message_received_too_often_becomes_a_dead_letter(sim, fifo):
    suffix = ".fifo" if fifo else ""
    dead = Queue(sim, sim.add_queue("dead", fifo=fifo))
    queue = Queue(sim, sim.add_queue(fifo=fifo, max_receive_count=2, dead_letter_queue="dead" + suffix))
    sim.send("poison", "requests" + suffix, **({"group_id": "g"} if fifo else {}))
    ids = [queue.receive_one(VisibilityTimeout=0)["MessageId"] for _ in range(2)]
    assert queue.receive() == []
    assert sim.queue("requests" + suffix)["deadLetters"] == 1
    [letter] = sim.dead_letters("requests" + suffix)
    assert letter["queue"] == "dead" + suffix and letter["receives"] == 2
    message = dead.receive_one(**ALL)
    assert [message["MessageId"]] * 2 == ids
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == f"arn:aws:sqs:us-east-1:111122223333:requests{suffix}"


# FIFO queues


def test_a_group_waits_for_its_messages_in_flight(fifo):
    for number, group in enumerate("aabb"):
        fifo.send(str(number), MessageGroupId=group, MessageDeduplicationId=str(number))
    first, second = fifo.receive_one(), fifo.receive_one(**ALL)
    assert (first["Body"], second["Body"]) == ("0", "2")
    assert second["Attributes"]["MessageGroupId"] == "b"
    assert fifo.receive() == []
    fifo.delete(first["ReceiptHandle"])
    fifo.change(second["ReceiptHandle"], 0)
    assert [message["Body"] for message in fifo.receive(MaxNumberOfMessages=10)] == ["1", "2", "3"]


def test_a_group_goes_on_when_a_visibility_ended(sim, fifo):
    for number in range(2):
        fifo.send(str(number), MessageGroupId="g", MessageDeduplicationId=str(number))
    fifo.receive_one(VisibilityTimeout=100)
    sim.move_clock(100)
    assert fifo.receive_one()["Body"] == "0"


def test_a_message_sent_twice_is_one_for_five_minutes(sim, fifo):
    sent = [fifo.call("SendMessage", MessageBody="x", MessageGroupId="g", MessageDeduplicationId="d").json
            for _ in range(2)]
    assert sent[0] == sent[1] and len(sent[0]["SequenceNumber"]) == 20
    assert sim.queue("requests.fifo")["messages"] == 1
    sim.move_clock(300)
    assert fifo.send("x", MessageGroupId="g", MessageDeduplicationId="d") != sent[0]["MessageId"]


def test_a_duplicate_is_one_even_after_it_was_deleted(sim, fifo):
    fifo.send("x", MessageGroupId="g", MessageDeduplicationId="d")
    fifo.delete(fifo.receive_one()["ReceiptHandle"])
    fifo.send("x", MessageGroupId="g", MessageDeduplicationId="d")
    assert sim.queue("requests.fifo")["messages"] == 0


def test_a_body_may_stand_in_for_its_deduplication_id(sim):
    queue = Queue(sim, sim.add_queue(fifo=True, content_based_deduplication=True))
    ids = [queue.send(body, MessageGroupId="g") for body in ("one", "two", "one")]
    assert ids[0] == ids[2] != ids[1]
