# SPDX-License-Identifier: Apache-2.0
"""What trailstopctl's exit status tells a script, with the real daemon behind it."""

import os
import signal

import pytest

from harness.sim import new_id


def status(result):
    assert "Sanitizer" not in result.stderr
    return result.returncode


def test_0_every_import_is_stopped(ctl, sim):
    assert status(ctl("stop", *sim.add_many(3))) == 0


def test_0_accepted_with_no_wait(ctl, sim):
    assert status(ctl("stop", "--no-wait", sim.add_endless())) == 0


def test_0_what_is_there_is_shown(ctl, daemon, sim):
    job = daemon.stopped(sim.add())
    for command in (["job", job["id"]], ["jobs"], ["watch", job["id"]], ["targets"], ["statistics"], ["version"],
                    ["--help"]):
        assert status(ctl(*command)) == 0, command


@pytest.mark.parametrize("code, expected", [
    ("ImportNotFoundException", 4), ("InvalidParameterException", 1), ("UnsupportedOperationException", 1),
    ("OperationNotPermittedException", 5), ("AccessDenied", 5), ("AccessDeniedException", 5),
])
def test_what_CloudTrail_refused(ctl, sim, code, expected):
    sim.fault("error", operation="StopImport", status=400, code=code)
    assert status(ctl("stop", sim.add_endless())) == expected


def test_1_cancelled(ctl, daemon, sim):
    import_id = sim.add_endless()
    waiting = ctl.start("stop", import_id)
    job = daemon.journal.wait("stop-accepted", import_id=import_id)["TRAILSTOP_JOB"]
    assert status(ctl("cancel", job)) == 0
    _, errors = waiting.communicate(timeout=30)
    assert waiting.returncode == 1, errors


@pytest.mark.parametrize("arguments", [
    [], ["halt"], ["stop"], ["stop", "--fast", new_id()], ["stop", "not-an-id"],
    ["stop", "--timeout", "soon", new_id()], ["stop", "--timeout"], ["job"], ["cancel"], ["jobs", "--state", "asleep"], ["--nonsense", "jobs"],
    ["stop", new_id(), "not-an-id"],
])
def test_2_wrong_usage_and_nothing_was_asked(ctl, daemon, arguments):
    result = ctl(*arguments)
    assert status(result) == 2
    assert result.stderr and not result.stdout
    assert daemon.call("ListJobs")["jobs"] == []


def test_3_the_import_completed_first(ctl, sim):
    assert status(ctl("stop", sim.add(ends="COMPLETED"))) == 3


def test_4_no_such_import_job_or_target(ctl):
    assert status(ctl("stop", new_id())) == 4
    assert status(ctl("job", "no-such-job")) == 4
    assert status(ctl("watch", "no-such-job")) == 4
    assert status(ctl("cancel", "no-such-job")) == 4
    assert status(ctl("stop", "-t", "moon", new_id())) == 4


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be another user")
@pytest.mark.parametrize("mode", [0o660, 0o666], ids=["by the socket's mode", "by the daemon"])
def test_5_a_user_who_may_not(ctl, daemon, build, mode, tmp_path):
    daemon.socket.chmod(mode)
    # The build may lie where that user may not look: a copy that it may run.
    program = daemon.runtime / "trailstopctl"
    program.write_bytes(ctl.binary.read_bytes())
    program.chmod(0o755)
    ctl.binary = program
    waiting = ctl.start("stop", new_id(), user=54321, group=54321, extra_groups=[])
    _, errors = waiting.communicate(timeout=30)
    assert waiting.returncode == 5, errors


def test_6_deadline_expired(ctl, sim):
    assert status(ctl("stop", "--timeout", "1s", sim.add_endless())) == 6


def test_7_the_daemon_cannot_be_reached(ctl, daemon, runtime):
    assert status(ctl("--socket", runtime / "nobody-listens", "jobs")) == 7
    daemon.terminate()
    assert status(ctl("stop", new_id())) == 7
    assert status(ctl("targets")) == 7


def test_8_the_import_failed(ctl, sim):
    assert status(ctl("stop", sim.add(ends="FAILED"))) == 8


@pytest.mark.parametrize("number", [signal.SIGINT])
def test_130_interrupted_and_the_job_goes_on(ctl, daemon, sim, number):
    import_id = sim.add_endless()
    waiting = ctl.start("stop", import_id)
    job = daemon.journal.wait("stop-accepted", import_id=import_id)["TRAILSTOP_JOB"]
    waiting.send_signal(number)
    _, errors = waiting.communicate(timeout=30)
    assert waiting.returncode == 130
    assert f"trailstopctl watch {job}" in errors or f"trailstopctl job {job}" in errors
    assert daemon.job(job)["state"] == "polling"
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=job)


def test_the_first_that_did_not_stop_decides(ctl, sim):
    stopped, completed, failed = sim.add(), sim.add(ends="COMPLETED", stop_polls=8), sim.add(ends="FAILED")
    assert status(ctl("stop", stopped, completed, failed)) == 3
    sim.control("reset", {})
    stopped, completed, failed = sim.add(), sim.add(ends="COMPLETED", stop_polls=8), sim.add(ends="FAILED")
    assert status(ctl("stop", failed, stopped, completed)) == 8


def test_ids_may_come_from_standard_input(ctl, sim):
    ids = sim.add_many(3)
    assert status(ctl("stop", "-", input="\n".join(ids) + "\n")) == 0
    assert {call["importId"] for call in sim.calls("StopImport")} == set(ids)


def test_with_json_there_is_one_document_a_line(ctl, sim):
    import_id = sim.add()
    code, documents = ctl.json("stop", import_id)
    assert code == 0
    assert documents[-1]["job"]["state"] == "stopped"
    assert {document["job"]["importId"] for document in documents} == {import_id}
    code, documents = ctl.json("targets")
    assert code == 0 and documents[0]["targets"][0]["name"] == "default"
