# SPDX-License-Identifier: Apache-2.0
"""The main job: a request becomes a StopImport, GetImport is polled until CloudTrail says how it ended, and
whoever asked, the job and the journal have the statistics."""

import os
import re
from datetime import datetime

import pytest

from harness.daemon import target
from harness.sim import assert_spaced, new_id
from harness.varlink import INTERFACE, VarlinkError, encode

STATISTICS = {"PrefixesFound": 12, "PrefixesCompleted": 7, "FilesCompleted": 345,
              "EventsCompleted": 9_876_543_210, "FailedEntries": 3}
NUMBERS = dict(prefixes_found=12, prefixes_completed=7, files_completed=345,
               events_completed=9_876_543_210, failed_entries=3)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

EXCEPTIONS = {
    "ImportNotFoundException": "ImportNotFound",
    "InvalidParameterException": "InvalidParameter",
    "OperationNotPermittedException": "OperationNotPermitted",
    "UnsupportedOperationException": "UnsupportedOperation",
}


def end_of(daemon, import_id, **parameters):
    """Follows a stop that does not end in `stopped`: the short name of the error, and its parameters."""
    with pytest.raises(VarlinkError) as caught:
        daemon.stopped(import_id, **parameters)
    assert caught.value.name.startswith(INTERFACE + ".")
    return caught.value.short_name, caught.value.parameters


# The plain case


def test_stops_an_import_and_reports_how_it_ended(daemon, sim):
    import_id = sim.add(**NUMBERS)
    job = daemon.stopped(import_id, reason="wrong bucket")

    assert job["state"] == "stopped"
    assert job["importId"] == import_id
    assert job["target"] == "default"
    assert job["reason"] == "wrong bucket"
    assert job["alreadyStopped"] is False
    assert job["attempts"] == 1 and job["polls"] == 2
    assert job["requester"] == {"uid": os.getuid(), "gid": os.getgid(), "pid": os.getpid()}
    assert "lastError" not in job and "nextCallAt" not in job
    assert all(RFC3339.fullmatch(job[name]) for name in ("requestedAt", "updatedAt", "finishedAt", "deadline"))
    assert job["requestedAt"] <= job["finishedAt"] <= job["updatedAt"] <= job["deadline"]

    found = job["import"]
    assert found["ImportId"] == import_id
    assert found["ImportStatus"] == "STOPPED"
    assert found["ImportStatistics"] == STATISTICS
    assert RFC3339.fullmatch(found["CreatedTimestamp"])
    assert found["ImportSource"]["S3"]["S3LocationUri"].startswith("s3://")
    assert len(found["Destinations"]) == 1

    entry = daemon.journal.wait("import-stopped", job=job["id"])
    assert entry["TRAILSTOP_EVENTS_COMPLETED"] == "9876543210"
    assert [call["operation"] for call in sim.calls()] == ["StopImport", "GetImport", "GetImport"]


def test_replies_when_the_job_is_accepted_and_goes_on_alone(daemon, sim):
    import_id = sim.add()
    job = daemon.stop(import_id)
    assert job["state"] == "queued"
    assert job["attempts"] == job["polls"] == 0
    assert "finishedAt" not in job and "import" not in job
    daemon.journal.wait("import-stopped", job=job["id"])
    assert daemon.job(job["id"])["state"] == "stopped"


def test_more_shows_each_state_on_the_way(daemon, sim):
    jobs = list(daemon.follow(sim.add(stop_polls=4)))
    states = [job["state"] for job in jobs]
    order = ["queued", "stopping", "polling", "stopped"]
    assert states[0] == "queued" and states[-1] == "stopped" and "polling" in states
    assert sorted(states, key=order.index) == states
    assert [job["polls"] for job in jobs] == sorted(job["polls"] for job in jobs)
    assert jobs[-1]["polls"] == 4
    assert jobs[-2]["updatedAt"] > jobs[0]["updatedAt"]
    assert len({job["id"] for job in jobs}) == 1


def test_a_poll_is_one_change(daemon, sim):
    """It is counted with what came of it: shown once, and saved with one sync."""
    before = daemon.call("GetStatistics")["statistics"]["storeCommits"]
    polls = [job["polls"] for job in daemon.follow(sim.add(stop_polls=10)) if job["state"] in ("polling", "stopped")]
    assert polls == sorted({*polls}) and polls[-1] == 10
    commits = daemon.call("GetStatistics")["statistics"]["storeCommits"] - before
    assert commits <= 3 + 10, "accepted, an attempt of StopImport, its answer, and those of the polls"


def test_a_poll_that_is_not_answered_yet_is_shown_as_a_call_and_not_counted(daemon, sim):
    sim.fault("hang", operation="GetImport")
    job = daemon.stop(sim.add())
    sim.wait_calls(1, "GetImport")
    shown = daemon.job(job["id"])
    assert shown["state"] == "polling" and shown["polls"] == 0 and "nextCallAt" not in shown


def test_the_answer_of_StopImport_may_be_the_end(daemon, sim):
    job = daemon.stopped(sim.add(stop_polls=0))
    assert job["attempts"] == 1 and job["polls"] == 0
    assert job["alreadyStopped"] is False


def test_what_CloudTrail_left_out_is_left_out(daemon, sim):
    import_id = sim.add(omit=["ImportId", "ImportStatistics", "Destinations", "CreatedTimestamp", "ImportSource"])
    job = daemon.stopped(import_id)
    assert job["import"]["ImportId"] == import_id, "but for what was asked for"
    assert {"ImportStatistics", "Destinations", "CreatedTimestamp", "ImportSource"}.isdisjoint(job["import"])
    entry = daemon.journal.wait("import-stopped", job=job["id"])
    assert not [name for name in entry if name.endswith(("_FOUND", "_COMPLETED", "_ENTRIES"))]


def test_null_is_left_out_and_unknown_members_are_passed_over(daemon, sim):
    job = daemon.stopped(sim.add(members={"Destinations": None, "Mood": "calm", "StartEventTime": 1669119825}))
    assert "Destinations" not in job["import"] and "Mood" not in job["import"]
    assert job["import"]["StartEventTime"] == "2022-11-22T12:23:45.000Z"


@pytest.mark.parametrize("status", ["INITIALIZING", "PAUSED_BY_SOMETHING_NEW"])
def test_polls_on_whatever_the_status_until_it_is_final(daemon, sim, status):
    import_id = sim.add_endless(status=status)
    job = daemon.stop(import_id)
    sim.wait_calls(4, "GetImport")
    assert daemon.job(job["id"])["state"] == "polling"
    assert daemon.job(job["id"])["import"]["ImportStatus"] == status
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=job["id"])


def test_a_missing_status_is_polled_on(daemon, sim):
    import_id = sim.add_endless(omit=["ImportStatus"])
    job = daemon.stop(import_id)
    sim.wait_calls(3, "GetImport")
    assert daemon.job(job["id"])["state"] == "polling"
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=job["id"])


def test_the_polling_interval_grows_to_its_longest(start_daemon, sim):
    daemon = start_daemon(polling={"first": "20ms", "growth": 2, "longest": "160ms"})
    import_id = sim.add(stop_polls=7)
    daemon.stopped(import_id)
    arrived = [call["receivedUsec"] for call in sim.calls()]
    gaps = [(later - earlier) / 1e6 for earlier, later in zip(arrived, arrived[1:])]
    # The jitter is ±10 %; a machine under load adds to a gap and takes nothing away.
    for gap, least in zip(gaps, [0.02, 0.04, 0.08, 0.16, 0.16, 0.16]):
        assert gap >= 0.9 * least - 0.001


def test_shows_when_it_looks_next(start_daemon, sim):
    daemon = start_daemon(polling={"first": "1h", "longest": "1h"})
    job = daemon.stop(sim.add_endless())
    daemon.journal.wait("stop-accepted")
    for shown in (daemon.job(job["id"]), daemon.call("ListJobs")["jobs"][0]):
        ahead = datetime.fromisoformat(shown["nextCallAt"]) - datetime.fromisoformat(shown["updatedAt"])
        assert 0.89 < ahead.total_seconds() / 3600 < 1.11


def test_the_polling_interval_does_not_begin_again_with_a_restart(start_daemon, sim):
    daemon = start_daemon(polling={"first": "20ms", "growth": 10, "longest": "1h"})
    daemon.stop(sim.add_endless())
    sim.wait_calls(2, "GetImport")
    daemon.terminate()
    polls = len(sim.calls("GetImport"))
    daemon.start()
    first, second = sim.wait_calls(polls + 2, "GetImport")[polls:]
    assert second["receivedUsec"] - first["receivedUsec"] >= 1_000_000, "the third interval is two seconds"


# Other ends


def test_an_import_that_completes_first(daemon, sim):
    name, parameters = end_of(daemon, sim.add(ends="COMPLETED", **NUMBERS))
    assert name == "ImportCompleted"
    job = parameters["job"]
    assert job["state"] == "completed" and job["import"]["ImportStatistics"] == STATISTICS
    daemon.journal.wait("import-completed", job=job["id"])


def test_an_import_that_fails(daemon, sim):
    name, parameters = end_of(daemon, sim.add(ends="FAILED", **NUMBERS))
    assert name == "ImportFailed"
    assert parameters["job"]["state"] == "failed"
    assert parameters["job"]["import"]["ImportStatistics"] == STATISTICS
    daemon.journal.wait("import-failed", job=parameters["job"]["id"])


def test_a_deadline_that_passes(daemon, sim):
    import_id = sim.add_endless()
    name, parameters = end_of(daemon, import_id, timeout=1)
    assert name == "DeadlineExpired"
    job = parameters["job"]
    assert job["state"] == "expired" and job["import"]["ImportStatus"] == "IN_PROGRESS"
    assert job["finishedAt"] >= job["deadline"]
    daemon.journal.wait("job-expired", job=job["id"])


def test_a_deadline_in_thousands_of_years(daemon, sim):
    job = daemon.stop(sim.add_endless(), timeout=100_000_000_000)
    assert "5000-" < job["deadline"] < "6000-"
    daemon.journal.wait("stop-accepted", job=job["id"])
    daemon.restart()
    assert daemon.job(job["id"])["deadline"] == job["deadline"]
    assert daemon.job(job["id"])["state"] == "polling"


def test_a_deadline_from_the_configuration_or_none(start_daemon, sim):
    daemon = start_daemon(polling={"timeout": "1s"})
    endless, patient = sim.add_endless(), sim.add_endless()
    job = daemon.stop(patient, timeout=0)
    assert "deadline" not in job
    assert end_of(daemon, endless)[0] == "DeadlineExpired"
    assert daemon.job(job["id"])["state"] == "polling"


def test_a_job_that_is_cancelled(daemon, sim):
    import_id = sim.add_endless()
    with daemon.connect() as follower:
        stream = follower.call_more("Stop", {"importId": import_id})
        job = next(stream)["job"]
        daemon.journal.wait("stop-accepted", job=job["id"])
        cancelled = daemon.call("Cancel", id=job["id"])["job"]
        assert cancelled["state"] == "cancelled"
        with pytest.raises(VarlinkError) as caught:
            list(stream)
    assert caught.value.short_name == "JobCancelled"
    assert caught.value.parameters["job"]["id"] == job["id"]
    daemon.journal.wait("job-cancelled", job=job["id"])
    # Another import's whole life later, nobody has asked after the cancelled one.
    polls = len(sim.calls("GetImport", import_id))
    daemon.stopped(sim.add(stop_polls=5))
    assert len(sim.calls("GetImport", import_id)) == polls


def test_to_cancel_a_final_job_changes_nothing(daemon, sim):
    job = daemon.stopped(sim.add())
    with daemon.connect() as connection:
        try:
            assert connection.call("Cancel", {"id": job["id"]})["job"]["state"] == "stopped"
        except VarlinkError as error:
            raise AssertionError("a job that is final is answered as it is") from error
    assert daemon.job(job["id"])["finishedAt"] == job["finishedAt"]


def test_a_job_that_is_cancelled_twice_ends_once(daemon, sim):
    job = daemon.stop(sim.add_endless())
    with daemon.connect() as connection:
        connection.send_raw(2 * encode("Cancel", {"id": job["id"]}))
        first, second = connection.reply()["job"], connection.reply()["job"]
    assert first["state"] == "cancelled" and first == second
    daemon.journal.wait("job-cancelled")
    assert len(daemon.journal.find("job-cancelled")) == 1
    assert daemon.call("GetStatistics")["statistics"]["jobsCancelled"] == 1


# CloudTrail's "no"


@pytest.mark.parametrize("code, error", EXCEPTIONS.items())
def test_each_exception_of_CloudTrail_has_its_name(daemon, sim, code, error):
    import_id = sim.add_endless()
    sim.fault("error", operation="StopImport", status=404 if "NotFound" in code else 400, code=code,
              message="No, thank you")
    name, parameters = end_of(daemon, import_id)
    assert name == error
    assert parameters["cause"]["code"] == code
    assert parameters["cause"]["message"] == "No, thank you"
    assert parameters["cause"]["httpStatus"] == (404 if "NotFound" in code else 400)
    assert parameters["cause"]["requestId"]
    job = parameters["job"]
    assert job["state"] == "refused" and job["lastError"] == parameters["cause"]
    assert job["attempts"] == 1
    assert len(sim.calls("StopImport")) == 1
    assert len(sim.calls("GetImport")) == (0 if error == "ImportNotFound" else 1)

    entry = daemon.journal.wait("job-refused", job=job["id"])
    assert entry["TRAILSTOP_AWS_ERROR"] == code
    assert entry["TRAILSTOP_AWS_REQUEST_ID"] == parameters["cause"]["requestId"]


def test_an_import_that_is_not_there(daemon):
    name, parameters = end_of(daemon, "0" * 36)
    assert name == "ImportNotFound"
    assert parameters["job"]["state"] == "refused"


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_no_access_is_a_clear_no(daemon, sim, code):
    sim.fault("error", operation="StopImport", status=400, code=code)
    name, parameters = end_of(daemon, sim.add())
    assert name == "CallFailed"
    assert parameters["cause"]["code"] == code
    assert parameters["job"]["state"] == "refused"
    assert sim.calls("GetImport") == []


@pytest.mark.parametrize("form", ["type", "namespace", "code", "header"])
def test_finds_the_code_wherever_it_is(daemon, sim, form):
    sim.fault("error", operation="StopImport", status=400, code="UnsupportedOperationException", form=form)
    assert end_of(daemon, sim.add())[0] == "UnsupportedOperation"


# A refused StopImport is followed by a look at the import


@pytest.mark.parametrize("fault, members", [
    ("http", {"status": 500}),
    ("http", {"status": 599}),
    ("truncated", {}),
    ("http", {"status": 200, "body": '{"ImportId": "%s", "ImportStatus": "STOPPED"}' % new_id()}),
], ids=["500", "599", "truncated", "another import"])
@pytest.mark.parametrize("n_bad", [1, 2])
def test_trouble_of_an_imports_own_answers_holds_up_its_job_alone(start_daemon, sim, fault, members, n_bad):
    daemon = start_daemon(calls={"max-attempts": 1})
    beside = daemon.stop(sim.add_endless())
    daemon.journal.wait("stop-accepted", job=beside["id"])
    sick = sim.add_many(n_bad)
    for import_id in sick:
        sim.fault(fault, import_id=import_id, **members)
    held = [daemon.stop(import_id) for import_id in sick]
    sim.wait_calls(3, "StopImport", sick[0])
    assert daemon.stopped(sim.add())["state"] == "stopped"
    assert all("lastError" in daemon.job(job["id"]) for job in held)
    assert "lastError" not in daemon.job(beside["id"])
    assert not daemon.journal.find("outage-began")
    sim.clear_faults()
    for job in held:
        daemon.journal.wait("import-stopped", job=job["id"])


@pytest.mark.parametrize("restart", [False, True], ids=["without", "with a restart"])
def test_an_import_that_is_not_found_just_after_its_stop_was_accepted_is_asked_for_again(start_daemon, sim, restart):
    daemon = start_daemon(polling={"first": "200ms", "longest": "200ms"})
    import_id = sim.add_endless()
    sim.fault("error", operation="GetImport", status=404, code="ImportNotFoundException")
    job = daemon.stop(import_id)
    sim.wait_calls(1, "GetImport")
    if restart:
        daemon.kill()
        daemon.start()
    sim.wait_calls(3, "GetImport")
    shown = daemon.job(job["id"])
    assert shown["state"] == "polling" and shown["lastError"]["code"] == "ImportNotFoundException"
    sim.clear_faults()
    sim.finish(import_id, "STOPPED")
    daemon.journal.wait("import-stopped", job=job["id"])
    assert "lastError" not in daemon.job(job["id"])


@pytest.fixture
def refused(sim):
    """An import that has ended, or still runs, and refuses to be stopped."""
    def make(status):
        sim.fault("error", operation="StopImport", status=400, code="OperationNotPermittedException")
        return sim.add(status=status, **NUMBERS)
    return make


def test_a_refused_stop_of_a_stopped_import_is_success(daemon, sim, refused):
    job = daemon.stopped(refused("STOPPED"))
    assert job["state"] == "stopped" and job["alreadyStopped"] is True
    assert job["attempts"] == 1 and job["polls"] == 1
    assert job["import"]["ImportStatistics"] == STATISTICS
    assert "lastError" not in job
    daemon.journal.wait("import-stopped", job=job["id"])


def test_a_refused_stop_of_a_completed_import(daemon, refused):
    name, parameters = end_of(daemon, refused("COMPLETED"))
    assert (name, parameters["job"]["state"]) == ("ImportCompleted", "completed")


def test_a_refused_stop_of_a_failed_import(daemon, refused):
    name, parameters = end_of(daemon, refused("FAILED"))
    assert (name, parameters["job"]["state"]) == ("ImportFailed", "failed")


@pytest.mark.parametrize("status", ["IN_PROGRESS", "INITIALIZING", "SOMETHING_NEW"])
def test_a_refused_stop_of_a_running_import_is_the_end(daemon, sim, refused, status):
    name, parameters = end_of(daemon, refused(status))
    assert name == "OperationNotPermitted"
    assert parameters["job"]["state"] == "refused"
    assert len(sim.calls("GetImport")) == 1


def test_a_refused_stop_of_an_import_that_cannot_be_looked_at(daemon, sim, refused):
    sim.fault("error", operation="GetImport", status=400, code="AccessDeniedException")
    name, parameters = end_of(daemon, refused("IN_PROGRESS"))
    assert name == "OperationNotPermitted"
    assert parameters["cause"] == parameters["job"]["lastError"]


def test_the_end_of_an_import_may_also_be_StopImports_answer(daemon, sim):
    job = daemon.stopped(sim.add(status="STOPPED"))
    assert job["polls"] == 0 and job["alreadyStopped"] is False
    assert end_of(daemon, sim.add(status="COMPLETED"))[0] == "ImportCompleted"
    assert end_of(daemon, sim.add(status="FAILED"))[0] == "ImportFailed"


def test_a_stop_that_got_through_unheard_is_not_one_that_came_too_late(daemon, sim):
    """The first attempt takes effect but its answer is lost; the second is refused: it was this job."""
    import_id = sim.add(stop_polls=0, ended_stop="OperationNotPermittedException")
    sim.fault("reset", operation="StopImport", calls=1, apply=True)
    job = daemon.stopped(import_id)
    assert job["attempts"] == 2 and job["alreadyStopped"] is False


def test_an_import_that_runs_again_can_be_stopped_again(daemon, sim):
    import_id = sim.add()
    first = daemon.stopped(import_id)
    sim.add(id=import_id)
    second = daemon.stopped(import_id)
    assert second["id"] != first["id"]
    assert len(sim.calls("StopImport")) == 2


# Rates


def test_calls_of_a_kind_are_spaced_by_the_rate(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, stop_rate=5, read_rate=10)})
    with daemon.connect() as connection:
        jobs = [connection.call("Stop", {"importId": import_id})["job"]["id"]
                for import_id in sim.add_many(6, stop_polls=3)]
        for _ in connection.call_more("Watch", {"ids": jobs}):
            pass
    assert_spaced(sim.calls("StopImport"), rate=5)
    assert_spaced(sim.calls("GetImport"), rate=10)
