# SPDX-License-Identifier: Apache-2.0
"""What is asked of CloudTrail directly, without a job: an import, the list of them, what they failed to import."""

import pytest

from harness.daemon import target
from harness.sim import new_id
from harness.varlink import INTERFACE, SERVICE, VarlinkError

EXCEPTIONS = {
    "ImportNotFoundException": "ImportNotFound",
    "ResourceNotFoundException": "ImportNotFound",
    "InvalidParameterException": "InvalidParameter",
    "ValidationException": "InvalidParameter",
    "EventDataStoreARNInvalidException": "InvalidParameter",
    "OperationNotPermittedException": "OperationNotPermitted",
    "InvalidOperationException": "OperationNotPermitted",
    "UnsupportedOperationException": "UnsupportedOperation",
    "AccessDenied": "CallFailed",
    "AccessDeniedException": "CallFailed",
    "InsufficientEncryptionPolicyException": "CallFailed",
}
METHODS = {"GetImport": "GetImport", "ListImports": "ListImports", "ListImportFailures": "ListImportFailures"}
LAKE = "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/a"
POND = "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/b"


def parameters_of(method, import_id):
    return {} if method == "ListImports" else {"importId": import_id}


def refusal(daemon, method, **parameters):
    with daemon.connect() as connection:
        return connection.refusal(method, parameters)


def ids(reply):
    return [found["ImportId"] for found in reply["imports"]]


# GetImport


def test_an_import_is_shown_as_CloudTrail_describes_it(daemon, sim):
    import_id = sim.add(status="COMPLETED", prefixes_found=12, prefixes_completed=7, files_completed=345,
                        events_completed=9_876_543_210, failed_entries=3, source="s3://bucket/logs/",
                        destination=LAKE, created=1669119825.678)
    found = daemon.call("GetImport", importId=import_id)["import"]
    assert found["ImportId"] == import_id
    assert found["ImportStatus"] == "COMPLETED"
    assert found["Destinations"] == [LAKE]
    assert found["CreatedTimestamp"] == "2022-11-22T12:23:45.678Z"
    assert found["ImportSource"]["S3"]["S3LocationUri"] == "s3://bucket/logs/"
    assert found["ImportStatistics"] == {"PrefixesFound": 12, "PrefixesCompleted": 7, "FilesCompleted": 345,
                                         "EventsCompleted": 9_876_543_210, "FailedEntries": 3}
    assert [call["operation"] for call in sim.calls()] == ["GetImport"]
    assert daemon.call("ListJobs")["jobs"] == []


def test_what_CloudTrail_left_out_is_left_out(daemon, sim):
    import_id = sim.add(omit=["ImportStatistics", "Destinations"], members={"Mood": "calm", "EndEventTime": None})
    found = daemon.call("GetImport", importId=import_id)["import"]
    assert {"ImportStatistics", "Destinations", "Mood", "EndEventTime"}.isdisjoint(found)


def test_the_id_asked_for_is_not_left_out(daemon, sim):
    import_id = sim.add(omit=["ImportId"])
    assert daemon.call("GetImport", importId=import_id)["import"]["ImportId"] == import_id


def test_an_id_in_upper_case_is_folded(daemon, sim):
    import_id = sim.add()
    assert daemon.call("GetImport", importId=import_id.upper())["import"]["ImportId"] == import_id


def test_an_answer_in_upper_case_names_the_same_import(daemon, sim):
    import_id = new_id()
    sim.add(id=import_id, members={"ImportId": import_id.upper()})
    assert daemon.call("GetImport", importId=import_id)["import"]["ImportId"] == import_id
    assert daemon.stopped(import_id)["import"]["ImportId"] == import_id


def test_another_import_is_not_shown_for_the_one_asked_about(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1})
    other = new_id()
    sim.fault("http", status=200, body='{"ImportId":"%s","ImportStatus":"STOPPED"}' % other)
    name, parameters = refusal(daemon, "GetImport", importId=sim.add())
    assert name == f"{INTERFACE}.CallFailed"
    assert parameters["cause"]["code"] == "UnreadableAnswer" and other in parameters["cause"]["message"]


def test_to_look_at_an_import_is_not_part_of_its_job(daemon, sim):
    """A job polls as it would have, and counts no call but its own."""
    import_id = sim.add_endless()
    job = daemon.stop(import_id)
    daemon.journal.wait("stop-accepted", job=job["id"])
    assert daemon.call("GetImport", importId=import_id)["import"]["ImportStatus"] == "IN_PROGRESS"
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=job["id"])
    polls = daemon.job(job["id"])["polls"]
    assert len(sim.calls("GetImport", import_id)) == polls + 1


# ListImports


def test_the_imports_of_all_pages_in_their_order(daemon, sim):
    sim.settings(page_size=3)
    declared = sim.add_many(8)
    assert ids(daemon.call("ListImports")) == declared
    calls = sim.calls("ListImports")
    assert len(calls) == 3
    assert "NextToken" not in calls[0]["body"] and "NextToken" in calls[1]["body"]
    assert len({call["invocationId"] for call in calls}) == 3


def test_an_import_without_an_id_is_not_listed(daemon, sim):
    before, _, after = sim.add(), sim.add(omit=["ImportId"]), sim.add()
    assert ids(daemon.call("ListImports")) == [before, after]


def test_in_a_list_each_item_stands_for_itself(daemon, sim):
    one, other = new_id(), new_id()
    sim.fault("http", operation="ListImports", status=200, body="""{"Imports": [
        {"ImportId": "%s", "ImportStatus": "IN_PROGRESS", "CreatedTimestamp": "whenever"},
        5, null, "x", {"ImportId": 7}, [],
        {"ImportId": "%s", "ImportStatus": 1, "CreatedTimestamp": "2025-11-22T12:03:45Z"}]}""" % (one, other))
    assert daemon.call("ListImports")["imports"] == [
        {"ImportId": one, "ImportStatus": "IN_PROGRESS"},
        {"ImportId": other, "CreatedTimestamp": "2025-11-22T12:03:45.000Z"}]


def test_in_a_list_of_failures_each_item_stands_for_itself(daemon, sim):
    sim.fault("http", operation="ListImportFailures", status=200,
              body=r'{"Failures":[{"Location":"s3://b/\ud83d","LastUpdatedTime":true},1,{"Location":"s3://b/second"}]}')
    assert daemon.call("ListImportFailures", importId=new_id())["failures"] == [
        {"Location": "s3://b/\ufffd"}, {"Location": "s3://b/second"}]


def test_json_of_somebody_else_is_not_a_list(daemon, sim):
    """"No import runs" would be false comfort."""
    import_id = sim.add()
    sim.fault("http", operation="ListImports", status=200, body='{"status": "login required"}', calls=1)
    assert ids(daemon.call("ListImports")) == [import_id]


def test_no_import_is_an_empty_list(daemon):
    assert daemon.call("ListImports") == {"imports": []}


def test_only_those_of_a_destination(daemon, sim):
    sim.settings(page_size=2)
    sim.add_many(3, destination=POND)
    wanted = sim.add_many(3, destination=LAKE)
    assert ids(daemon.call("ListImports", destination=LAKE)) == wanted
    assert ids(daemon.call("ListImports", destination=LAKE + "none")) == []


@pytest.mark.parametrize("status", ["INITIALIZING", "IN_PROGRESS", "STOPPED", "FAILED", "COMPLETED"])
def test_only_those_of_a_status(daemon, sim, status):
    declared = {name: sim.add(status=name)
                for name in ("INITIALIZING", "IN_PROGRESS", "STOPPED", "FAILED", "COMPLETED")}
    assert ids(daemon.call("ListImports", status=status)) == [declared[status]]


def test_a_destination_and_a_status(daemon, sim):
    sim.add(status="STOPPED", destination=POND), sim.add(status="COMPLETED", destination=LAKE)
    wanted = sim.add(status="STOPPED", destination=LAKE)
    assert ids(daemon.call("ListImports", destination=LAKE, status="STOPPED")) == [wanted]


def test_a_status_that_CloudTrail_does_not_know_is_for_it_to_refuse(daemon):
    name, parameters = refusal(daemon, "ListImports", status="ASLEEP")
    assert name == f"{INTERFACE}.InvalidParameter"
    assert parameters["cause"]["code"] == "InvalidParameterException"


@pytest.mark.parametrize("fault", ["reset", "throttle", "not-json"])
def test_a_page_that_is_retried_is_listed_once(daemon, sim, fault):
    sim.settings(page_size=2)
    declared = sim.add_many(5)
    sim.fault(fault, operation="ListImports", skip=1, calls=1)
    assert ids(daemon.call("ListImports")) == declared
    assert len(sim.calls("ListImports")) == 4


def test_a_page_that_cannot_be_read_fails_the_list(daemon, sim):
    """Half a list would look like a whole one."""
    sim.settings(page_size=2)
    sim.add_many(5)
    sim.fault("error", operation="ListImports", skip=1, status=400, code="AccessDeniedException")
    name, parameters = refusal(daemon, "ListImports")
    assert name == f"{INTERFACE}.CallFailed"
    assert parameters["cause"]["code"] == "AccessDeniedException"


# ListImportFailures


def test_what_an_import_failed_to_import_on_all_pages(daemon, sim):
    sim.settings(page_size=4)
    import_id = sim.add(failures=10, source="s3://bucket/logs/")
    failures = daemon.call("ListImportFailures", importId=import_id)["failures"]
    assert [failure["Location"] for failure in failures] == [
        f"s3://bucket/logs/file-{number}.json.gz" for number in range(1, 11)]
    assert {failure["Status"] for failure in failures} == {"FAILED"}
    assert all(failure["ErrorType"] and failure["ErrorMessage"] for failure in failures)
    assert all(failure["LastUpdatedTime"].endswith("Z") for failure in failures)
    assert len(sim.calls("ListImportFailures")) == 3


def test_an_import_without_failures(daemon, sim):
    assert daemon.call("ListImportFailures", importId=sim.add()) == {"failures": []}


def test_an_empty_token_is_the_last_page(daemon, sim):
    sim.fault("http", status=200, body='{"Imports": [], "NextToken": ""}', operation="ListImports", calls=1)
    sim.add()
    assert daemon.call("ListImports") == {"imports": []}


@pytest.mark.parametrize("method", METHODS)
def test_no_question_waits_for_the_quota_of_stops(start_daemon, sim, method):
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    import_id = sim.add()
    for _ in range(2):
        assert daemon.call(method, **parameters_of(method, import_id))


# Errors


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("code, error", EXCEPTIONS.items())
def test_an_error_has_its_name_and_cause_and_no_job(daemon, sim, method, code, error):
    sim.fault("error", operation=METHODS[method], status=404 if "NotFound" in code else 400, code=code,
              message="No, thank you")
    name, parameters = refusal(daemon, method, **parameters_of(method, sim.add()))
    assert name == f"{INTERFACE}.{error}"
    assert parameters.keys() == {"cause"}
    cause = parameters["cause"]
    assert (cause["code"], cause["message"]) == (code, "No, thank you")
    assert cause["httpStatus"] == (404 if "NotFound" in code else 400)
    assert cause["requestId"] == sim.calls()[-1]["requestId"]
    assert len(sim.calls()) == 1
    assert daemon.call("ListJobs")["jobs"] == []


@pytest.mark.parametrize("method", ["GetImport", "ListImportFailures"])
def test_an_import_that_is_not_there(daemon, method):
    name, parameters = refusal(daemon, method, importId=new_id())
    assert name == f"{INTERFACE}.ImportNotFound"
    assert parameters["cause"]["httpStatus"] == 404


@pytest.mark.parametrize("method", METHODS)
def test_the_retries_of_one_call_are_all_there_are(daemon, sim, method):
    """Nobody waits for an outage to pass: a person asked, and can ask again."""
    sim.fault("http", status=503)
    name, parameters = refusal(daemon, method, **parameters_of(method, new_id()))
    assert name == f"{INTERFACE}.CallFailed"
    assert parameters["cause"]["httpStatus"] == 503
    assert len(sim.calls()) == 3


def test_nobody_there(start_daemon, start_sim):
    gone = start_sim()
    daemon = start_daemon({"default": target(gone)})
    gone.close()
    name, parameters = refusal(daemon, "ListImports")
    assert name == f"{INTERFACE}.CallFailed"
    assert parameters["cause"]["code"] == "ConnectionFailed"
    assert parameters["cause"]["message"]


def test_a_target_without_credentials(start_daemon, sim):
    daemon = start_daemon(environment={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
    name, parameters = refusal(daemon, "ListImports")
    assert name == f"{INTERFACE}.CallFailed"
    assert parameters["cause"]["message"]
    assert sim.calls() == []


@pytest.mark.parametrize("method", METHODS)
def test_a_target_that_is_not_there(daemon, sim, method):
    asked = {**parameters_of(method, new_id()), "target": "moon"}
    assert refusal(daemon, method, **asked) == (f"{INTERFACE}.TargetNotFound", {"target": "moon"})
    assert sim.calls() == []


@pytest.mark.parametrize("method", METHODS)
def test_no_default_target(start_daemon, sim, method):
    daemon = start_daemon({"only": target(sim)})
    import_id = sim.add()
    assert refusal(daemon, method, **parameters_of(method, import_id)) == (
        f"{INTERFACE}.TargetNotFound", {"target": "default"})
    assert daemon.call(method, **parameters_of(method, import_id), target="only")


@pytest.mark.parametrize("method, parameters, wrong", [
    ("GetImport", {}, "importId"),
    ("GetImport", {"importId": None}, "importId"),
    ("GetImport", {"importId": "not-an-id"}, "importId"),
    ("GetImport", {"importId": 7}, "importId"),
    ("GetImport", {"importId": new_id()[:-1] + "\0"}, "importId"),
    ("GetImport", {"importId": new_id(), "target": 7}, "target"),
    ("GetImport", {"importId": new_id(), "destination": LAKE}, "destination"),
    ("ListImports", {"status": ["STOPPED"]}, "status"),
    ("ListImports", {"destination": LAKE + "\0"}, "destination"),
    ("ListImports", {"importId": new_id()}, "importId"),
    ("ListImportFailures", {}, "importId"),
    ("ListImportFailures", {"importId": new_id() + "0"}, "importId"),
    ("ListImportFailures", {"importId": new_id(), "more": True}, "more"),
])
def test_a_wrong_parameter_is_named_and_reaches_nobody(daemon, sim, method, parameters, wrong):
    assert refusal(daemon, method, **parameters) == (f"{SERVICE}.InvalidParameter", {"parameter": wrong})
    assert sim.calls() == []


def test_null_is_a_parameter_left_out(daemon, sim):
    import_id = sim.add()
    assert ids(daemon.call("ListImports", target=None, destination=None, status=None)) == [import_id]


# On a connection with others


def test_replies_come_in_the_order_of_the_calls(daemon, sim):
    slow, quick = sim.add(), sim.add()
    sim.fault("slow", delay_seconds=0.3, import_id=slow)
    with daemon.connect() as connection:
        connection.send("GetImport", {"importId": slow})
        connection.send("ListTargets")
        connection.send("GetImport", {"importId": quick})
        connection.send("GetImport", {"importId": new_id()})
        connection.send("Stop", {"importId": quick})
        assert connection.reply()["import"]["ImportId"] == slow
        assert connection.reply()["targets"]
        assert connection.reply()["import"]["ImportId"] == quick
        with pytest.raises(VarlinkError) as caught:
            connection.reply()
        assert caught.value.short_name == "ImportNotFound"
        assert connection.reply()["job"]["importId"] == quick
    # They were under way at the same time: nobody waited for the slow one but the replies.
    answered = {call.get("importId"): call["answeredUsec"] for call in sim.calls("GetImport")[:3]}
    assert answered[quick] < answered[slow]


def test_a_client_that_waits_holds_up_nobody_else(daemon, sim):
    slow = sim.add()
    sim.fault("hang", import_id=slow, calls=1)
    with daemon.connect() as waiting:
        waiting.send("GetImport", {"importId": slow})
        sim.wait_calls(1)
        assert daemon.stopped(sim.add())["state"] == "stopped"
        waiting.assert_silent()


def test_many_at_once(daemon, sim):
    declared = sim.add_many(100)
    with daemon.connect() as connection:
        for import_id in declared:
            connection.send("GetImport", {"importId": import_id})
        assert [connection.reply()["import"]["ImportId"] for _ in declared] == declared


@pytest.mark.parametrize("method", METHODS)
def test_a_client_that_goes_away(daemon, sim, method):
    sim.settings(page_size=2)
    import_id = sim.add(failures=5)
    sim.add_many(4)
    sim.fault("slow", delay_seconds=0.2, calls=1)
    connection = daemon.connect()
    connection.send(method, parameters_of(method, import_id))
    sim.wait_calls(1)
    connection.close()
    assert daemon.call("GetImport", importId=import_id)["import"]["ImportId"] == import_id


def test_one_that_only_stops_writing_has_its_answer(daemon, sim):
    import_id = sim.add()
    sim.fault("slow", delay_seconds=0.1)
    with daemon.connect() as connection:
        connection.send("GetImport", {"importId": import_id})
        connection.half_close()
        assert connection.reply()["import"]["ImportId"] == import_id
        connection.assert_closed()


def test_oneway_is_not_answered(daemon, sim):
    with daemon.connect() as connection:
        connection.send("ListImports", oneway=True)
        assert connection.call("ListTargets")["targets"]
    assert len(sim.calls("ListImports")) == 1


def test_more_is_answered_once(daemon, sim):
    import_id = sim.add()
    with daemon.connect() as connection:
        assert len(list(connection.call_more("GetImport", {"importId": import_id}))) == 1


@pytest.mark.parametrize("method", METHODS)
def test_a_question_that_was_read_is_answered_before_the_end(daemon, sim, method):
    import_id = sim.add()
    sim.fault("slow", delay_seconds=0.3)
    with daemon.connect() as connection:
        connection.send(method, parameters_of(method, import_id))
        sim.wait_calls(1)
        daemon.terminate()
        message = connection.receive()
        assert "parameters" in message
        connection.assert_closed()


# The client


def test_show(ctl, sim):
    import_id = sim.add(events_completed=42, destination=LAKE)
    result = ctl("show", import_id)
    assert result.returncode == 0, result.stderr
    assert import_id in result.stdout and "IN_PROGRESS" in result.stdout and LAKE in result.stdout
    assert "42" in result.stdout

    code, documents = ctl.json("show", import_id)
    assert code == 0
    assert [document["import"]["ImportId"] for document in documents] == [import_id]


def test_list(ctl, sim):
    here, there = sim.add(destination=LAKE), sim.add(destination=POND, status="STOPPED")
    result = ctl("list")
    assert result.returncode == 0, result.stderr
    assert here in result.stdout and there in result.stdout
    result = ctl("list", "--destination", POND)
    assert here not in result.stdout and there in result.stdout and "STOPPED" in result.stdout

    code, documents = ctl.json("list")
    assert code == 0
    assert [ids(document) for document in documents] == [[here, there]]


def test_failures(ctl, sim):
    import_id = sim.add(failures=2, source="s3://bucket/logs/")
    result = ctl("failures", import_id)
    assert result.returncode == 0, result.stderr
    assert "s3://bucket/logs/file-2.json.gz" in result.stdout and "InvalidData" in result.stdout

    code, documents = ctl.json("failures", import_id)
    assert code == 0
    assert [len(document["failures"]) for document in documents] == [2]


@pytest.mark.parametrize("command", [["show", new_id()], ["list"], ["failures", new_id()]],
                         ids=["show", "list", "failures"])
@pytest.mark.parametrize("code, expected", [
    ("ImportNotFoundException", 4), ("InvalidParameterException", 1), ("UnsupportedOperationException", 1),
    ("OperationNotPermittedException", 5), ("AccessDenied", 5), ("AccessDeniedException", 5),
])
def test_the_exit_status_of_what_CloudTrail_refuses(ctl, sim, command, code, expected):
    sim.fault("error", status=400, code=code)
    result = ctl(*command)
    assert result.returncode == expected
    assert code in result.stderr and not result.stdout

    status, documents = ctl.json(*command)
    assert status == expected
    assert [document["cause"]["code"] for document in documents] == [code]


def test_other_exits(ctl, daemon, sim):
    for command in (["show", new_id()], ["failures", new_id()], ["show", "-t", "moon", new_id()],
                    ["list", "-t", "moon"], ["failures", "-t", "moon", new_id()]):
        assert ctl(*command).returncode == 4, command
    for command in (["show"], ["show", "not-an-id"], ["failures", "not-an-id"], ["list", new_id()],
                    ["show", new_id(), new_id()], ["show", "--destination", LAKE, new_id()]):
        result = ctl(*command)
        assert result.returncode == 2 and result.stderr, command
    sim.fault("http", status=503)
    assert ctl("list").returncode == 1
    daemon.terminate()
    assert ctl("list").returncode == 7
