# SPDX-License-Identifier: Apache-2.0
"""Requests through an SQS that nobody here wrote: what holds with the simulator's holds with another.

Where it is not installed these tests are skipped; tests/npm/install has it."""

def test_says_what_the_simulator_says(local_sqs):
    """Of what the daemon relies on; how the two differ otherwise nobody has to know."""
    local_sqs.add_queue()
    message_id = local_sqs.send("one")
    assert local_sqs.queue() == {"messages": 1, "inFlight": 0}
    url = local_sqs.urls["requests"]
    [message] = local_sqs.call("ReceiveMessage", QueueUrl=url)["Messages"]
    assert (message["MessageId"], message["Body"]) == (message_id, "one")
    assert local_sqs.queue() == {"messages": 1, "inFlight": 1}
    handle = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    assert local_sqs.call("ChangeMessageVisibility", **handle, VisibilityTimeout=0) == {}
    [again] = local_sqs.call("ReceiveMessage", QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    assert again["MessageId"] == message_id and again["ReceiptHandle"] != message["ReceiptHandle"]
    assert local_sqs.call("DeleteMessage", QueueUrl=url, ReceiptHandle=again["ReceiptHandle"]) == {}
    assert local_sqs.call("ReceiveMessage", QueueUrl=url) == {}
