# SPDX-License-Identifier: Apache-2.0
"""What AWS, or what answers in its place, says that it should not: members of another kind, another import, another time."""

import json

import pytest

from harness.daemon import target
from harness.sim import new_id
from harness.varlink import VarlinkError


# Members that are not as they should be


# Each beside a clear "STOPPED"; the first is what the import shows of it.
ODD_MEMBERS = {
    "a count with a fraction": ({"ImportStatistics": {"FilesCompleted": 12}}, '"ImportStatistics":{"FilesCompleted":12.0}'),
    "a count with an exponent": ({"ImportStatistics": {"EventsCompleted": 12_000_000}},
                                 '"ImportStatistics":{"EventsCompleted":1.2E7}'),
    "a count as a string": ({"ImportStatistics": {"EventsCompleted": 7}}, '"ImportStatistics":{"EventsCompleted":"7"}'),
    "half a file": ({"ImportStatistics": {"PrefixesFound": 1}},
                    '"ImportStatistics":{"FilesCompleted":0.5,"PrefixesFound":1}'),
    "a time as a string": ({"CreatedTimestamp": "2025-11-22T12:03:45.250Z"}, '"CreatedTimestamp":"1763813025.25"'),
    "a time as ISO 8601": ({"CreatedTimestamp": "2025-11-22T12:03:45.250Z"},
                           '"CreatedTimestamp":"2025-11-22T13:03:45.25+01:00"'),
    "a time that is none": ({}, '"CreatedTimestamp":"yesterday"'),
    "half a character": ({"ImportSource": {"S3": {"S3LocationUri": "s3://b/\ufffd"}}},
                         r'"ImportSource":{"S3":{"S3LocationUri":"s3://b/\ud83d"}}'),
    "an unknown member twice": ({}, '"X":1,"X":2'),
    "half a character that nobody reads": ({}, r'"X":"\ud83d"'),
    "deep nesting that nobody reads": ({}, '"X":' + 100 * "[" + 100 * "]"),
    "an id that is a number": ({}, '"ImportId":5'),
    "a source that is a string": ({}, '"ImportSource":"s3://b"'),
    "destinations of which one is odd": ({"Destinations": ["a"]}, '"Destinations":[5,"a"]'),
    "a status before it": ({}, '"ImportStatus":"IN_PROGRESS"'),
}


@pytest.mark.parametrize("operation", ["StopImport", "GetImport"])
@pytest.mark.parametrize("shown, members", ODD_MEMBERS.values(), ids=ODD_MEMBERS)
def test_an_odd_member_hides_no_status(daemon, sim, operation, shown, members):
    import_id = sim.add()
    sim.fault("http", operation=operation, status=200, body='{%s,"ImportStatus":"STOPPED"}' % members,
              content_type="application/x-amz-json-1.1")
    job = daemon.stopped(import_id)
    assert (job["state"], job["attempts"], job["polls"]) == ("stopped", 1, int(operation == "GetImport"))
    assert job["import"] == {"ImportId": import_id, "ImportStatus": "STOPPED", **shown}
    assert not daemon.journal.find("call-retried")


ODD_STATUSES = {"a number": '"ImportStatus":5', "a list": '"ImportStatus":["STOPPED"]', "null": '"ImportStatus":null',
                "a later null": '"ImportStatus":"STOPPED","ImportStatus":null', "missing": '"Destinations":[]',
                "not known today": '"ImportStatus":"PAUSED"'}


@pytest.mark.parametrize("operation", ["StopImport", "GetImport"])
@pytest.mark.parametrize("members", ODD_STATUSES.values(), ids=ODD_STATUSES)
def test_a_status_that_is_odd_is_polled_on(daemon, sim, operation, members):
    import_id = sim.add()
    sim.fault("http", operation=operation, status=200, calls=1, apply=True, body="{%s}" % members)
    assert daemon.stopped(import_id)["attempts"] == 1
    assert not daemon.journal.find("call-retried")


@pytest.mark.parametrize("operation", ["StopImport", "GetImport"])
def test_an_answer_of_wrong_types_is_polled_on(daemon, sim, operation):
    sim.fault("wrong-types", operation=operation, calls=1)
    job = daemon.stopped(sim.add())
    assert job["state"] == "stopped" and job["attempts"] == 1
    assert not daemon.journal.find("call-retried")


# Lists of more than was asked for


ENDS = {"cloudtrail": ("STOPPED", "COMPLETED", "FAILED"), "logs": ("CANCELLED", "COMPLETED", "FAILED")}
LISTS = {"cloudtrail": ("ListImports", "Imports", "ImportId", "ImportStatus"),
         "logs": ("DescribeImportTasks", "imports", "importId", "importStatus")}


def list_whatever_was_asked_for(sim, service, *items):
    """The list has these whatever the status in the call, as that of some stand-ins for AWS has. items: id, status."""
    operation, member, id_member, status_member = LISTS[service]
    found = [{id_member: import_id, status_member: status} for import_id, status in items]
    sim.fault("http", operation=operation, status=200, body=json.dumps({member: found}))


@pytest.mark.parametrize("service", LISTS)
def test_what_a_list_shows_as_ended_is_not_stopped(daemon, sim, service):
    running = sim.add(service=service)
    list_whatever_was_asked_for(sim, service, (running, "IN_PROGRESS"), ("nonsense!", ENDS[service][0]),
                                *((new_id(), end) for end in ENDS[service]))
    reply = daemon.call("StopAll", service=service, timeout=1)
    assert [job["importId"] for job in reply["jobs"]] == [running]
    assert len(reply["imports"] + reply["tasks"]) == 1 and reply["failures"] == []


def test_what_a_list_shows_with_another_destination_is_not_stopped(daemon, sim):
    lake, other = (f"arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/{name}" for name in "ab")
    meant = {sim.add(): [lake], sim.add(): [other, lake], sim.add(): None, sim.add(): []}
    found = [{"ImportId": import_id, "ImportStatus": "IN_PROGRESS", "Destinations": destinations}
             for import_id, destinations in [*meant.items(), (new_id(), [other]), (new_id(), [lake + "a"])]]
    sim.fault("http", operation="ListImports", status=200, body=json.dumps({"Imports": found}))
    for parameters in ({"dryRun": True}, {"minEvents": 0, "dryRun": True}, {}):
        reply = daemon.call("StopAll", destination=lake, **parameters)
        assert {found["ImportId"] for found in reply["imports"]} == set(meant) and reply["failures"] == []
    assert {job["importId"] for job in reply["jobs"]} == set(meant)


def test_a_guard_does_not_look_at_what_a_list_shows_as_ended(new_daemon, sim):
    running = sim.add()
    ended = [(new_id(), end) for end in ENDS["cloudtrail"]]
    list_whatever_was_asked_for(sim, "cloudtrail", *ended, ("nonsense!", "STOPPED"), (running, "IN_PROGRESS"))
    daemon = new_daemon({"default": target(sim)}, guards={"all": {"source": "*", "action": "stop"}}).start()
    daemon.journal.wait("import-stopped", import_id=running)
    assert {call["importId"] for call in sim.calls("GetImport")} == {running}
    assert not daemon.journal.find("guard-failed")


# Answers about something else


@pytest.mark.parametrize("operation", ["StopImport", "GetImport"])
def test_an_answer_that_names_another_import_is_not_believed(daemon, sim, operation):
    other = new_id()
    sim.fault("http", operation=operation, status=200, calls=1,
              body='{"ImportId":"%s","ImportStatus":"STOPPED","ImportStatistics":{"EventsCompleted":7}}' % other)
    import_id = sim.add(events_completed=5)
    job = daemon.stopped(import_id)
    assert job["import"]["ImportId"] == import_id
    assert job["import"]["ImportStatistics"]["EventsCompleted"] == 5
    assert job["attempts"] == (2 if operation == "StopImport" else 1)
    retry = daemon.journal.wait("call-retried", aws_error="UnreadableAnswer")
    assert other in retry["MESSAGE"]


def test_a_job_waits_while_answers_name_another_import(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1})
    import_id, other = sim.add(), new_id()
    sim.fault("http", import_id=import_id, status=200, body='{"ImportId":"%s","ImportStatus":"STOPPED"}' % other)
    job = daemon.stop(import_id)
    sim.wait_calls(2, "StopImport", import_id)
    held = daemon.job(job["id"])
    assert held["state"] == "stopping" and held["lastError"]["code"] == "UnreadableAnswer"
    assert other in held["lastError"]["message"]
    sim.clear_faults()
    assert daemon.journal.wait("import-stopped", job=job["id"])


# Clocks


def test_calls_that_overlap_all_survive_a_clock_that_is_off(daemon, sim):
    """What one learns of the clock makes no refusal of another, signed before, a final one."""
    sim.settings(clock_offset_seconds=3600)
    sim.fault("slow", delay_seconds=0.05)
    jobs = [daemon.stop(import_id) for import_id in sim.add_many(20)]
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])


@pytest.mark.parametrize("operation", ["StopImport", "GetImport"])
def test_json_of_somebody_else_is_not_an_answer(daemon, sim, operation):
    """As a network that wants a login first may give."""
    sim.fault("http", operation=operation, status=200, body='{"status": "login required"}',
              content_type="application/json", calls=1)
    import_id = sim.add()
    assert daemon.stopped(import_id)["state"] == "stopped"
    assert len(sim.calls("StopImport", import_id)) == (2 if operation == "StopImport" else 1)


@pytest.mark.parametrize("offset", [-3600, 3600])
def test_a_clock_that_is_off_is_corrected(daemon, sim, offset):
    sim.settings(clock_offset_seconds=offset)
    job = daemon.stopped(sim.add())
    assert job["state"] == "stopped"
    # Learned once: only the first attempt was refused.
    assert job["attempts"] == 2 and job["polls"] == 2
    assert len([call for call in sim.calls() if call["status"] != 200]) == 1
    assert not daemon.journal.find("outage-began")


@pytest.mark.parametrize("operation", ["StopImport", "GetImport"])
def test_one_server_with_a_wrong_clock_ends_no_job(daemon, sim, operation):
    sim.fault("skew", seconds=3600, operation=operation, calls=1)
    assert daemon.stopped(sim.add())["state"] == "stopped"


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"])
def test_knows_the_codes_of_a_clock_that_is_off(daemon, sim, code):
    sim.settings(clock_offset_seconds=7200, skew_error=code)
    assert daemon.stopped(sim.add())["state"] == "stopped"


def test_the_correction_goes_away_when_the_clock_is_right_again(daemon, sim):
    sim.settings(clock_offset_seconds=3600)
    daemon.stopped(sim.add())
    sim.settings(clock_offset_seconds=0)
    assert daemon.stopped(sim.add())["state"] == "stopped"
    before = len(sim.calls())
    daemon.stopped(sim.add())
    assert all(call["status"] == 200 for call in sim.calls()[before:])


def test_a_wrong_signature_with_the_right_time_is_a_no(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)}, environment={"AWS_SECRET_ACCESS_KEY": "wrong"}).start()
    with pytest.raises(VarlinkError) as caught:
        daemon.stopped(sim.add())
    assert caught.value.short_name == "CallFailed"
    assert caught.value.parameters["cause"]["code"] == "InvalidSignatureException"
    assert caught.value.parameters["job"]["state"] == "refused"
