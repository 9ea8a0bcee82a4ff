# SPDX-License-Identifier: Apache-2.0
"""The simulator itself: which signatures it takes, and what it breaks.

botocore signs here, so that neither trailstop's signer nor the simulator's verifier judges itself."""

import http.client
import socket
import struct
import time
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

import pytest
from botocore.credentials import Credentials

from harness import DEADLINE
from harness.signed import Client, client, get_import, refused, signed
from harness.sim import Sim


# Signatures


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
    assert get_import(client, running, "StopImport").error == error
    assert client.status(running) == "IN_PROGRESS"  # the fault is gone, and the call had no effect


def test_a_throttled_answer_may_say_when_to_come_back(sim, client, running):
    sim.fault("throttle", retry_after="1500", message="Slow down, please")
    answer = get_import(client, running)
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
    own = get_import(client, running)
    sim.settings(error_form=form)
    general = get_import(client, running)
    for answer in own, general:
        assert (answer.json, answer.headers.get("X-Amzn-Errortype")) == (body, header)


def test_answers_what_a_proxy_would(sim, client, running):
    sim.fault("not-json", calls=1)
    page = get_import(client, running)
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html") and b"<html>" in page.text
    sim.fault("redirect", calls=1)
    moved = get_import(client, running)
    assert (moved.status, moved.headers["Location"]) == (307, "https://cloudtrail.example.com/")
    sim.fault("http", calls=1)
    empty = get_import(client, running)
    assert (empty.status, empty.text) == (503, b"")
    sim.fault("http", calls=1, status=502, body="bad gateway", content_type="text/plain")
    plain = get_import(client, running)
    assert (plain.status, plain.text, plain.headers["Content-Type"]) == (502, b"bad gateway", "text/plain")


def test_truncates_spoils_and_bloats_the_right_answer(sim, client, running):
    sim.fault("truncated", calls=1)
    with pytest.raises(http.client.IncompleteRead):
        get_import(client, running)
    sim.fault("wrong-types", calls=1)
    wrong = get_import(client, running).json
    assert wrong["ImportStatus"] == 7 and wrong["CreatedTimestamp"] == "yesterday" and wrong["ImportStatistics"] == []
    sim.fault("huge", calls=1)
    huge = get_import(client, running)
    assert len(huge.text) > 1 << 20 and huge.json["ImportId"] == running


@pytest.mark.parametrize("fault, error", [("reset", ConnectionResetError), ("close", http.client.RemoteDisconnected)])
@pytest.mark.parametrize("apply", [False, True])
def test_ends_the_connection_instead_of_an_answer(sim, client, running, fault, error, apply):
    sim.fault(fault, apply=apply, calls=1)
    with pytest.raises(error) as raised:
        get_import(client, running, "StopImport")
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
    answer = get_import(client, running)
    assert answer.error == (400, "InvalidSignatureException")
    ahead = parsedate_to_datetime(answer.headers["Date"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=59) < ahead < timedelta(minutes=61)
    assert get_import(client, running).status == 200
    sim.settings(clock_offset_seconds=-3600)
    assert get_import(client, running).status == 400
    assert client.call("GetImport", {"ImportId": running}, offset=-3600).status == 200


def test_a_fault_meets_the_calls_it_is_for(sim, client, running):
    other = sim.add()
    sim.account(access_key="AKIDOTHER", secret_key="other")
    sim.fault("error", code="ByOperation", operation="ListImports")
    sim.fault("error", code="ByImport", import_id=other)
    sim.fault("error", code="ByKey", access_key="AKIDOTHER")
    sim.fault("error", code="Third", skip=2, calls=1)
    assert client.call("ListImports").json["__type"] == "ByOperation"
    assert get_import(client, other).json["__type"] == "ByImport"
    answer = client.call("GetImport", {"ImportId": running}, credentials=Credentials("AKIDOTHER", "other"))
    assert answer.json["__type"] == "ByKey"
    assert [get_import(client, running).status for _ in range(4)] == [200, 200, 400, 200]
    assert [fault["fault"] for fault in sim.control("faults")] == ["error"] * 3
    sim.clear_faults()
    assert sim.control("faults") == [] and get_import(client, other).status == 200


def test_a_wrong_signature_uses_up_no_fault(sim, client, running):
    sim.fault("throttle", calls=1)
    refused(client, "InvalidSignatureException", credentials=Credentials(Sim.ACCESS_KEY, "wrong"))
    assert get_import(client, running).error == (400, "ThrottlingException")


def test_keeps_cloudtrails_quotas_when_asked(start_sim):
    sim = start_sim("--enforce-quota")
    client, import_id = Client(sim), sim.add()
    stops = [get_import(client, import_id, "StopImport") for _ in range(2)]
    assert stops[0].status == 200 and stops[1].error == (400, "ThrottlingException")
    reads = [get_import(client, import_id).status for _ in range(15)]
    assert reads[:10] == [200] * 10 and 400 in reads
    elsewhere = client.call("StopImport", {"ImportId": import_id}, region="eu-west-1")
    assert elsewhere.status == 200
