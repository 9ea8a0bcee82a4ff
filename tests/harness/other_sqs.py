# SPDX-License-Identifier: Apache-2.0
"""An SQS that nobody here wrote: the npm package local-aws-sqs, installed by tests/npm/install, where there is one.

What tests need of a queue has the names that it has in harness.sim. Nothing here moves its clock: what is hidden
comes back when its time is over."""

import http.client
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

from harness import DEADLINE

SERVER = Path(__file__).parent.parent / "npm" / "serve.js"


def why_not(build):
    """Why it cannot be used here; None: it can."""
    if os.environ.get("CI") == "true":
        return "never in CI"
    if not shutil.which("node"):
        return "node is not installed"
    if not (modules_of(build) / "local-aws-sqs").is_dir():
        return f"local-aws-sqs is not installed: tests/npm/install {modules_of(build).parent}"
    return None


def modules_of(build):
    return build.parent / "npm" / "node_modules"


class LocalSqs:
    def __init__(self, build):
        self.process = subprocess.Popen(
            ["node", SERVER], env={"PATH": os.environ["PATH"], "NODE_PATH": str(modules_of(build))},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url, f"local-aws-sqs did not start: exit status {self.process.wait(DEADLINE)}"
        self.urls = {}

    def close(self):
        self.process.stdin.close()
        self.process.wait(DEADLINE)
        self.process.stdout.close()

    def call(self, operation, **parameters):
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=DEADLINE)
        connection.request("POST", "/", json.dumps(parameters), {
            "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AmazonSQS.{operation}"})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        assert response.status == 200, f"{operation}: {response.status} {text}"
        return json.loads(text) if text else {}

    def add_queue(self, name="requests", fifo=False, visibility_seconds=30, max_receive_count=None,
                  dead_letter_queue=None):
        attributes = {"VisibilityTimeout": str(visibility_seconds)}
        if fifo:
            name += ".fifo"
            attributes["FifoQueue"] = "true"
        if dead_letter_queue:
            arn = self.attributes(dead_letter_queue)["QueueArn"]
            attributes["RedrivePolicy"] = json.dumps({"maxReceiveCount": max_receive_count, "deadLetterTargetArn": arn})
        self.urls[name] = self.call("CreateQueue", QueueName=name, Attributes=attributes)["QueueUrl"]
        return self.urls[name]

    def send(self, body, queue="requests", group_id=None, deduplication_id=None):
        parameters = {"MessageGroupId": group_id, "MessageDeduplicationId": deduplication_id}
        text = body if isinstance(body, str) else json.dumps(body)
        return self.call("SendMessage", QueueUrl=self.urls[queue], MessageBody=text,
                         **{name: value for name, value in parameters.items() if value})["MessageId"]

    def send_many(self, bodies, queue="requests", **options):
        return [self.send(body, queue, **options) for body in bodies]

    def attributes(self, queue):
        return self.call("GetQueueAttributes", QueueUrl=self.urls[queue], AttributeNames=["All"])["Attributes"]

    def queue(self, name="requests"):
        """It counts what is hidden among the messages too, unlike AWS."""
        attributes = self.attributes(name)
        return {"messages": int(attributes["ApproximateNumberOfMessages"]),
                "inFlight": int(attributes["ApproximateNumberOfMessagesNotVisible"])}

    def wait_queue(self, name="requests", seconds=DEADLINE, messages=None, in_flight=None):
        """Waits until the queue's counts are these."""
        end = time.monotonic() + seconds
        while not all(wanted in (None, self.queue(name)[key])
                      for key, wanted in (("messages", messages), ("inFlight", in_flight))):
            assert time.monotonic() < end, self.queue(name)
            time.sleep(0.05)  # it cannot notify us; this only keeps the question from being asked too often

    def receive(self, queue="requests"):
        """Takes up to ten messages out of the queue: their bodies as JSON."""
        messages = self.call("ReceiveMessage", QueueUrl=self.urls[queue], MaxNumberOfMessages=10,
                             WaitTimeSeconds=1).get("Messages", [])
        for message in messages:
            self.call("DeleteMessage", QueueUrl=self.urls[queue], ReceiptHandle=message["ReceiptHandle"])
        return [json.loads(message["Body"]) for message in messages]
