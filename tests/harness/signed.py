# SPDX-License-Identifier: Apache-2.0
"""Clients of the simulator. botocore signs for them, so that neither trailstop's signer nor the simulator's verifier
judges itself. Import the fixtures that a file needs."""

import http.client
import json
import threading
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import DEADLINE
from harness.sim import Sim

DOCUMENTED = Credentials(Sim.ACCESS_KEY, Sim.SECRET_KEY)
SQS = {"service": "sqs", "target": "AmazonSQS.", "headers": {"Content-Type": "application/x-amz-json-1.0"}}


class SignerAt(SigV4Auth):
    """Signs as if the clock stood elsewhere."""

    def __init__(self, credentials, service, region, offset):
        super().__init__(credentials, service, region)
        self.offset = offset

    def add_auth(self, request):
        now = datetime.now(timezone.utc) + timedelta(seconds=self.offset)
        request.context["timestamp"] = now.strftime("%Y%m%dT%H%M%SZ")
        self._modify_request_before_signing(request)
        canonical = self.canonical_request(request)
        signature = self.signature(self.string_to_sign(request, canonical), request)
        self._inject_signature_to_request(request, signature)


def signed(sim, operation, body, *, credentials=DOCUMENTED, region="us-east-1", service="cloudtrail", offset=0,
           target="com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.", headers=None, method="POST", path="/"):
    """A request of AWS JSON 1.1, signed by botocore."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = AWSRequest(method, sim.url + path, data=data, headers={
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": target + operation, **(headers or {})})
    SignerAt(credentials, service, region, offset).add_auth(request)
    return request.prepare()


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.text = response.status, response.headers, response.read()

    @property
    def json(self):
        return json.loads(self.text)

    @property
    def error(self):
        return self.status, self.json["__type"]


class Client:
    """A connection that is kept, as SDKs do."""

    def __init__(self, sim, context=None):
        self.sim = sim
        kind = http.client.HTTPSConnection if context else http.client.HTTPConnection
        options = {"context": context} if context else {}
        self.connection = kind("127.0.0.1", sim.port, timeout=DEADLINE, **options)

    def begin(self, request):
        """Sends it, and does not wait for the answer."""
        headers = {name: value.decode() if isinstance(value, bytes) else value
                   for name, value in request.headers.items()}
        self.connection.request(request.method, request.url[len(self.sim.url):], request.body, headers)

    def send(self, request):
        self.begin(request)
        return Answer(self.connection.getresponse())

    def call(self, operation, body=None, **options):
        return self.send(signed(self.sim, operation, body or {}, **options))

    def status(self, import_id, operation="GetImport"):
        return self.call(operation, {"ImportId": import_id}).json["ImportStatus"]


@pytest.fixture
def client(sim):
    return Client(sim)


def refused(client, code, **options):
    answer = client.call("ListImports", **options)
    assert answer.error == (400, code)
    assert abs(parsedate_to_datetime(answer.headers["Date"]) - datetime.now(timezone.utc)) < timedelta(minutes=1)
    return answer.json["message"]


def get_import(client, import_id, operation="GetImport"):
    return client.call(operation, {"ImportId": import_id})


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
