# SPDX-License-Identifier: Apache-2.0
"""The simulator itself: what it answers, counts and prints is what its README says."""

import http.client
import json
import signal
import ssl
import subprocess
import time

import pytest
from botocore.credentials import Credentials

from harness import DEADLINE
from harness.signed import Answer, Client, client, get_import, refused, signed
from harness.sim import Sim, new_id
from harness.tls import make_certificate

FIRST = "00000000-0000-4000-8000-000000000001"
SECOND = "00000000-0000-4000-8000-000000000002"


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


# Counts and the log


def test_counts_and_remembers_calls(sim, client):
    first, second = sim.add_many(2)
    before = time.monotonic_ns() // 1000
    request = signed(sim, "StopImport", {"ImportId": first}, headers={
        "User-Agent": "test/1", "amz-sdk-invocation-id": "an-id", "amz-sdk-request": "attempt=2; max=3"})
    client.send(request)
    get_import(client, second)
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
