# SPDX-License-Identifier: Apache-2.0
"""Waiting for imports without stopping them: how a wait ends, whose it is, and that it never asks to stop."""

import os

import pytest

from harness.sim import NEVER, new_id
from harness.varlink import Connection, VarlinkError, call_as

STRANGER, OTHER = 54321, 54322  # uids that nobody has here
GETS = {"cloudtrail": "GetImport", "logs": "DescribeImportTasks"}
ENDS = {"COMPLETED": None, "FAILED": "ImportFailed", "STOPPED": "ImportStopped", "CANCELLED": "ImportStopped"}
ENDS_OF = [(service, status) for service, stopped in [("cloudtrail", "STOPPED"), ("logs", "CANCELLED")]
           for status in ("COMPLETED", "FAILED", stopped)]

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root to be another user")


def wait(daemon, import_id, **parameters):
    """Asks to wait for an import; the job as accepted."""
    return daemon.call("Wait", importId=import_id, **parameters)["job"]


def waited(daemon, import_id, **parameters):
    """Waits to the end: the final job, and the short name of the error that the call ends with."""
    with daemon.connect() as connection:
        try:
            *_, last = connection.call_more("Wait", {"importId": import_id, **parameters})
            return last["job"], None
        except VarlinkError as error:
            return error.parameters["job"], error.short_name


def asked_to_stop(sim):
    return sim.calls("StopImport") + sim.calls("CancelImportTask")


@pytest.mark.parametrize("service, status", ENDS_OF)
def test_a_wait_ends_as_its_import_does(daemon, sim, service, status):
    import_id = sim.add(run_polls=3, run_ends=status, service=service)
    job, error = waited(daemon, import_id, service=service, reason="before the audit")
    assert error == ENDS[status]
    assert (job["kind"], job["service"], job["reason"]) == ("wait", service, "before the audit")
    assert job["state"] == {"CANCELLED": "stopped"}.get(status, status.lower())
    assert job["attempts"] == 0 and job["polls"] == 3 and job["alreadyStopped"] is False
    assert {call["operation"] for call in sim.calls()} == {GETS[service]}


@pytest.mark.parametrize("service, status", ENDS_OF)
def test_of_an_import_that_has_ended_a_wait_says_so(daemon, sim, service, status):
    import_id = sim.add(status=status, service=service)
    job, error = waited(daemon, import_id, service=service)
    assert error == ENDS[status] and job["polls"] == 1
    assert asked_to_stop(sim) == []


@pytest.mark.parametrize("code, error", [
    ("ImportNotFoundException", "ImportNotFound"), ("InvalidParameterException", "InvalidParameter"),
    ("OperationNotPermittedException", "OperationNotPermitted"),
    ("UnsupportedOperationException", "UnsupportedOperation"), ("AccessDeniedException", "CallFailed"),
])
def test_a_refusal_ends_a_wait_by_name(daemon, sim, code, error):
    sim.fault("error", code=code, operation="GetImport")
    job, name = waited(daemon, sim.add())
    assert (job["state"], name) == ("refused", error)
    assert asked_to_stop(sim) == []


@pytest.mark.parametrize("service", GETS)
def test_a_wait_goes_on_over_a_crash_and_never_asks_to_stop(daemon, sim, service):
    import_id = sim.add(service=service)
    job = wait(daemon, import_id, service=service)
    sim.wait_calls(1, GETS[service])
    daemon.kill()
    daemon.start()
    sim.wait_calls(len(sim.calls(GETS[service])) + 1, GETS[service])
    sim.add(id=import_id, status="COMPLETED", service=service)
    daemon.journal.wait("import-completed", job=job["id"])
    assert asked_to_stop(sim) == []


def test_a_wait_outlasts_trouble(daemon, sim):
    import_id = sim.add(status="COMPLETED")
    sim.fault("error", operation="GetImport", calls=5)
    assert waited(daemon, import_id)[1] is None


def test_a_wait_keeps_its_deadline(daemon, sim):
    job, error = waited(daemon, sim.add(), timeout=1)
    assert (job["state"], error) == ("expired", "DeadlineExpired")


def test_a_wait_joins_a_wait_and_not_a_stop(daemon, sim):
    import_id = sim.add_endless()
    first = wait(daemon, import_id)
    assert wait(daemon, import_id.upper())["id"] == first["id"]
    stop = daemon.stop(import_id)
    assert stop["id"] != first["id"] and stop["kind"] == "stop"
    assert wait(daemon, import_id)["id"] == first["id"]
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=first["id"])
    daemon.journal.wait("import-stopped", job=stop["id"])
    assert len(sim.calls("StopImport")) == 1


def test_a_wait_and_a_stop_of_one_import_share_their_polls(start_daemon, sim):
    """One poll at once, and the next of either in a day: both have ended by that of the other."""
    daemon = start_daemon(polling={"first": "1d", "longest": "1d"})
    import_id = sim.add(stop_polls=2)
    waiting = wait(daemon, import_id)
    sim.wait_calls(1, "GetImport")
    sim.add(id=import_id, status="STOPPED", ended_stop="OperationNotPermittedException")
    stop = daemon.stopped(import_id)
    daemon.journal.wait("import-stopped", job=waiting["id"])
    assert stop["polls"] == 1 and daemon.job(waiting["id"])["polls"] == 1
    assert len(sim.calls("GetImport")) == 2


def test_the_journal_says_that_somebody_waits(daemon, sim):
    import_id = sim.add_endless()
    job = wait(daemon, import_id, reason="before the audit")
    accepted = daemon.journal.wait("request-accepted")
    assert f"wait for import {import_id}" in accepted["MESSAGE"] and accepted["TRAILSTOP_KIND"] == "wait"
    wait(daemon, import_id)
    assert "asks to wait for import" in daemon.journal.wait("request-joined")["MESSAGE"]
    sim.finish(import_id, "COMPLETED")
    entry = daemon.journal.wait("import-completed", job=job["id"])
    assert "before it could be stopped" not in entry["MESSAGE"] and "before the audit" in entry["MESSAGE"]


def test_waits_are_not_measured_as_stops(daemon, sim):
    waited(daemon, sim.add(status="STOPPED"))
    with daemon.connect() as connection:
        families = list(connection.call_more("io.systemd.Metrics.List"))
    counts = [family["value"] for family in families if family["name"].endswith("StopDurationSecondsCount")]
    assert counts and not any(map(int, counts))


@pytest.mark.parametrize("parameters", [
    {"importId": "x"}, {"importId": new_id(), "service": "s3"}, {"importId": new_id(), "timeout": -1},
    {"importId": new_id(), "more": 1}, {},
])
def test_what_is_not_a_wait_is_refused(daemon, sim, parameters):
    with daemon.connect() as connection:
        assert connection.refusal("Wait", parameters)[0] == "org.varlink.service.InvalidParameter"
    assert sim.calls() == []


# Whose it is


def as_user(uid, daemon, method, **parameters):
    return call_as(uid, uid, daemon.socket, method, parameters)


@needs_root
def test_a_stranger_may_wait_so_often_and_no_more(open_daemon, sim):
    daemon = open_daemon(daemon={"max_clients_per_user": 2})
    imports = sim.add_many(4, stop_polls=NEVER)
    jobs = [as_user(STRANGER, daemon, "Wait", importId=import_id)[1]["job"] for import_id in imports[:2]]
    full = ("error", "QueueFull", {"limit": 2})
    assert as_user(STRANGER, daemon, "Wait", importId=imports[2]) == full
    assert as_user(STRANGER, daemon, "Wait", importId=imports[0])[1]["job"]["id"] == jobs[0]["id"], "it joins"
    assert as_user(OTHER, daemon, "Wait", importId=imports[2])[0] == "reply", "each user has as many"
    assert len({wait(daemon, import_id)["id"] for import_id in imports}) == 4, "an operator any number"

    sim.add(id=imports[0], status="COMPLETED")
    daemon.journal.wait("import-completed", job=jobs[0]["id"])
    assert as_user(STRANGER, daemon, "Wait", importId=sim.add_endless())[0] == "reply"
    daemon.kill()
    daemon.start()
    daemon.socket.chmod(0o666)
    assert as_user(STRANGER, daemon, "Wait", importId=sim.add_endless()) == full, "those of before count"
    assert asked_to_stop(sim) == []


@needs_root
def test_a_wait_is_cancelled_by_whoever_asked_for_it_and_by_operators(open_daemon, sim):
    daemon = open_daemon()
    imports = sim.add_many(2)
    own, other = [as_user(STRANGER, daemon, "Wait", importId=import_id)[1]["job"] for import_id in imports]
    denied = ("error", "NotAuthorized", {})
    assert as_user(OTHER, daemon, "Cancel", id=own["id"]) == denied
    cancelled = as_user(STRANGER, daemon, "Cancel", id=own["id"])[1]["job"]
    assert cancelled["state"] == "cancelled"
    assert as_user(STRANGER, daemon, "Cancel", id=own["id"])[1]["job"]["state"] == "cancelled", "again"
    assert as_user(OTHER, daemon, "Cancel", id=own["id"]) == denied
    assert daemon.call("Cancel", id=other["id"])["job"]["state"] == "cancelled"


@needs_root
def test_whoever_waits_cancels_no_stop(open_daemon, sim):
    daemon = open_daemon()
    import_id = sim.add_endless()
    stop = daemon.stop(import_id)
    assert as_user(STRANGER, daemon, "Wait", importId=import_id)[0] == "reply"
    assert as_user(STRANGER, daemon, "Cancel", id=stop["id"]) == ("error", "NotAuthorized", {})
    assert as_user(STRANGER, daemon, "Cancel", id="f" * 32) == ("error", "NotAuthorized", {})


@needs_root
def test_a_stranger_who_reads_no_answer_has_asked_all_the_same(open_daemon, sim):
    daemon = open_daemon()
    import_id = sim.add_endless()
    with Connection(daemon.socket) as leaver:
        leaver.send("Wait", {"importId": import_id}, oneway=True)
    daemon.journal.wait("request-accepted", import_id=import_id)


# The client


@pytest.mark.parametrize("status, exit_status", [("COMPLETED", 0), ("STOPPED", 9), ("FAILED", 8)])
def test_the_exit_status_says_how_it_ended(ctl, sim, status, exit_status):
    done = ctl("wait", sim.add(run_polls=2, run_ends=status))
    assert done.returncode == exit_status, done.stderr
    assert (f"The import was {status}" in done.stderr or f"The import {status}" in done.stderr) == (exit_status != 0)
    assert asked_to_stop(sim) == []


def test_the_client_waits_for_several_of_a_service(ctl, sim):
    ids = sim.add_many(2, run_polls=2, service="logs")
    done = ctl("wait", "--service", "logs", "--timeout", "1h", "--reason", "r", "-", input="\n".join(ids))
    assert done.returncode == 0, done.stderr
    assert all(task_id in done.stdout for task_id in ids)


@pytest.mark.parametrize("option", ["--no-wait", "--all", "--dry-run"])
def test_a_wait_takes_no_option_of_stop_alone(ctl, sim, option):
    done = ctl("wait", option, new_id())
    assert done.returncode == 2 and option in done.stderr
    assert sim.calls() == []


def test_a_wait_needs_an_import(ctl):
    done = ctl("wait")
    assert done.returncode == 2 and "trailstopctl wait IMPORT_ID" in done.stderr
