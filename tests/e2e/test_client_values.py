# SPDX-License-Identifier: Apache-2.0
"""Values that trailstopctl meets seldom, in what it is given and in what the daemon answers."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from harness import DEADLINE
from harness.canned import full_import, full_job, full_task_job, job_id, target
from harness.ctl import Ctl
from harness.fake import FakeDaemon, import_id
from harness.played import canned
from harness.terminal import Terminal


@pytest.fixture
def ctl(build, runtime, tmp_path):
    return Ctl(build, runtime / "socket", tmp_path)


def shown_job(canned, ctl, **members):
    """The lines of `job` about one with these members, by their name."""
    canned.answer("GetJob", {"job": full_job(1, **members)})
    result = ctl("job", job_id(1))
    assert result.returncode == 0 and result.stderr == ""
    return dict(line.strip().split(": ", 1) for line in result.stdout.splitlines())


# Jobs


@pytest.mark.parametrize("members", [
    {"nextCallAt": "soon"}, {"nextCallAt": None}, {"nextCallAt": "2020-01-01T00:00:00Z"},
    {"place": {"before": 0, "intervalUsec": 5}}, {"place": {"before": 5, "intervalUsec": 0}}, {"place": None}])
def test_no_place_is_shown_of_a_job_that_does_not_wait_in_a_queue(canned, ctl, members):
    assert "In the queue" in shown_job(canned, ctl)
    assert "In the queue" not in shown_job(canned, ctl, **members)


def test_a_place_where_many_calls_are_made_in_a_second(canned, ctl):
    shown = shown_job(canned, ctl, place={"before": 9, "intervalUsec": 100000})
    assert shown["In the queue"] == "9 before it, 10 a second"


@pytest.mark.parametrize("time", ["soon", "2026-13-01T00:00:00Z"])
def test_times_that_are_none_are_shown_as_they_are(canned, ctl, time):
    shown = shown_job(canned, ctl, requestedAt=time)
    assert shown["Requested"] == time and shown.get("Elapsed", "0") == "0"
    shown = shown_job(canned, ctl, state="stopped", finishedAt=time)
    assert shown["Finished"] == time
    canned.answer("ListTargets", {"targets": [{**target("paris"), "since": time}]})
    assert ctl("targets").returncode == 0


def test_that_it_was_stopped_already(canned, ctl):
    assert shown_job(canned, ctl, alreadyStopped=True)["Already stopped"] == "yes"


def test_prefixes_of_which_the_number_is_not_known(canned, ctl):
    whole = full_import(1)
    whole["ImportStatistics"] = {"PrefixesCompleted": 7}
    assert shown_job(canned, ctl, **{"import": whole})["Prefixes"] == "7"


@pytest.mark.parametrize("job, status", [
    (full_job(1, "stopped", kind="rest"), 1), (full_job(1, "failed", kind=None), 8),
    (full_job(1, "failed", target=None), 8), (full_task_job(1, "failed"), 8),
    (full_job(1, "refused", lastError=None), 1), (full_job(1, "refused", lastError={"code": "AccessDenied"}), 5),
    (full_job(1, "refused", lastError={"code": "X", "message": "", "httpStatus": 5000}), 1)])
def test_how_a_watched_job_ended(canned, ctl, job, status):
    canned.answer("Watch", {"job": {key: value for key, value in job.items() if value is not None}})
    result = ctl("watch", job_id(1))
    assert result.returncode == status
    assert import_id(1) in result.stderr


@pytest.mark.parametrize("targets, shown", [(("paris", None), "paris, stopped"), ((None, "paris"), "(, stopped)")])
def test_jobs_to_choose_from_without_a_target(canned, ctl, targets, shown):
    jobs = [full_job(number, "stopped", target=name) for number, name in enumerate(targets)]
    canned.answer("ListJobs", {"jobs": [{key: value for key, value in job.items() if value} for job in jobs]})
    result = ctl("job", job_id(1)[:9])
    assert result.returncode == 2 and shown in result.stderr


# Lists and errors


def test_each_target_of_a_rehearsal_that_fails_is_complained_of(canned, ctl):
    canned.fail("StopAll", "NotAuthorized")
    result = ctl("stop", "--all", "--dry-run", "--all-targets")
    assert result.returncode == 5 and len(result.stderr.splitlines()) == 2


def test_the_first_failure_of_a_rehearsal_is_its_outcome(canned, ctl):
    canned.answer("StopAll", {"imports": [], "failures": [
        {"target": "a", "cause": {"code": "AccessDenied"}}, {"target": "b", "cause": {"code": "Whatever", "message": "no"}}]})
    result = ctl("stop", "--all", "--dry-run")
    assert result.returncode == 5
    assert result.stderr == "trailstopctl: target a: AccessDenied\ntrailstopctl: target b: Whatever: no\n"


@pytest.mark.parametrize("source, shown", [
    ("arn:aws:s3", "arn:aws:s3"), ("arn:aws:s3:::", "arn:aws:s3:::"), ("arn:aws:s3:r:1:b/k", "b/k"), ("s3://b", "s3://b")])
def test_of_an_arn_what_tells_it_from_others_is_shown(canned, ctl, source, shown):
    whole = full_import(1)
    whole["ImportSource"]["S3"]["S3LocationUri"] = source
    canned.answer("StopAll", {"imports": [whole]})
    assert ctl("stop", "--all", "--dry-run").stdout.splitlines()[1].split()[-2] == shown


def test_what_health_says_as_JSON(canned, ctl):
    status, documents = ctl.json("health")
    assert status == 1
    assert [key for document in documents for key in document] == ["targets", "queues", "statistics"]


def test_health_without_reasons(canned, ctl):
    canned.answer("ListTargets", {"targets": [{"name": "a", "state": "unreachable"}, {"name": "b"}]})
    canned.answer("ListQueues", {"queues": []})
    assert ctl("health").stdout == "a: unreachable\n"
    canned.answer("ListTargets", {"targets": [{"name": "b"}, {"name": "c", "state": "ok"}]})
    assert ctl("health").stdout == "All targets answer, and the store can be written\n"
    canned.answer("GetStatistics", {"statistics": {"storeWritable": 0}})
    result = ctl("health")
    assert result.returncode == 1 and "store" in result.stdout


def test_a_test_as_JSON(canned, ctl):
    status, documents = ctl.json("targets", "--test")
    assert status == 0 and [document["account"] for document in documents] == ["123456789012"] * 2


# What is said at the socket


@pytest.mark.parametrize("answer", [b"{}\0", b'{"parameters":null}\0', b'{"parameters":[]}\0', b'{"error":5}\0', b"[]\0",
                                    b'{"parameters":{},"continues":1}\0', b'{"parameters":{},"continues":true}\0'])
def test_an_answer_that_is_not_one(runtime, ctl, answer):
    daemon = FakeDaemon(runtime / "socket")
    process = ctl.start("version")
    session = daemon.accept()
    session.call("org.varlink.service.GetInfo")
    session.send_raw(answer)
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1 and "does not speak Varlink" in errors
    daemon.close()


def test_an_answer_too_many(runtime, ctl):
    daemon = FakeDaemon(runtime / "socket")
    process = ctl.start("statistics")
    session = daemon.accept()
    session.call("GetStatistics")
    session.send_raw(2 * b'{"parameters":{"statistics":{}}}\0')
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 1 and "does not speak Varlink" in errors
    daemon.close()


def test_an_error_without_parameters(runtime, ctl):
    daemon = FakeDaemon(runtime / "socket")
    process = ctl.start("jobs")
    session = daemon.accept()
    session.send_raw(b'{"error":"io.trailstop.Imports.NotAuthorized"}\0')
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 5 and "Only operators may do that" in errors
    daemon.close()


def test_an_interruption_while_the_daemon_has_no_room_for_a_connection(runtime, ctl):
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(str(runtime / "socket"))
        listener.listen(0)
        first.connect(str(runtime / "socket"))
        process = ctl.start("jobs")
        waits = Path(f"/proc/{process.pid}/wchan")
        end = time.monotonic() + DEADLINE
        while waits.read_text() != "unix_wait_for_peer":
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.01)  # nothing tells of that
        process.send_signal(signal.SIGINT)
        assert process.wait(DEADLINE) == 130
        process.communicate()


# What it is given


def test_ids_from_what_cannot_be_read(ctl):
    directory = os.open("/", os.O_RDONLY)
    result = subprocess.run([ctl.binary, "stop", "-"], env=ctl.environment, stdin=directory, capture_output=True, text=True)
    os.close(directory)
    assert result.returncode == 2 and "Cannot read standard input: Is a directory" in result.stderr


@pytest.mark.parametrize("option", ["--" + 200 * "x", "-" + 200 * "x", "--" + 70 * "x" + "=1"])
def test_options_that_are_longer_than_any(ctl, option):
    result = ctl("jobs", option)
    assert result.returncode == 2 and "There is no option" in result.stderr


def test_a_time_before_all_times(canned, ctl):
    assert ctl("jobs", "--since", "100y").returncode == 0


@pytest.mark.parametrize("words", [["jobs"], ["stop", import_id(1)]])
def test_a_terminal_of_no_known_size_is_taken_for_a_usual_one(canned, ctl, words):
    canned.answer("Stop", {"job": full_job(1, "stopped")})
    terminal = Terminal([ctl.binary, *words], columns=0, rows=0,
                        env={**ctl.environment, "TERM": "xterm", "NO_COLOR": "1", "SYSTEMD_PAGER": ""})
    terminal.columns, terminal.rows = 80, 24
    assert terminal.finish() == 0
    assert all(len(line) <= 80 for line in terminal.screen())
    terminal.close()
