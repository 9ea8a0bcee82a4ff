# SPDX-License-Identifier: Apache-2.0
"""An independent judge: botocore's own clients understand the simulator's SQS and EventBridge."""

import json

import pytest
from botocore.exceptions import ClientError
from botocore.session import get_session

from harness.sim import Sim


def without_xml(model):
    """Takes the names out that only the XML protocol has."""
    if isinstance(model, dict):
        return {key: without_xml(value) for key, value in model.items()
                if key not in ("locationName", "flattened", "resultWrapper")}
    return [without_xml(value) for value in model] if isinstance(model, list) else model


def in_json(model):
    """The model of SQS as newer SDKs have it: Debian's botocore knows the operations, and speaks XML."""
    model = without_xml(model)
    model["metadata"].update(protocol="json", jsonVersion="1.0", targetPrefix="AmazonSQS")
    return model


@pytest.fixture
def connect(sim):
    def connect(service):
        session = get_session()
        session.set_credentials(Sim.ACCESS_KEY, Sim.SECRET_KEY)
        loader = session.get_component("data_loader")
        load = loader.load_service_model

        def load_in_json(name, kind, **options):
            model = load(name, kind, **options)
            return in_json(model) if (name, kind) == ("sqs", "service-2") else model
        loader.load_service_model = load_in_json
        return session.create_client(service, region_name="us-east-1", endpoint_url=sim.url)
    return connect


def test_an_SDK_sends_receives_and_deletes(sim, connect):
    sqs = connect("sqs")
    url = sqs.get_queue_url(QueueName=sim.add_queue().rpartition("/")[2])["QueueUrl"]
    sent = sqs.send_message(QueueUrl=url, MessageBody="one")
    [message] = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], WaitTimeSeconds=1)["Messages"]
    assert (message["MessageId"], message["Body"]) == (sent["MessageId"], "one")
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    sqs.change_message_visibility(**handle, VisibilityTimeout=60)
    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessagesNotVisible"])
    assert attributes["Attributes"] == {"ApproximateNumberOfMessagesNotVisible": "1"}
    sqs.delete_message(**handle)
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_an_SDK_sends_to_a_fifo_queue_in_batches(sim, connect):
    sqs, url = connect("sqs"), sim.add_queue(fifo=True)
    entries = [{"Id": str(at), "MessageBody": str(at), "MessageGroupId": "g", "MessageDeduplicationId": str(at)}
               for at in range(3)]
    answer = sqs.send_message_batch(QueueUrl=url, Entries=entries)
    assert [entry["Id"] for entry in answer["Successful"]] == ["0", "1", "2"]
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert [message["Body"] for message in messages] == ["0", "1", "2"]
    answer = sqs.delete_message_batch(QueueUrl=url, Entries=[
        {"Id": str(at), "ReceiptHandle": message["ReceiptHandle"]} for at, message in enumerate(messages)])
    assert len(answer["Successful"]) == 3 and sim.queue("requests.fifo")["messages"] == 0


@pytest.mark.parametrize("name, code", [
    ("no", "AWS.SimpleQueueService.NonExistentQueue"), ("requests", "ReceiptHandleIsInvalid")])
def test_an_SDK_finds_the_code_of_an_error(sim, connect, name, code):
    """SDKs that know the Query protocol show the names that it has."""
    url = sim.add_queue().replace("requests", name)
    with pytest.raises(ClientError) as raised:
        connect("sqs").change_message_visibility(QueueUrl=url, ReceiptHandle="mine", VisibilityTimeout=60)
    assert raised.value.response["Error"]["Code"] == code
    assert raised.value.response["Error"]["Message"]


def test_an_SDK_puts_events(sim, connect):
    entries = [{"Source": "io.trailstop", "DetailType": "Import stop ended", "Detail": json.dumps(detail)}
               for detail in ({"job": {}}, [])]
    answer = connect("events").put_events(Entries=entries)
    assert answer["FailedEntryCount"] == 1 and answer["Entries"][1]["ErrorCode"] == "MalformedDetail"
    assert [event["EventId"] for event in sim.events()] == [answer["Entries"][0]["EventId"]]
