# SPDX-License-Identifier: Apache-2.0
"""The simulator's SQS and EventBridge: what they refuse, declare and break."""

import http.client
import json

import pytest

from harness.signed import SQS, Client, Queue, fifo, queue, signed
from harness.sim import Sim

EVENTS = {"service": "events", "target": "AWSEvents."}


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
