# SPDX-License-Identifier: Apache-2.0
"""The simulator's SQS and EventBridge: what they answer, hide, bring back and refuse is what AWS documents."""

import hashlib
import http.client
import json
import socket
import struct
import threading
import time

import pytest

from harness import DEADLINE
from harness.sim import Sim
from test_sim import Client, signed

SQS = {"service": "sqs", "target": "AmazonSQS.", "headers": {"Content-Type": "application/x-amz-json-1.0"}}
EVENTS = {"service": "events", "target": "AWSEvents."}
ALL = {"MessageSystemAttributeNames": ["All"]}


class Queue:
    """A client of one queue, on a connection of its own."""

    def __init__(self, sim, url):
        self.client, self.url = Client(sim), url

    def call(self, operation, **parameters):
        return self.client.call(operation, {"QueueUrl": self.url, **parameters}, **SQS)

    def send(self, body, **parameters):
        return self.call("SendMessage", MessageBody=body, **parameters).json["MessageId"]

    def receive(self, **parameters):
        answer = self.call("ReceiveMessage", **parameters)
        assert answer.status == 200, answer.text
        return answer.json.get("Messages", [])

    def receive_one(self, **parameters):
        [message] = self.receive(**parameters)
        return message

    def receive_later(self, **parameters):
        """Starts a ReceiveMessage; a function that waits for its messages."""
        received = []
        thread = threading.Thread(target=lambda: received.extend(self.receive(**parameters)))
        thread.start()

        def join():
            thread.join(DEADLINE)
            assert not thread.is_alive()
            return received
        return join

    def delete(self, receipt):
        return self.call("DeleteMessage", ReceiptHandle=receipt)

    def change(self, receipt, seconds):
        return self.call("ChangeMessageVisibility", ReceiptHandle=receipt, VisibilityTimeout=seconds)


@pytest.fixture
def queue(sim):
    return Queue(sim, sim.add_queue())


@pytest.fixture
def fifo(sim):
    return Queue(sim, sim.add_queue(fifo=True))


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


# Batches


def test_a_batch_says_of_each_entry_what_became_of_it(sim, queue):
    answer = queue.call("SendMessageBatch", Entries=[
        {"Id": "a", "MessageBody": "one"}, {"Id": "b"}, {"Id": "c", "MessageBody": "three"}]).json
    assert [entry["Id"] for entry in answer["Successful"]] == ["a", "c"]
    [failed] = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("b", "MissingParameter", True)
    messages = queue.receive(MaxNumberOfMessages=10)
    entries = [{"Id": str(at), "ReceiptHandle": message["ReceiptHandle"], "VisibilityTimeout": 0}
               for at, message in enumerate(messages)]
    answer = queue.call("ChangeMessageVisibilityBatch", Entries=entries).json
    assert answer == {"Successful": [{"Id": "0"}, {"Id": "1"}], "Failed": []}
    answer = queue.call("DeleteMessageBatch", Entries=[
        {"Id": "x", "ReceiptHandle": "mine"}, {"Id": "y", "ReceiptHandle": entries[1]["ReceiptHandle"]}]).json
    assert [entry["Code"] for entry in answer["Failed"]] == ["ReceiptHandleIsInvalid"]
    assert answer["Successful"] == [{"Id": "y"}] and sim.queue()["messages"] == 1


@pytest.mark.parametrize("entries, code", [
    ([], "EmptyBatchRequest"),
    ([{"Id": str(at), "MessageBody": "x"} for at in range(11)], "TooManyEntriesInBatchRequest"),
    ([{"Id": "a", "MessageBody": "x"}] * 2, "BatchEntryIdsNotDistinct"),
    ([{"Id": "a b", "MessageBody": "x"}], "InvalidBatchEntryId"),
    ([{"MessageBody": "x"}], "InvalidBatchEntryId"),
    ([{"Id": str(at), "MessageBody": "x" * 600000} for at in range(2)], "BatchRequestTooLong"),
])
def test_a_batch_has_its_limits(sim, queue, entries, code):
    answer = queue.call("SendMessageBatch", Entries=entries)
    assert answer.error == (400, f"com.amazonaws.sqs#{code}")
    assert answer.headers["x-amzn-query-error"] == f"AWS.SimpleQueueService.{code};Sender"
    assert sim.queue()["messages"] == 0


# Questions and refusals


def test_a_queue_tells_its_attributes_as_text(sim, queue):
    sim.add_queue("dead")
    queue = Queue(sim, sim.add_queue(max_receive_count=3, dead_letter_queue="dead"))
    for delay in (0, 0, 60):
        queue.send("x", DelaySeconds=delay)
    queue.receive_one()
    attributes = queue.call("GetQueueAttributes", AttributeNames=["All"]).json["Attributes"]
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == 3
    assert {name: value for name, value in attributes.items() if "Approximate" in name} == {
        "ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "1",
        "ApproximateNumberOfMessagesDelayed": "1"}
    assert queue.call("GetQueueAttributes", AttributeNames=["VisibilityTimeout"]).json == {
        "Attributes": {"VisibilityTimeout": "30"}}


def test_a_queue_is_found_by_its_name(sim, queue):
    assert queue.url == f"{sim.url}/111122223333/requests"
    assert queue.call("GetQueueUrl", QueueName="requests").json == {"QueueUrl": queue.url}
    answer = queue.call("GetQueueUrl", QueueName="requests", QueueOwnerAWSAccountId="444455556666")
    assert answer.error == (400, "com.amazonaws.sqs#QueueDoesNotExist")


@pytest.mark.parametrize("operation, parameters, code", [
    ("ReceiveMessage", {"MaxNumberOfMessages": 0}, "InvalidParameterValue"),
    ("ReceiveMessage", {"MaxNumberOfMessages": 11}, "InvalidParameterValue"),
    ("ReceiveMessage", {"WaitTimeSeconds": 21}, "InvalidParameterValue"),
    ("ReceiveMessage", {"VisibilityTimeout": 43201}, "InvalidParameterValue"),
    ("ReceiveMessage", {"WaitTimeSeconds": "1"}, "SerializationException"),
    ("ReceiveMessage", {"QueueUrl": "http://127.0.0.1/1/other"}, "QueueDoesNotExist"),
    ("ReceiveMessage", {"QueueUrl": "requests"}, "QueueDoesNotExist"),
    ("ReceiveMessage", {"QueueUrl": None}, "MissingParameter"),
    ("SendMessage", {}, "MissingParameter"),
    ("SendMessage", {"MessageBody": ""}, "MissingParameter"),
    ("SendMessage", {"MessageBody": "x" * 1048577}, "InvalidParameterValue"),
    ("SendMessage", {"MessageBody": "\x01"}, "InvalidMessageContents"),
    ("SendMessage", {"MessageBody": "a\0b"}, "InvalidMessageContents"),
    ("SendMessage", {"MessageBody": "x", "DelaySeconds": 901}, "InvalidParameterValue"),
    ("SendMessage", {"MessageBody": "x", "MessageDeduplicationId": "d"}, "InvalidParameterValue"),
    ("DeleteMessage", {}, "MissingParameter"),
    ("ChangeMessageVisibility", {"ReceiptHandle": "mine"}, "InvalidParameterValue"),
    ("ChangeMessageVisibility", {"ReceiptHandle": "mine", "VisibilityTimeout": 43201}, "InvalidParameterValue"),
    ("PurgeQueue", {}, "UnknownOperationException"),
])
def test_refuses_what_SQS_would(queue, operation, parameters, code):
    assert queue.call(operation, **parameters).error == (400, f"com.amazonaws.sqs#{code}")


@pytest.mark.parametrize("parameters, code", [
    ({"MessageDeduplicationId": "d"}, "MissingParameter"),
    ({"MessageGroupId": "g"}, "InvalidParameterValue"),
])
def test_a_fifo_queue_wants_a_group_and_a_deduplication_id(fifo, parameters, code):
    answer = fifo.call("SendMessage", MessageBody="x", **parameters)
    assert answer.error == (400, f"com.amazonaws.sqs#{code}")


def test_too_many_messages_in_flight_are_refused(sim):
    queue = Queue(sim, sim.add_queue(max_in_flight=2))
    sim.send_many(["x"] * 3)
    queue.receive(MaxNumberOfMessages=2)
    assert queue.call("ReceiveMessage").error == (400, "com.amazonaws.sqs#OverLimit")


@pytest.mark.parametrize("operation, wrong", [
    ("ReceiveMessage", {**SQS, "service": "cloudtrail"}), ("PutEvents", {**EVENTS, "service": "cloudtrail"})])
def test_calls_are_signed_for_their_service(sim, queue, operation, wrong):
    answer = queue.client.call(operation, {"QueueUrl": queue.url}, **wrong)
    assert answer.status == 400 and answer.json["__type"].endswith("InvalidSignatureException")


@pytest.mark.parametrize("operation, right, wrong", [
    ("ReceiveMessage", SQS, "application/x-amz-json-1.1"), ("PutEvents", EVENTS, "application/x-amz-json-1.0"),
    ("ListImports", {}, "application/x-amz-json-1.0")])
def test_each_service_has_its_version_of_the_protocol(sim, queue, operation, right, wrong):
    answer = queue.client.call(operation, {"QueueUrl": queue.url}, **{**right, "headers": {"Content-Type": wrong}})
    assert answer.status == 400 and answer.json["__type"].endswith("UnknownOperationException")


# Faults


def test_faults_are_for_one_queue_or_operation(sim, queue):
    other = Queue(sim, sim.add_queue("other"))
    sim.fault("error", code="AccessDeniedException", queue="other", operation="ReceiveMessage", calls=1)
    assert queue.receive() == []
    assert other.send("x")
    assert other.call("ReceiveMessage").error == (400, "com.amazonaws.sqs#AccessDeniedException")
    assert len(other.receive()) == 1
    assert sim.counts()["queues"] == {"requests": {"ReceiveMessage": 1}, "other": {"SendMessage": 1,
                                                                                   "ReceiveMessage": 2}}


def test_a_lost_answer_hides_its_messages_all_the_same(sim, queue):
    sim.fault("close", apply=True, operation="ReceiveMessage", calls=1)
    queue.client.begin(signed(sim, "ReceiveMessage", {"QueueUrl": queue.url, "WaitTimeSeconds": 20}, **SQS))
    sim.wait_calls(1, "ReceiveMessage")
    sim.send("one")
    with pytest.raises(http.client.RemoteDisconnected):
        queue.client.connection.getresponse()
    assert [message["state"] for message in sim.messages()] == ["inFlight"]


def test_entries_may_fail_while_the_call_succeeds(sim, queue):
    sim.fault("entry-error", code="InternalError", calls=1)
    answer = queue.call("SendMessageBatch", Entries=[{"Id": "a", "MessageBody": "x"}]).json
    assert answer["Failed"][0]["Code"] == "InternalError" and not answer["Failed"][0]["SenderFault"]
    assert sim.queue()["messages"] == 0


# Declarations


@pytest.mark.parametrize("declaration, message", [
    ({}, "a queue needs a 'name' of at most 80 characters"),
    ({"name": "a/b"}, "a queue needs a 'name' of at most 80 characters"),
    ({"name": "q", "visibilitySeconds": 43201}, "'visibilitySeconds' must be at most 43200"),
    ({"name": "q", "maxReceiveCount": 3}, "'maxReceiveCount' and 'deadLetterQueue' go together"),
    ({"name": "q", "maxReceiveCount": 3, "deadLetterQueue": "no"},
     "there is no queue 'no' for dead letters in account 111122223333"),
    ({"name": "q.fifo", "maxReceiveCount": 3, "deadLetterQueue": "requests"},
     "only a FIFO queue has dead letters in a FIFO queue"),
    ({"name": "requests", "maxReceiveCount": 3, "deadLetterQueue": "requests"},
     "a queue is not its own dead-letter queue"),
])
def test_a_declaration_that_cannot_be_is_refused(sim, queue, declaration, message):
    status, answer = refused(sim, "queues", declaration)
    assert (status, answer) == (400, message)


def refused(sim, path, declaration):
    client = Client(sim)
    client.connection.request("POST", f"/_sim/{path}", json.dumps(declaration))
    response = client.connection.getresponse()
    return response.status, json.loads(response.read())["error"]


def test_a_queue_is_declared_on_the_command_line(start_sim):
    sim = start_sim("--queue", "name=dead", "--queue", "name=requests,maxReceiveCount=1,deadLetterQueue=dead")
    sim.send("one")
    assert len(Queue(sim, sim.queue()["url"]).receive(VisibilityTimeout=0)) == 1
    assert len(sim.dead_letters()) == 1


@pytest.mark.parametrize("declaration, message", [
    ({"body": "x"}, "there is no queue ''; 'queue' names it"),
    ({"queue": "no", "body": "x"}, "there is no queue 'no'; 'queue' names it"),
    ({"queue": "requests"}, "a message needs a 'body'"),
])
def test_a_message_without_a_queue_or_body_is_refused(sim, queue, declaration, message):
    assert refused(sim, "messages", declaration) == (400, message)


def test_a_queue_declared_again_is_empty(sim, queue):
    queue.send("one")
    sim.add_queue()
    assert sim.queue()["messages"] == 0


# Events


def entry(**members):
    return {"Source": "io.trailstop", "DetailType": "Import stop ended", "Detail": '{"job": {}}', **members}


def put(sim, *entries):
    return Client(sim).call("PutEvents", {"Entries": list(entries)}, **EVENTS)


def test_events_that_were_put_can_be_read(sim):
    answer = put(sim, entry(), entry(EventBusName="arn:aws:events:us-east-1:111122223333:event-bus/x"))
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert answer.json["FailedEntryCount"] == 0
    ids = [result["EventId"] for result in answer.json["Entries"]]
    first, second = sim.events()
    assert [first.pop("EventId"), second["EventId"]] == ids and ids[0] != ids[1]
    assert first == {**entry(), "EventBusName": "default", "region": "us-east-1", "accessKey": Sim.ACCESS_KEY}
    assert second["EventBusName"].endswith("/x")


@pytest.mark.parametrize("wrong, code", [
    ({"Detail": "text"}, "MalformedDetail"), ({"Detail": "[]"}, "MalformedDetail"),
    ({"Detail": ""}, "InvalidArgument"), ({"Source": None}, "InvalidArgument"),
    ({"Source": "aws.ec2"}, "NotAuthorizedForSourceException"),
])
def test_one_wrong_event_does_not_spoil_the_others(sim, wrong, code):
    answer = put(sim, entry(**wrong), entry()).json
    assert answer["FailedEntryCount"] == 1 and answer["Entries"][0]["ErrorCode"] == code
    assert "EventId" in answer["Entries"][1] and len(sim.events()) == 1


def test_events_may_fail_while_the_call_succeeds(sim):
    sim.fault("entry-error", code="ThrottlingException", message="slower", operation="PutEvents", calls=1)
    answer = put(sim, entry())
    assert answer.status == 200
    assert answer.json == {"FailedEntryCount": 1, "Entries": [
        {"ErrorCode": "ThrottlingException", "ErrorMessage": "slower"}]}
    assert sim.events() == []


@pytest.mark.parametrize("entries", [[], [entry()] * 11, [entry(Detail='{"x": "' + "y" * 262144 + '"}')]])
def test_too_many_or_too_large_events_are_refused(sim, entries):
    assert put(sim, *entries).error == (400, "ValidationException")
    assert sim.events() == []
