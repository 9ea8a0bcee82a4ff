# SPDX-License-Identifier: Apache-2.0
"""Restarting an import that was stopped or failed: once, whatever becomes of the answer, and in the journal."""

import os

import pytest

from harness.sim import new_id
from harness.varlink import INTERFACE, SERVICE, call_as

LOST = [{"kind": "reset"}, {"kind": "close"}, {"kind": "error", "status": 500}]


def restart(daemon, import_id, **parameters):
    return daemon.call("Restart", importId=import_id, **parameters)["import"]


def refusal(daemon, **parameters):
    with daemon.connect() as connection:
        return connection.refusal("Restart", parameters)


def operations(sim):
    return [call["operation"] for call in sim.calls()]


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
def test_an_import_goes_on_and_the_journal_says_for_whom_and_why(daemon, sim, status):
    import_id = sim.add(status=status)
    found = restart(daemon, import_id.upper(), reason="stopped the wrong one")
    assert found["ImportId"] == import_id and found["ImportStatus"] in ("INITIALIZING", "IN_PROGRESS")
    assert operations(sim) == ["StartImport"]
    entry = daemon.journal.wait("import-restarted")
    assert entry["TRAILSTOP_IMPORT_ID"] == import_id and entry["TRAILSTOP_TARGET"] == "default"
    assert entry["TRAILSTOP_REQUESTER_UID"] == str(os.getuid())
    assert entry["TRAILSTOP_REASON"] == "stopped the wrong one"
    assert daemon.call("ListJobs")["jobs"] == []


@pytest.mark.parametrize("fault", LOST)
def test_an_answer_that_was_lost_is_settled_by_a_look(daemon, sim, fault):
    import_id = sim.add(status="STOPPED")
    sim.fault(**fault, apply=True, operation="StartImport", calls=1)
    assert restart(daemon, import_id)["ImportId"] == import_id
    assert operations(sim) == ["StartImport", "GetImport"]
    daemon.journal.wait("import-restarted")


def test_an_answer_that_does_not_come_is_lost(start_daemon, sim):
    daemon = start_daemon(calls={"timeout": "2s"})
    sim.fault("hang", apply=True, operation="StartImport", calls=1)
    restart(daemon, sim.add(status="STOPPED"))
    assert len(sim.calls("StartImport")) == 1
    daemon.journal.wait("import-restarted")


@pytest.mark.parametrize("fault", LOST)
def test_where_it_had_no_effect_it_is_called_once_more(daemon, sim, fault):
    import_id = sim.add(status="STOPPED")
    sim.fault(**fault, operation="StartImport", calls=1)
    restart(daemon, import_id)
    assert operations(sim) == ["StartImport", "GetImport", "StartImport"]
    daemon.journal.wait("import-restarted")


def test_it_is_called_twice_at_most(daemon, sim):
    sim.fault("error", status=500, operation="StartImport")
    name, parameters = refusal(daemon, importId=sim.add(status="STOPPED"))
    assert name == f"{INTERFACE}.CallFailed" and parameters["cause"]["httpStatus"] == 500
    assert operations(sim) == ["StartImport", "GetImport", "StartImport", "GetImport"]
    assert daemon.journal.find("import-restarted") == []


@pytest.mark.parametrize("status", ["COMPLETED", "UNHEARD_OF"])
def test_of_an_import_in_another_state_the_lost_answer_is_an_error(daemon, sim, status):
    sim.fault("reset", operation="StartImport", calls=1)
    assert refusal(daemon, importId=sim.add(status=status))[0] == f"{INTERFACE}.CallFailed"
    assert operations(sim) == ["StartImport", "GetImport"]


def test_a_throttled_call_is_repeated(daemon, sim):
    sim.fault("throttle", operation="StartImport", calls=1)
    restart(daemon, sim.add(status="STOPPED"))
    assert operations(sim) == ["StartImport", "StartImport"]


def test_a_second_refusal_is_not_believed_before_a_look(daemon, sim):
    """The first call had its effect late: then the second one is refused, and the import runs."""
    import_id = sim.add(status="STOPPED")
    sim.fault("reset", operation="StartImport", calls=1)
    sim.fault("error", code="AccountHasOngoingImportException", apply=True, operation="StartImport", calls=1)
    restart(daemon, import_id)
    assert operations(sim) == ["StartImport", "GetImport", "StartImport", "GetImport"]


@pytest.mark.parametrize("code, error", [
    ("AccountHasOngoingImportException", "CallFailed"), ("ImportNotFoundException", "ImportNotFound"),
    ("InvalidParameterException", "InvalidParameter"), ("InvalidImportSourceException", "CallFailed"),
    ("OperationNotPermittedException", "OperationNotPermitted"), ("AccessDeniedException", "CallFailed"),
])
def test_each_refusal_by_name(daemon, sim, code, error):
    sim.fault("error", code=code, operation="StartImport")
    name, parameters = refusal(daemon, importId=sim.add(status="STOPPED"))
    assert name == f"{INTERFACE}.{error}" and parameters["cause"]["code"] == code
    assert operations(sim) == ["StartImport"]
    assert daemon.journal.find("import-restarted") == []


def test_an_import_that_runs_is_named_as_the_one_that_is_in_the_way(daemon, sim):
    assert refusal(daemon, importId=sim.add())[1]["cause"]["code"] == "AccountHasOngoingImportException"


def test_without_credentials_nothing_is_sent(start_daemon, sim):
    daemon = start_daemon(environment={"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""})
    assert refusal(daemon, importId=sim.add(status="STOPPED"))[0] == f"{INTERFACE}.CallFailed"
    assert sim.calls() == []


@pytest.mark.parametrize("parameters, at_fault", [
    ({"importId": "Task-1"}, "importId"), ({}, "importId"), ({"importId": new_id(), "service": "logs"}, "service"),
    ({"importId": new_id(), "timeout": 1}, "timeout"), ({"importId": new_id(), "reason": 1}, "reason"),
])
def test_it_takes_an_import_of_cloudtrail_and_a_reason(daemon, sim, parameters, at_fault):
    assert refusal(daemon, **parameters) == (f"{SERVICE}.InvalidParameter", {"parameter": at_fault})
    assert sim.calls() == []


def test_there_is_no_such_target(daemon):
    assert refusal(daemon, importId=new_id(), target="nowhere")[0] == f"{INTERFACE}.TargetNotFound"


def test_a_client_that_goes_away_has_asked_all_the_same(daemon, sim):
    import_id = sim.add(status="STOPPED")
    with daemon.connect() as leaver:
        leaver.send("Restart", {"importId": import_id})
    daemon.journal.wait("import-restarted", import_id=import_id)


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be another user")
def test_it_is_for_operators(daemon, sim):
    daemon.socket.chmod(0o666)
    import_id = sim.add(status="STOPPED")
    assert call_as(54321, 54321, daemon.socket, "Restart", {"importId": import_id}) == ("error", "NotAuthorized", {})
    assert sim.calls() == []


def test_the_client_restarts_and_shows_it(ctl, sim):
    import_id = sim.add(status="STOPPED")
    done = ctl("restart", "--reason", "the wrong one", import_id)
    assert done.returncode == 0, done.stderr
    assert import_id in done.stdout and "IN_PROGRESS" in done.stdout
    again = ctl("restart", import_id)
    assert again.returncode == 1 and "AccountHasOngoingImportException" in again.stderr
    assert ctl("restart", "--service", "logs", "x").returncode == 2
    assert ctl("restart").returncode == ctl("restart", import_id, import_id).returncode == 2
