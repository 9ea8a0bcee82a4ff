# SPDX-License-Identifier: Apache-2.0
"""The simulator itself: what it answers, checks, breaks and counts is what its README says.

botocore signs here, so that neither trailstop's signer nor the simulator's verifier judges itself."""

import http.client
import json
import signal
import socket
import ssl
import struct
import subprocess
import time
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness import DEADLINE
from harness.sim import Sim, new_id
from harness.tls import make_certificate

FIRST = "00000000-0000-4000-8000-000000000001"
SECOND = "00000000-0000-4000-8000-000000000002"
DOCUMENTED = Credentials(Sim.ACCESS_KEY, Sim.SECRET_KEY)


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


# Imports


def test_stops_an_import_after_the_polls_that_were_set(sim, client):
    import_id = sim.add(stop_polls=3, files_completed="100..400", failed_entries=2)
    assert client.status(import_id) == "IN_PROGRESS"
    assert client.status(import_id, "StopImport") == "IN_PROGRESS"
    seen = [client.call("GetImport", {"ImportId": import_id}).json for _ in range(3)]
    assert [answer["ImportStatus"] for answer in seen] == ["IN_PROGRESS", "IN_PROGRESS", "STOPPED"]
    assert [answer["ImportStatistics"]["FilesCompleted"] for answer in seen] == [200, 300, 400]
    assert seen[-1]["ImportStatistics"] == {"PrefixesFound": 10, "PrefixesCompleted": 10, "FilesCompleted": 400,
                                            "EventsCompleted": 50000, "FailedEntries": 2}


def test_shows_every_member_that_cloudtrail_has(sim, client):
    import_id = sim.add(created=1735689600.125, source="s3://bucket/prefix/", destination="arn:aws:cloudtrail:x")
    answer = client.call("GetImport", {"ImportId": import_id})
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert answer.headers["x-amzn-RequestId"]
    assert b'"CreatedTimestamp":1735689600.125,' in answer.text
    assert answer.json == {
        "ImportId": import_id, "ImportStatus": "IN_PROGRESS", "Destinations": ["arn:aws:cloudtrail:x"],
        "ImportSource": {"S3": {"S3LocationUri": "s3://bucket/prefix/", "S3BucketRegion": "us-east-1",
                                "S3BucketAccessRoleArn": "arn:aws:iam::111122223333:role/trailstop-example"}},
        "CreatedTimestamp": 1735689600.125, "UpdatedTimestamp": 1735689600.125,
        "StartEventTime": 1735603200.125, "EndEventTime": 1735689600.125,
        "ImportStatistics": {"PrefixesFound": 10, "PrefixesCompleted": 0, "FilesCompleted": 0,
                             "EventsCompleted": 0, "FailedEntries": 0}}


@pytest.mark.parametrize("spec, statuses", [
    ({"stop_polls": 0}, ["STOPPED", "STOPPED"]),
    ({"stop_polls": 1, "ends": "FAILED"}, ["IN_PROGRESS", "FAILED", "FAILED"]),
    ({"stop_polls": 1, "stopping_status": "WINDING_DOWN"}, ["WINDING_DOWN", "STOPPED"]),
    ({"status": "INITIALIZING", "stop_polls": 2, "ends": "COMPLETED"},
     ["INITIALIZING", "INITIALIZING", "COMPLETED"]),
    ({"stop_seconds": 0.0}, ["STOPPED"]),
    ({"stop_seconds": 3600, "stop_polls": 1}, ["IN_PROGRESS", "IN_PROGRESS", "IN_PROGRESS"]),
    ({"status": "COMPLETED"}, ["COMPLETED", "COMPLETED"]),
])
def test_an_import_ends_as_declared(sim, client, spec, statuses):
    import_id = sim.add(**spec)
    operations = ["StopImport"] + ["GetImport"] * (len(statuses) - 1)
    assert [client.status(import_id, operation) for operation in operations] == statuses


def test_an_import_may_end_by_itself(sim, client):
    by_polls, by_time = sim.add(run_polls=2), sim.add(run_seconds=0.001, run_ends="FAILED")
    assert [client.status(by_polls) for _ in range(3)] == ["IN_PROGRESS", "COMPLETED", "COMPLETED"]
    assert client.status(by_time) == "FAILED"


def test_an_ended_import_answers_stop_as_it_is_or_refuses(sim, client):
    as_is = sim.add(status="COMPLETED")
    refusing = sim.add(stop_polls=0, ended_stop="OperationNotPermittedException")
    assert client.status(as_is, "StopImport") == "COMPLETED"
    assert client.status(refusing, "StopImport") == "STOPPED"
    assert client.call("StopImport", {"ImportId": refusing}).error == (400, "OperationNotPermittedException")


def test_statistics_hold_any_int64(sim, client):
    import_id = sim.add(stop_polls=0, events_completed="0..9223372036854775807")
    assert client.call("StopImport", {"ImportId": import_id}).json["ImportStatistics"]["EventsCompleted"] == 2**63 - 1


def test_members_may_be_missing_or_anything(sim, client):
    import_id = sim.add(omit=["ImportSource", "FailedEntries"], members={"Destinations": None, "Color": "blue"})
    answer = client.call("GetImport", {"ImportId": import_id}).json
    assert "ImportSource" not in answer and "FailedEntries" not in answer["ImportStatistics"]
    assert answer["Destinations"] is None and answer["Color"] == "blue"


def test_declaring_an_import_again_starts_it_again(sim, client):
    import_id = sim.add(status="STOPPED")
    assert client.status(import_id) == "STOPPED"
    sim.add(id=import_id, status="INITIALIZING")
    assert client.status(import_id) == "INITIALIZING"


def test_an_import_belongs_to_its_account_and_region(sim, client):
    sim.account(access_key="AKIDOTHER", secret_key="other", account_id="shared")
    sim.account(access_key="AKIDTHIRD", secret_key="third", account_id="shared")
    import_id = sim.add(owner="shared", region="eu-west-1")
    for key, secret, region, status in [("AKIDOTHER", "other", "eu-west-1", 200),
                                        ("AKIDTHIRD", "third", "eu-west-1", 200),
                                        ("AKIDOTHER", "other", "us-east-1", 404),
                                        (Sim.ACCESS_KEY, Sim.SECRET_KEY, "eu-west-1", 404)]:
        answer = client.call("GetImport", {"ImportId": import_id}, credentials=Credentials(key, secret), region=region)
        assert answer.status == status, (key, region)


# Lists


def list_all(client, operation, name, **body):
    """All pages: the entries of each."""
    pages = []
    while True:
        answer = client.call(operation, body).json
        pages.append(answer[name])
        if "NextToken" not in answer:
            return pages
        body["NextToken"] = answer["NextToken"]


def test_lists_imports_in_pages(sim, client):
    ids = sim.add_many(5)
    pages = list_all(client, "ListImports", "Imports", MaxResults=2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [entry["ImportId"] for page in pages for entry in page] == ids
    assert pages[0][0].keys() == {"ImportId", "ImportStatus", "Destinations", "CreatedTimestamp", "UpdatedTimestamp"}
    sim.settings(page_size=3)
    assert [len(page) for page in list_all(client, "ListImports", "Imports")] == [3, 2]


def test_lists_imports_by_destination_and_status(sim, client):
    wanted = sim.add(destination="arn:aws:cloudtrail:wanted", status="STOPPED")
    sim.add(destination="arn:aws:cloudtrail:wanted")
    sim.add(status="STOPPED")
    [[entry]] = list_all(client, "ListImports", "Imports", Destination="arn:aws:cloudtrail:wanted",
                         ImportStatus="STOPPED")
    assert entry["ImportId"] == wanted


def test_lists_failures_in_pages(sim, client):
    import_id = sim.add(failures=5)
    pages = list_all(client, "ListImportFailures", "Failures", ImportId=import_id, MaxResults=2)
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({entry["Location"] for page in pages for entry in page}) == 5
    assert pages[0][0].keys() == {"Location", "Status", "ErrorType", "ErrorMessage", "LastUpdatedTime"}


@pytest.mark.parametrize("operation, body, error", [
    ("GetImport", {"ImportId": new_id()}, (404, "ImportNotFoundException")),
    ("StopImport", {"ImportId": new_id()}, (404, "ImportNotFoundException")),
    ("ListImportFailures", {"ImportId": new_id()}, (404, "ImportNotFoundException")),
    ("GetImport", {}, (400, "InvalidParameterException")),
    ("GetImport", {"ImportId": new_id()[1:]}, (400, "InvalidParameterException")),
    ("GetImport", {"ImportId": 5}, (400, "InvalidParameterException")),
    ("ListImports", {"MaxResults": 0}, (400, "InvalidParameterException")),
    ("ListImports", {"MaxResults": 1001}, (400, "InvalidParameterException")),
    ("ListImports", {"MaxResults": "5"}, (400, "InvalidParameterException")),
    ("ListImports", {"ImportStatus": "RUNNING"}, (400, "InvalidParameterException")),
    ("ListImports", {"Destination": []}, (400, "InvalidParameterException")),
    ("ListImports", {"NextToken": "1"}, (400, "InvalidNextTokenException")),
    ("RestoreImport", {"ImportId": FIRST}, (400, "UnknownOperationException")),
    ("GetImport", b"[]", (400, "SerializationException")),
    ("GetImport", b"{'ImportId': 1}", (400, "SerializationException")),
])
def test_refuses_what_cloudtrail_refuses(client, operation, body, error):
    assert client.call(operation, body).error == error


@pytest.mark.parametrize("method, path", [("PUT", "/"), ("POST", "/elsewhere"), ("POST", "/a%20b/c")])
def test_operations_are_posts_to_the_root(client, method, path):
    assert client.call("ListImports", method=method, path=path).error == (400, "UnknownOperationException")


# Signatures


def refused(client, code, **options):
    answer = client.call("ListImports", **options)
    assert answer.error == (400, code)
    assert abs(parsedate_to_datetime(answer.headers["Date"]) - datetime.now(timezone.utc)) < timedelta(minutes=1)
    return answer.json["message"]


def test_takes_a_signature_from_any_region_and_with_a_token(sim, client):
    sim.account(access_key="ASIASESSION", secret_key="secret/+", session_token="tok/en+==")
    credentials = Credentials("ASIASESSION", "secret/+", "tok/en+==")
    assert client.call("ListImports", credentials=credentials, region="eu-central-2").status == 200


def test_takes_odd_white_space_and_repeated_headers(client, sim):
    request = signed(sim, "ListImports", {}, headers={"X-Amz-Meta": "  a   b  "})
    assert client.send(request).status == 200


def test_takes_a_query_in_any_order(client):
    assert client.call("ListImports", path="/?b=2&a=%2F&a=1&c=").status == 200


@pytest.mark.parametrize("credentials, code", [
    (Credentials(Sim.ACCESS_KEY, "wrong"), "InvalidSignatureException"),
    (Credentials("AKIDUNKNOWN", Sim.SECRET_KEY), "UnrecognizedClientException"),
    (Credentials(Sim.ACCESS_KEY, Sim.SECRET_KEY, "token"), "UnrecognizedClientException"),
    (Credentials("ASIASESSION", "secret"), "UnrecognizedClientException"),
    (Credentials("ASIASESSION", "secret", "wrong"), "UnrecognizedClientException"),
    (Credentials("ASIAEXPIRED", "secret", "token"), "ExpiredTokenException"),
])
def test_refuses_wrong_credentials(sim, client, credentials, code):
    sim.account(access_key="ASIASESSION", secret_key="secret", session_token="token")
    sim.account(access_key="ASIAEXPIRED", secret_key="secret", session_token="token", expires_in_seconds=-1)
    refused(client, code, credentials=credentials)


def test_refuses_a_wrong_scope(start_sim):
    sim = start_sim("--region", "eu-west-1")
    client = Client(sim)
    assert client.call("ListImports", region="eu-west-1").status == 200
    assert "region" in refused(client, "InvalidSignatureException", region="us-east-1")
    assert "service" in refused(client, "InvalidSignatureException", region="eu-west-1", service="sts")


@pytest.mark.parametrize("offset, code", [(-250, None), (250, None), (-330, "expired"), (330, "not yet current")])
def test_refuses_a_time_more_than_five_minutes_off(client, offset, code):
    if code:
        assert code in refused(client, "InvalidSignatureException", offset=offset)
    else:
        assert client.call("ListImports", offset=offset).status == 200


def test_the_code_for_a_wrong_time_can_be_chosen(sim, client):
    sim.settings(skew_error="RequestTimeTooSkewed")
    refused(client, "RequestTimeTooSkewed", offset=-3600)


def resign(change):
    """A change of the Authorization header."""
    return lambda request: put("Authorization", change(request.headers["Authorization"]))(request)


def drop(name):
    def change(request):
        del request.headers[name]
    return change


def put(name, value):
    def change(request):
        if name in request.headers:
            del request.headers[name]
        request.headers[name] = value
    return change


def set_body(request):
    request.body = b'{"MaxResults": 6}'


@pytest.mark.parametrize("change, code", [
    (drop("Authorization"), "MissingAuthenticationTokenException"),
    (resign(lambda text: "Bearer abc"), "IncompleteSignatureException"),
    (resign(lambda text: text.replace("Credential=", "Credentials=")), "IncompleteSignatureException"),
    (resign(lambda text: text.replace("/aws4_request", "")), "IncompleteSignatureException"),
    (resign(lambda text: text.partition(", SignedHeaders")[0]), "IncompleteSignatureException"),
    (resign(lambda text: text.partition(", Signature")[0]), "IncompleteSignatureException"),
    (drop("X-Amz-Date"), "IncompleteSignatureException"),
    (put("X-Amz-Date", "yesterday"), "IncompleteSignatureException"),
    (put("X-Amz-Date", "20150830T123600Z"), "InvalidSignatureException"),
    (resign(lambda text: text.replace("/aws4_request", "/aws3_request")), "InvalidSignatureException"),
    (resign(lambda text: text.replace("host;", "")), "InvalidSignatureException"),
    (resign(lambda text: text.replace(";x-amz-target", "")), "InvalidSignatureException"),
    (resign(lambda text: text.replace("content-type;host", "host;content-type")), "InvalidSignatureException"),
    (resign(lambda text: text[:-1] + ("0" if text[-1] != "0" else "1")), "InvalidSignatureException"),
    (put("X-Amz-Unsigned", "x"), "InvalidSignatureException"),
    (put("Content-Type", "application/x-amz-json-1.0"), "InvalidSignatureException"),
    (set_body, "InvalidSignatureException"),
])
def test_refuses_a_request_that_was_changed(sim, client, change, code):
    request = signed(sim, "ListImports", {"MaxResults": 5})
    change(request)
    assert client.send(request).error == (400, code)


# Faults


@pytest.fixture
def running(sim):
    return sim.add(stop_polls=0)


def get(client, import_id, operation="GetImport"):
    return client.call(operation, {"ImportId": import_id})


@pytest.mark.parametrize("fault, members, error", [
    ("throttle", {}, (400, "ThrottlingException")),
    ("throttle", {"status": 429}, (429, "ThrottlingException")),
    ("throttle", {"code": "SlowDown"}, (400, "SlowDown")),
    ("error", {}, (500, "InternalFailure")),
    ("error", {"code": "OperationNotPermittedException"}, (400, "OperationNotPermittedException")),
    ("error", {"code": "ImportNotFoundException"}, (404, "ImportNotFoundException")),
    ("error", {"status": 403, "code": "AccessDeniedException"}, (403, "AccessDeniedException")),
    ("expired-token", {}, (400, "ExpiredTokenException")),
])
def test_answers_with_an_error(sim, client, running, fault, members, error):
    sim.fault(fault, calls=1, **members)
    assert get(client, running, "StopImport").error == error
    assert client.status(running) == "IN_PROGRESS"  # the fault is gone, and the call had no effect


def test_a_throttled_answer_may_say_when_to_come_back(sim, client, running):
    sim.fault("throttle", retry_after="1500", message="Slow down, please")
    answer = get(client, running)
    assert answer.headers["x-amz-retry-after"] == "1500"
    assert answer.json["message"] == "Slow down, please"


@pytest.mark.parametrize("form, header, body", [
    ("type", None, {"__type": "SlowDown", "message": "m"}),
    ("namespace", None, {"__type": "com.amazonaws.cloudtrail.v20131101#SlowDown", "Message": "m"}),
    ("code", None, {"code": "SlowDown", "message": "m"}),
    ("header", "SlowDown:http://internal.amazon.com/coral/com.amazonaws.cloudtrail/", {"message": "m"}),
])
def test_an_error_has_the_form_that_was_set(sim, client, running, form, header, body):
    sim.fault("error", code="SlowDown", message="m", calls=1, form=form)
    sim.fault("error", code="SlowDown", message="m", calls=1)
    own = get(client, running)
    sim.settings(error_form=form)
    general = get(client, running)
    for answer in own, general:
        assert (answer.json, answer.headers.get("X-Amzn-Errortype")) == (body, header)


def test_answers_what_a_proxy_would(sim, client, running):
    sim.fault("not-json", calls=1)
    page = get(client, running)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html") and b"<html>" in page.text
    sim.fault("redirect", calls=1)
    moved = get(client, running)
    assert (moved.status, moved.headers["Location"]) == (307, "https://cloudtrail.example.com/")
    sim.fault("http", calls=1)
    empty = get(client, running)
    assert (empty.status, empty.text) == (503, b"")
    sim.fault("http", calls=1, status=502, body="bad gateway", content_type="text/plain")
    plain = get(client, running)
    assert (plain.status, plain.text, plain.headers["Content-Type"]) == (502, b"bad gateway", "text/plain")


def test_truncates_spoils_and_bloats_the_right_answer(sim, client, running):
    sim.fault("truncated", calls=1)
    with pytest.raises(http.client.IncompleteRead):
        get(client, running)
    sim.fault("wrong-types", calls=1)
    wrong = get(client, running).json
    assert wrong["ImportStatus"] == 7 and wrong["CreatedTimestamp"] == "yesterday" and wrong["ImportStatistics"] == []
    sim.fault("huge", calls=1)
    huge = get(client, running)
    assert len(huge.text) > 1 << 20 and huge.json["ImportId"] == running


@pytest.mark.parametrize("fault, error", [("reset", ConnectionResetError), ("close", http.client.RemoteDisconnected)])
@pytest.mark.parametrize("apply", [False, True])
def test_ends_the_connection_instead_of_an_answer(sim, client, running, fault, error, apply):
    sim.fault(fault, apply=apply, calls=1)
    with pytest.raises(error) as raised:
        get(client, running, "StopImport")
    assert raised.type is error  # RemoteDisconnected is a ConnectionResetError too
    assert Client(sim).status(running) == ("STOPPED" if apply else "IN_PROGRESS")


def raw_bytes(sim, request):
    headers = {"Host": f"127.0.0.1:{sim.port}", "Content-Length": len(request.body),
               **{name: value.decode() if isinstance(value, bytes) else value
                  for name, value in request.headers.items()}}
    lines = ["POST / HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + request.body


def test_hangs_until_the_client_goes(sim, running):
    sim.fault("hang", apply=True, calls=1)
    with socket.create_connection(("127.0.0.1", sim.port), DEADLINE) as connection:
        connection.sendall(raw_bytes(sim, signed(sim, "StopImport", {"ImportId": running})))
        [call] = sim.wait_calls(1)
        assert Client(sim).status(running) == "STOPPED"  # others are served, and it took effect
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        assert call["status"] == 0


def test_is_slow_and_serves_others_meanwhile(sim, client, running):
    sim.fault("slow", delay_seconds=2, operation="StopImport")
    with socket.create_connection(("127.0.0.1", sim.port), DEADLINE) as connection:
        connection.sendall(raw_bytes(sim, signed(sim, "StopImport", {"ImportId": running})))
        sim.wait_calls(1)
        assert client.status(running) == "STOPPED"
        [call] = sim.calls("StopImport")
        assert "status" not in call, "not answered yet"
        assert b"200 OK" in connection.recv(4096)
    [call] = sim.calls("StopImport")
    assert call["answeredUsec"] - call["receivedUsec"] >= 1_990_000  # its timers count from the turn of its loop


def test_outlives_clients_that_give_up(sim, running):
    sim.fault("slow", delay_seconds=0.1, calls=1)
    sim.fault("hang", calls=1)
    sim.fault("reset", delay_seconds=0.1, calls=1)
    abandoned = raw_bytes(sim, signed(sim, "GetImport", {"ImportId": running}))
    for count in range(1, 4):
        with socket.create_connection(("127.0.0.1", sim.port), DEADLINE) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.sendall(abandoned)
            sim.wait_calls(count)
    wait_until(lambda: all("status" in call for call in sim.calls()))
    assert Client(sim).status(running) == "IN_PROGRESS"


def wait_until(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_its_clock_may_be_wrong(sim, client, running):
    sim.fault("skew", seconds=3600, calls=1)
    answer = get(client, running)
    assert answer.error == (400, "InvalidSignatureException")
    ahead = parsedate_to_datetime(answer.headers["Date"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=59) < ahead < timedelta(minutes=61)
    assert get(client, running).status == 200
    sim.settings(clock_offset_seconds=-3600)
    assert get(client, running).status == 400
    assert client.call("GetImport", {"ImportId": running}, offset=-3600).status == 200


def test_a_fault_meets_the_calls_it_is_for(sim, client, running):
    other = sim.add()
    sim.account(access_key="AKIDOTHER", secret_key="other")
    sim.fault("error", code="ByOperation", operation="ListImports")
    sim.fault("error", code="ByImport", import_id=other)
    sim.fault("error", code="ByKey", access_key="AKIDOTHER")
    sim.fault("error", code="Third", skip=2, calls=1)
    assert client.call("ListImports").json["__type"] == "ByOperation"
    assert get(client, other).json["__type"] == "ByImport"
    answer = client.call("GetImport", {"ImportId": running}, credentials=Credentials("AKIDOTHER", "other"))
    assert answer.json["__type"] == "ByKey"
    assert [get(client, running).status for _ in range(4)] == [200, 200, 400, 200]
    assert [fault["fault"] for fault in sim.control("faults")] == ["error"] * 3
    sim.clear_faults()
    assert sim.control("faults") == [] and get(client, other).status == 200


def test_a_wrong_signature_uses_up_no_fault(sim, client, running):
    sim.fault("throttle", calls=1)
    refused(client, "InvalidSignatureException", credentials=Credentials(Sim.ACCESS_KEY, "wrong"))
    assert get(client, running).error == (400, "ThrottlingException")


def test_keeps_cloudtrails_quotas_when_asked(start_sim):
    sim = start_sim("--enforce-quota")
    client, import_id = Client(sim), sim.add()
    stops = [get(client, import_id, "StopImport") for _ in range(2)]
    assert stops[0].status == 200 and stops[1].error == (400, "ThrottlingException")
    reads = [get(client, import_id).status for _ in range(15)]
    assert reads[:10] == [200] * 10 and 400 in reads
    elsewhere = client.call("StopImport", {"ImportId": import_id}, region="eu-west-1")
    assert elsewhere.status == 200


# Counts and the log


def test_counts_and_remembers_calls(sim, client):
    first, second = sim.add_many(2)
    before = time.monotonic_ns() // 1000
    request = signed(sim, "StopImport", {"ImportId": first}, headers={
        "User-Agent": "test/1", "amz-sdk-invocation-id": "an-id", "amz-sdk-request": "attempt=2; max=3"})
    client.send(request)
    get(client, second)
    client.call("GetImport", {"ImportId": new_id()})
    after = time.monotonic_ns() // 1000
    counts = sim.control("calls")
    assert counts["calls"] == 3
    assert counts["operations"] == {"StopImport": 1, "GetImport": 2}
    assert counts["imports"][first] == {"StopImport": 1} and counts["imports"][second] == {"GetImport": 1}
    assert counts["accessKeys"] == {Sim.ACCESS_KEY: {"StopImport": 1, "GetImport": 2}}
    assert counts["errors"] == {"ImportNotFoundException": 1}
    stop, _, unknown = counts["log"]
    assert before <= stop["receivedUsec"] <= stop["answeredUsec"] <= after
    assert (stop["operation"], stop["importId"], stop["accessKey"], stop["region"], stop["userAgent"],
            stop["invocationId"], stop["attempt"], stop["method"], stop["uri"], stop["status"]) == (
        "StopImport", first, Sim.ACCESS_KEY, "us-east-1", "test/1", "an-id", 2, "POST", "/", 200)
    assert json.loads(stop["body"]) == {"ImportId": first}
    assert dict(stop["headers"])["Authorization"] == request.headers["Authorization"]
    assert (unknown["status"], unknown["error"]) == (404, "ImportNotFoundException")
    assert [call["sequence"] for call in sim.control("calls?last=2")["log"]] == [2, 3]
    assert [call["sequence"] for call in sim.control("calls?after=2")["log"]] == [3]


def test_forgets_the_oldest_calls(start_sim):
    sim = start_sim("--log-size", 2)
    client = Client(sim)
    for _ in range(5):
        client.call("ListImports")
    counts = sim.control("calls")
    assert counts["operations"] == {"ListImports": 5}
    assert [call["sequence"] for call in counts["log"]] == [4, 5]


def test_reset_goes_back_to_the_command_line(start_sim):
    sim = start_sim("--imports", "2:stopPolls=0", "--account", "KEY:secret:token")
    client, credentials = Client(sim), Credentials("KEY", "secret", "token")
    sim.add()
    sim.fault("throttle")
    sim.settings(clock_offset_seconds=60)
    sim.control("reset", method="POST")
    assert [entry["ImportId"] for entry in sim.control("imports")] == [FIRST, SECOND]
    assert sim.control("faults") == [] and sim.control("calls")["calls"] == 0
    assert client.call("StopImport", {"ImportId": FIRST}, credentials=credentials).json["ImportStatus"] == "STOPPED"
    refused(client, "UnrecognizedClientException")


@pytest.mark.parametrize("path, body, error", [
    ("faults", {"fault": "meteor"}, "there is no fault 'meteor'"),
    ("faults", [{"fault": "slow"}, {"fault": "throttle", "calls": 0}], "faults[1]: 'calls' must be"),
    ("faults", {"fault": "throttle", "operation": "RestoreImport"}, "there is no operation 'RestoreImport'"),
    ("faults", {"fault": "throttle", "status": 99}, "'status' must be from 200 to 599"),
    ("faults", {"fault": "throttle", "delaySeconds": "1"}, "'delaySeconds' must be a number"),
    ("imports", {"colour": "blue"}, "there is no member 'colour'"),
    ("imports", {"id": "x"}, "'x' is not an import id"),
    ("imports", {"filesCompleted": "many"}, "'filesCompleted' must be an integer or FROM..TO"),
    ("accounts", {"accessKey": "KEY"}, "needs an accessKey and a secretKey"),
    ("settings", {"errorForm": "smoke"}, "there is no form 'smoke'"),
    ("scenario", {"weather": []}, "there is no part 'weather'"),
    ("scenario", 5, "a scenario is an object"),
])
def test_says_what_is_wrong_with_a_declaration(sim, path, body, error):
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=DEADLINE)
    connection.request("POST", f"/_sim/{path}", json.dumps(body))
    answer = Answer(connection.getresponse())
    assert answer.status == 400 and error in answer.json["error"]


def test_knows_no_other_control_endpoint(sim):
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=DEADLINE)
    connection.request("GET", "/_sim/weather")
    assert connection.getresponse().status == 404


# The program


def test_scenario_file(start_sim, tmp_path):
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps({
        "settings": {"region": "eu-west-1"}, "accounts": [{"accessKey": "KEY", "secretKey": "secret"}],
        "imports": [{"count": 2, "status": "INITIALIZING"}], "faults": [{"fault": "throttle", "calls": 1}]}))
    more = tmp_path / "more.json"
    more.write_text(json.dumps({"imports": {"id": SECOND, "status": "FAILED"}}))
    sim = start_sim("--scenario", file, "--scenario", more)
    client, options = Client(sim), {"credentials": Credentials("KEY", "secret"), "region": "eu-west-1"}
    assert client.call("GetImport", {"ImportId": SECOND}, **options).error == (400, "ThrottlingException")
    assert client.call("GetImport", {"ImportId": SECOND}, **options).json["ImportStatus"] == "FAILED"
    assert client.call("GetImport", {"ImportId": FIRST}, **options).json["ImportStatus"] == "INITIALIZING"


def test_tls_handshakes_are_counted_per_connection(start_sim, tmp_path):
    certificate = make_certificate(tmp_path)
    sim = start_sim("--cert", certificate.cert, "--key", certificate.key)
    assert sim.url.startswith("https://")
    client = Client(sim, ssl.create_default_context(cafile=certificate.cert))
    sim.control("reset", method="POST")
    for _ in range(3):
        assert client.call("ListImports").status == 200
    own = 1  # of the question itself
    counts = sim.counts()
    assert (counts["connections"], counts["tlsHandshakes"], counts["calls"]) == (1 + own, 1 + own, 3)


@pytest.mark.parametrize("fault", ["reset", "close", "hang", "truncated", "huge", "slow"])
def test_faults_work_over_tls(start_sim, tmp_path, fault):
    certificate = make_certificate(tmp_path)
    sim = start_sim("--cert", certificate.cert, "--key", certificate.key)
    context = ssl.create_default_context(cafile=certificate.cert)
    sim.fault(fault, delay_seconds=0.05, calls=1)
    client = Client(sim, context)
    client.connection.timeout = 0.5
    if fault in ("huge", "slow"):
        assert client.call("ListImports").json == {"Imports": []}
    else:
        with pytest.raises((OSError, http.client.HTTPException)):
            client.call("ListImports")
    assert Client(sim, context).call("ListImports").status == 200


def test_prints_the_calls_at_the_end(build):
    with subprocess.Popen([build / "trailstop-sim", "--print-calls", "--listen", "[::1]:0"],
                          stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        assert line.startswith("listening on http://[::1]:")
        connection = http.client.HTTPConnection("::1", int(line.rpartition(":")[2]), timeout=DEADLINE)
        connection.request("POST", "/", "{}")
        assert Answer(connection.getresponse()).error == (400, "MissingAuthenticationTokenException")
        process.send_signal(signal.SIGTERM)
        counts = json.loads(process.stdout.read())
    assert process.returncode == 0
    assert counts["operations"] == {"Unknown": 1}


@pytest.mark.parametrize("arguments, message", [
    (["--cert", "x"], "--cert and --key go together"),
    (["--meteor"], "there is no option '--meteor'"),
    (["--listen"], "option '--listen' needs a value"),
    (["import"], "unexpected argument 'import'"),
    (["--listen", "127.0.0.1"], "'127.0.0.1' is not ADDRESS:PORT"),
    (["--imports", "x:"], "--imports: expected N:SPEC, found 'x:'"),
    (["--import", "status"], "--import: expected name=value, found 'status'"),
    (["--import", "colour=blue"], "imports[0]: there is no member 'colour' here"),
    (["--account", "KEY"], "--account: expected ACCESS_KEY:SECRET"),
    (["--log-size", "0"], "--log-size: expected a number from 1, found '0'"),
])
def test_says_what_is_wrong_with_the_command_line(build, arguments, message):
    run = subprocess.run([build / "trailstop-sim", *arguments], capture_output=True, text=True, timeout=DEADLINE)
    assert run.returncode == 2 and message in run.stderr and "--help" in run.stderr


def test_help_and_failures_to_start(build):
    run = subprocess.run([build / "trailstop-sim", "--help"], capture_output=True, text=True, timeout=DEADLINE)
    assert run.returncode == 0 and "--scenario" in run.stdout
    run = subprocess.run([build / "trailstop-sim", "--scenario", "/nonexistent"], capture_output=True, text=True,
                         timeout=DEADLINE)
    assert run.returncode == 1 and "/nonexistent: cannot be read: No such file" in run.stderr
