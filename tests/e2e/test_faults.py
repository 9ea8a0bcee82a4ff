# SPDX-License-Identifier: Apache-2.0
"""Whatever breaks on the way to AWS, or over there, ends no job: it waits, calls again, and the journal has it once."""

import socket
import time

import pytest

from harness.daemon import UNHURRIED, target
from harness.flood import FloodingServer
from harness.sim import Sim, new_id
from harness.varlink import VarlinkError


# Each fault that the retries within a call are for, and the code that a job shows meanwhile.
TRANSIENT = {
    "a throttled call": ("throttle", {}, "ThrottlingException"),
    "a throttled call, status 429": ("throttle", {"status": 429}, "ThrottlingException"),
    "a bare 429": ("http", {"status": 429}, "UnexpectedStatus"),
    "another throttling code": ("throttle", {"code": "SlowDown"}, "SlowDown"),
    "an internal failure": ("error", {"status": 500}, "InternalFailure"),
    "500 without a code": ("http", {"status": 500}, "UnexpectedStatus"),
    "502 with a page": ("http", {"status": 502, "body": "<html>Bad Gateway</html>",
                                 "content_type": "text/html"}, "UnexpectedStatus"),
    "503": ("http", {"status": 503}, "UnexpectedStatus"),
    "504": ("http", {"status": 504}, "UnexpectedStatus"),
    "a request time-out": ("error", {"status": 400, "code": "RequestTimeout"}, "RequestTimeout"),
    "a proxy's page": ("not-json", {}, "UnreadableAnswer"),
    "a truncated answer": ("truncated", {}, "UnreadableAnswer"),
    "a huge answer": ("huge", {}, "UnreadableAnswer"),
    "a reset": ("reset", {}, "ConnectionFailed"),
    "a close": ("close", {}, "ConnectionFailed"),
    "a hang": ("hang", {}, "TimedOut"),
}
# Those that say nothing about CloudTrail either, but that another attempt at once would not change.
LASTING = {
    "a proxy's 403": ("http", {"status": 403, "body": "<html>Blocked</html>", "content_type": "text/html"},
                      "UnexpectedStatus"),
    "a 404 of something else": ("http", {"status": 404}, "UnexpectedStatus"),
    "a redirect": ("redirect", {}, "UnexpectedStatus"),
}


def calls_that_meet(fault):
    """Options of the section [calls]. Only a hang is ended by the time that a call may take."""
    return {"timeout": "2s"} if fault == "hang" else {}


@pytest.mark.parametrize("operation", ["StopImport", "GetImport"])
@pytest.mark.parametrize("fault, members, code", TRANSIENT.values(), ids=TRANSIENT.keys())
def test_a_fault_that_passes_is_retried_within_the_call(start_daemon, sim, operation, fault, members, code):
    daemon = start_daemon(calls=calls_that_meet(fault))
    sim.fault(fault, operation=operation, calls=1, **members)
    job = daemon.stopped(sim.add())
    assert job["state"] == "stopped" and "lastError" not in job
    assert job["attempts"] == (2 if operation == "StopImport" else 1)
    assert sim.counts()["faults"] == {fault: 1}

    retry = daemon.journal.wait("call-retried", aws_error=code)
    assert retry["TRAILSTOP_TARGET"] == "default"
    assert retry["TRAILSTOP_JOB"] == job["id"]
    assert retry["TRAILSTOP_IMPORT_ID"] == job["importId"]
    assert retry["PRIORITY"] == "7"
    assert not daemon.journal.find("outage-began")


@pytest.mark.parametrize("fault, members, code", [*TRANSIENT.values(), *LASTING.values()],
                         ids=[*TRANSIENT, *LASTING])
def test_a_fault_that_lasts_is_an_outage_logged_once_and_waited_out(start_daemon, sim, fault, members, code):
    daemon = start_daemon(calls={**calls_that_meet(fault), "max-attempts": 1})
    sim.fault(fault, **members)
    import_ids = sim.add_many(3)
    jobs = [daemon.stop(import_id) for import_id in import_ids]
    began = daemon.journal.wait("outage-began", target="default")
    assert began["TRAILSTOP_AWS_ERROR"] == code

    # More failed calls later it is still the one outage, and the jobs say what holds them up.
    failed = sim.counts()["calls"]
    sim.wait_calls(failed + 1)
    held = [daemon.job(job["id"]) for job in jobs]
    assert {job["state"] for job in held} <= {"queued", "stopping", "polling"}
    assert any(job.get("lastError", {}).get("code") == code for job in held)

    sim.clear_faults()
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])
    assert len(daemon.journal.find("outage-began")) == 1
    assert len(daemon.journal.find("outage-ended", target="default")) == 1
    assert all("lastError" not in daemon.job(job["id"]) for job in jobs)


@pytest.mark.parametrize("status, state", [("STOPPED", "stopped"), ("COMPLETED", "completed"), ("FAILED", "failed")])
def test_what_held_a_job_up_is_not_how_it_ended(start_daemon, sim, status, state):
    daemon = start_daemon(calls={"max-attempts": 1})
    import_id = sim.add_endless()
    job = daemon.stop(import_id)
    daemon.journal.wait("stop-accepted")
    sim.fault("http", status=503)
    daemon.journal.wait("outage-began")
    assert daemon.job(job["id"])["lastError"]["httpStatus"] == 503
    sim.finish(import_id, status)
    sim.clear_faults()
    entry = daemon.journal.wait(f"import-{state}", job=job["id"])
    assert "TRAILSTOP_AWS_ERROR" not in entry
    assert "lastError" not in daemon.job(job["id"])


def test_one_job_probes_for_all_while_a_target_is_out(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1})
    sim.fault("http", status=503)
    first = daemon.stop(sim.add())
    daemon.journal.wait("outage-began")
    others = [daemon.stop(import_id) for import_id in sim.add_many(20)]
    # The next call is another probe; so is the one after it, and no job had one of its own.
    calls = sim.wait_calls(sim.counts()["calls"] + 2)
    held = [job for job in daemon.call("ListJobs")["jobs"] if "lastError" in job]
    assert len(held) >= len(others), "all but the one that probes"
    assert {job["lastError"]["httpStatus"] for job in held} == {503}
    assert sum("nextCallAt" in job for job in held) >= len(others)
    arrived = [call["receivedUsec"] for call in calls]
    assert len(calls) < 10, "a probe at a time, further and further apart"
    assert arrived == sorted(arrived)
    sim.clear_faults()
    for job in (first, *others):
        daemon.journal.wait("import-stopped", job=job["id"])


def test_an_outage_of_one_target_holds_up_no_other(start_daemon, sim, start_sim):
    other = start_sim()
    daemon = start_daemon({"default": target(sim), "other": target(other)})
    sim.fault("http", status=503)
    held = daemon.stop(sim.add())
    daemon.journal.wait("outage-began", target="default")
    assert daemon.stopped(other.add(), target="other")["state"] == "stopped"
    assert not daemon.journal.find("outage-began", target="other")
    sim.clear_faults()
    daemon.journal.wait("import-stopped", job=held["id"])


def test_what_held_a_job_up_is_gone_when_it_goes_on(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1})
    job = daemon.stop(sim.add_endless())
    daemon.journal.wait("stop-accepted")
    sim.fault("http", status=503)
    daemon.journal.wait("outage-began")
    assert daemon.job(job["id"])["state"] == "polling"
    sim.clear_faults()
    daemon.journal.wait("outage-ended")
    after = daemon.job(job["id"])
    assert after["state"] == "polling" and "lastError" not in after
    assert len(sim.calls("StopImport")) == 1


def test_a_second_outage_is_logged_again(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1})
    for number in (1, 2):
        sim.fault("http", status=503)
        job = daemon.stop(sim.add())
        daemon.journal.wait("outage-began", count=number)
        sim.clear_faults()
        daemon.journal.wait("import-stopped", job=job["id"])
        daemon.journal.wait("outage-ended", count=number)


@pytest.mark.parametrize("known", [True, False], ids=["an import", "a refusal"])
def test_an_answer_to_a_question_ends_an_outage(start_daemon, sim, known):
    daemon = start_daemon(calls={"max-attempts": 1})
    sim.fault("http", status=503, operation="StopImport")
    job = daemon.stop(sim.add())
    daemon.journal.wait("outage-began")
    if known:
        assert daemon.call("GetImport", importId=job["importId"])["import"]
    else:
        with pytest.raises(VarlinkError, match="ImportNotFound"):
            daemon.call("GetImport", importId=new_id())
    daemon.journal.wait("outage-ended", target="default")
    sim.clear_faults()
    daemon.journal.wait("import-stopped", job=job["id"])


def test_a_question_without_an_answer_ends_no_outage(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1})
    sim.fault("http", status=503)
    daemon.stop(sim.add())
    daemon.journal.wait("outage-began")
    with pytest.raises(VarlinkError, match="CallFailed"):
        daemon.call("ListImports")
    assert not daemon.journal.find("outage-ended")


def test_an_answer_for_a_target_that_is_gone(start_daemon, sim):
    daemon = start_daemon({"default": target(sim), "going": target(sim)}, calls={"max-attempts": 1})
    sim.fault("http", status=503, operation="StopImport")
    sim.fault("slow", delay_seconds=1, operation="GetImport")
    import_id = sim.add()
    daemon.stop(import_id, target="going")
    daemon.journal.wait("outage-began", target="going")
    with daemon.connect() as connection:
        connection.send("GetImport", {"importId": import_id, "target": "going"})
        sim.wait_calls(1, "GetImport")
        daemon.configure({"default": target(sim)}, calls={"max-attempts": 1})
        daemon.reload()
        assert connection.reply()["import"]["ImportId"] == import_id


def test_a_job_that_comes_when_none_waits_for_its_target_calls_at_once(start_daemon, sim):
    """Jobs that have expired leave no wait behind for those that come later."""
    daemon = start_daemon(calls={"max-attempts": 1})
    sim.fault("http", status=503)
    for _ in range(5):
        with pytest.raises(VarlinkError, match="DeadlineExpired") as caught:
            daemon.stopped(sim.add(), timeout=1)
        assert caught.value.parameters["job"]["attempts"] >= 1


def test_a_job_that_probes_is_held_up_like_the_others(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1})
    failing, hanging = sim.add(), sim.add()
    sim.fault("http", status=503, import_id=failing)
    sim.fault("hang", import_id=hanging)
    daemon.stop(failing)
    daemon.journal.wait("outage-began")
    prober = daemon.stop(hanging)
    sim.wait_calls(1, "StopImport", hanging)
    assert daemon.job(prober["id"])["lastError"]["httpStatus"] == 503


def test_a_deadline_ends_a_job_that_waits_for_an_outage(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1})
    sim.fault("http", status=503)
    with pytest.raises(VarlinkError) as caught:
        daemon.stopped(sim.add(), timeout=1)
    assert caught.value.short_name == "DeadlineExpired"
    assert caught.value.parameters["job"]["lastError"]["httpStatus"] == 503


# An answer lost after the call took effect


@pytest.mark.parametrize("fault", ["reset", "close", "hang", "http", "throttle", "truncated"])
def test_an_answer_lost_after_the_stop_took_effect(start_daemon, sim, fault):
    daemon = start_daemon(calls=calls_that_meet(fault))
    sim.fault(fault, operation="StopImport", calls=1, apply=True, **({"status": 500} if fault == "http" else {}))
    job = daemon.stopped(sim.add(ended_stop="OperationNotPermittedException"))
    assert job["state"] == "stopped" and job["alreadyStopped"] is False
    assert job["attempts"] == 2


def test_a_slow_answer_is_waited_for(daemon, sim):
    sim.fault("slow", delay_seconds=0.3, operation="StopImport", calls=1)
    job = daemon.stopped(sim.add())
    assert job["attempts"] == 1
    assert not daemon.journal.find("call-retried")


# How calls are retried


def test_at_most_max_attempts_with_one_invocation_id(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 3})
    sim.fault("http", status=500, operation="StopImport", calls=3)
    job = daemon.stopped(sim.add())
    calls = sim.calls("StopImport")
    assert job["attempts"] == len(calls) == 4
    assert len({call["invocationId"] for call in calls[:3]}) == 1
    assert calls[3]["invocationId"] != calls[0]["invocationId"]
    sent = [dict(call["headers"])["amz-sdk-request"] for call in calls]
    assert sent == ["attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3", "attempt=1; max=3"]
    daemon.journal.wait("outage-ended")


def test_waits_as_long_as_the_answer_asks(daemon, sim):
    sim.fault("http", status=503, retry_after="700", operation="StopImport", calls=1)
    daemon.stopped(sim.add())
    first, second = sim.calls("StopImport")
    waited = (second["receivedUsec"] - first["answeredUsec"]) / 1e6
    assert waited >= 0.69


def test_waits_as_many_seconds_as_a_busy_server_asks(daemon, sim):
    sim.fault("http", status=503, retry_after_seconds="1", operation="StopImport", calls=1)
    daemon.stopped(sim.add())
    first, second = sim.calls("StopImport")
    assert second["receivedUsec"] - first["answeredUsec"] >= 990_000


@pytest.mark.parametrize("retry_after", ["-5", "soon", "", "99999999999999999999"])
def test_an_invalid_wait_is_ignored(daemon, sim, retry_after):
    sim.fault("http", status=503, retry_after=retry_after, operation="StopImport", calls=1)
    began = time.monotonic()
    daemon.stopped(sim.add())
    assert time.monotonic() - began < 10


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
FLOODS = {
    "a body": (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1024), "chunks": (CHUNKED, b"1\r\nx\r\n" * 100),
    "trailers": (CHUNKED + b"0\r\n", b"X: y\r\n" * 100), "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 100),
    "a header of many lines": (b"HTTP/1.1 200 OK\r\nX: y\r\n", b" y\r\n" * 100),
    "a line": (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1024), "a status": (b"HTTP/1.1 2", b"0" * 1024),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_an_answer_without_end_is_given_up(start_daemon, flood):
    """When it is longer than any, not when it is late: what came is looked at again and again."""
    server = FloodingServer(*FLOODS[flood])
    options = {"region": "us-east-1", "endpoint-url": f"http://127.0.0.1:{server.port}", **UNHURRIED}
    daemon = start_daemon({"default": options}, calls={"max-attempts": 1, "timeout": "10min"})
    with pytest.raises(VarlinkError) as caught:
        daemon.call("GetImport", importId=new_id())
    assert caught.value.parameters["cause"]["code"] == "UnreadableAnswer"
    assert "larger than" in caught.value.parameters["cause"]["message"]
    server.close()


def test_redirects_are_not_followed(start_daemon, sim, start_sim):
    elsewhere = start_sim()
    daemon = start_daemon(calls={"max-attempts": 1})
    sim.fault("redirect", location=elsewhere.url + "/", calls=2)
    daemon.stopped(sim.add())
    assert elsewhere.counts()["calls"] == 0


# Credentials


def test_rejected_credentials_are_fetched_again_once(new_daemon, sim, tmp_path):
    """Keys that were replaced in the shared file since they were read work without a restart."""
    credentials = tmp_path / "credentials"

    def write(access_key):
        credentials.write_text(
            f"[default]\naws_access_key_id = {access_key}\naws_secret_access_key = {Sim.SECRET_KEY}\n")

    write("AKIDEXAMPLE")
    daemon = new_daemon({"default": target(sim)}, environment={
        "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}).start()
    daemon.stopped(sim.add())
    sim.account(access_key="AKIDROTATED", secret_key=Sim.SECRET_KEY)
    sim.fault("expired-token", access_key="AKIDEXAMPLE")
    write("AKIDROTATED")
    assert daemon.stopped(sim.add(), timeout=20)["state"] == "stopped"


@pytest.mark.parametrize("code", ["ExpiredTokenException", "UnrecognizedClientException",
                                  "InvalidClientTokenId", "ExpiredToken"])
def test_credentials_that_stay_rejected_hold_a_job_up(daemon, sim, code):
    """A key just made is not known everywhere at once."""
    sim.fault("error", status=400, code=code, operation="StopImport")
    import_id = sim.add()
    job = daemon.stop(import_id)
    assert daemon.journal.wait("outage-began", target="default")["TRAILSTOP_AWS_ERROR"] == code
    sim.wait_calls(4, "StopImport", import_id)
    held = daemon.job(job["id"])
    assert held["state"] == "stopping" and held["lastError"]["code"] == code
    calls = sim.calls("StopImport", import_id)
    assert calls[0]["invocationId"] == calls[1]["invocationId"], "once more at once, with those fetched again"
    assert calls[1]["invocationId"] != calls[2]["invocationId"]
    sim.clear_faults()
    daemon.journal.wait("import-stopped", job=job["id"])


def test_a_job_waits_for_credentials_as_for_any_outage(new_daemon, sim, tmp_path):
    credentials = tmp_path / "credentials"
    daemon = new_daemon({"default": target(sim)}, environment={
        "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
        "AWS_SHARED_CREDENTIALS_FILE": str(credentials)}).start()
    job = daemon.stop(sim.add())
    daemon.journal.wait("credentials-failed", target="default")
    with daemon.connect() as watcher:
        changes = watcher.call_more("Watch", {"ids": [job["id"]]})
        held = next(change["job"] for change in changes if "lastError" in change["job"])
    assert held["lastError"]["code"] == "CredentialsUnavailable"
    assert sim.calls() == []
    credentials.write_text(
        f"[default]\naws_access_key_id = {Sim.ACCESS_KEY}\naws_secret_access_key = {Sim.SECRET_KEY}\n")
    daemon.journal.wait("import-stopped", job=job["id"])


# Nobody there


def test_waits_for_an_endpoint_that_is_not_there_yet(new_daemon, start_sim, sim):
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    daemon = new_daemon({"default": {**target(sim), "endpoint-url": f"http://127.0.0.1:{port}"}}).start()
    import_id = sim.add()
    job = daemon.stop(import_id)
    assert daemon.journal.wait("outage-began")["TRAILSTOP_AWS_ERROR"] == "ConnectionFailed"
    late = start_sim("--listen", f"127.0.0.1:{port}")
    late.add(id=import_id)
    daemon.journal.wait("import-stopped", job=job["id"])


def test_a_certificate_that_nobody_vouches_for_is_refused(new_daemon, start_sim, certificate):
    secure = start_sim("--cert", certificate.cert, "--key", certificate.key)
    daemon = new_daemon({"default": target(secure)}, calls={"max-attempts": 1}).start()
    job = daemon.stop(secure.add())
    assert daemon.journal.wait("outage-began")["TRAILSTOP_AWS_ERROR"] == "TLSFailed"
    assert daemon.job(job["id"])["lastError"]["code"] == "TLSFailed"
    assert secure.calls() == []


def test_a_certificate_of_the_ca_bundle_is_taken_and_its_connection_kept(new_daemon, start_sim, certificate):
    secure = start_sim("--cert", certificate.cert, "--key", certificate.key)
    daemon = new_daemon({"default": target(secure, ca_bundle=certificate.cert)}).start()
    # The control calls of the test are connections of their own: only the daemon's are of interest.
    import_id = secure.add(stop_polls=10)
    daemon.stopped(import_id)
    assert len({call["peer"] for call in secure.calls()}) == 1
