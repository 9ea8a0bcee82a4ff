# SPDX-License-Identifier: Apache-2.0
"""trailstopctl against a daemon that the test plays: what it exits with, how it goes on, and how it is interrupted."""

import contextlib
import signal
import threading
import time

import pytest

from harness.fake import import_id, make_job
from harness.played import accept_stops, ctl, daemon, end, expect_stops, expect_watch, play, restart
from harness.varlink import SERVICE


# Exit status


@pytest.mark.parametrize("state, error, expected", [
    ("stopped", None, 0), ("completed", None, 3), ("failed", None, 8), ("expired", "ThrottlingException", 6),
    ("cancelled", None, 1), ("refused", "ImportNotFoundException", 4), ("refused", "InvalidParameterException", 1),
    ("refused", "OperationNotPermittedException", 5), ("refused", "UnsupportedOperationException", 1),
    ("refused", "AccessDeniedException", 5), ("refused", "UnrecognizedClientException", 5),
    ("refused", "SomethingElse", 1), ("expired", "AccessDenied", 6), ("cancelled", "AccessDenied", 1),
])
def test_how_a_job_ends(ctl, daemon, state, error, expected):
    process, session = play(ctl, daemon, "stop", import_id(1))
    accept_stops(session, 1)
    expect_watch(session, 1)
    session.reply({"job": make_job(1, state, error=error)})
    status, output, errors = end(process)
    assert status == expected
    assert state in output.splitlines()[-1]
    if expected:
        assert errors.count("\n") == 1 and import_id(1) in errors and (error or "") in errors


def test_a_failed_import_is_explained(ctl, daemon):
    process, session = play(ctl, daemon, "stop", "-t", "paris", import_id(1))
    expect_stops(session, 1, target="paris")
    session.reply({"job": make_job(1, "failed", target="paris")})
    status, _, errors = end(process)
    assert status == 8 and "ran to its end, and some of its entries failed" in errors
    assert errors.endswith(f"trailstopctl failures -t paris {import_id(1)}\n")


CAUSE = {"code": "SomeException", "message": "because"}


@pytest.mark.parametrize("error, parameters, expected, mentioned", [
    ("ImportNotFound", {"cause": CAUSE}, 4, "because"),
    ("InvalidParameter", {"cause": CAUSE}, 1, "because"),
    ("OperationNotPermitted", {"cause": CAUSE}, 5, "because"),
    ("UnsupportedOperation", {"cause": CAUSE}, 1, "because"),
    ("CallFailed", {"cause": CAUSE}, 1, "because"),
    ("CallFailed", {"cause": {"code": "AccessDenied", "message": "no"}}, 5, "AccessDenied"),
    ("CallFailed", {"cause": {"code": "Whatever", "message": "no", "httpStatus": 403}}, 5, "Whatever"),
    ("ImportCompleted", {"job": make_job(1, "completed")}, 3, "COMPLETED"),
    ("ImportFailed", {"job": make_job(1, "failed")}, 8, "FAILED"),
    ("DeadlineExpired", {"job": make_job(1, "expired", error="Slow")}, 6, "Slow"),
    ("JobCancelled", {"job": make_job(1, "cancelled")}, 1, "cancelled"),
    ("JobReleased", {"job": make_job(1, "released")}, 1, "another host"),
    ("JobNotFound", {"id": "job_9"}, 4, "job_9"),
    ("TargetNotFound", {"target": "moon"}, 4, "moon"),
    ("NotAuthorized", {}, 5, "operators"),
    ("QueueFull", {"limit": 17}, 1, "17"),
    (f"{SERVICE}.InvalidParameter", {"parameter": "reason"}, 2, "reason"),
    (f"{SERVICE}.MethodNotFound", {"method": "Stop"}, 1, "does not serve"),
    (f"{SERVICE}.MethodNotImplemented", {"method": "Stop"}, 1, "does not serve"),
    (f"{SERVICE}.InterfaceNotFound", {"interface": "x"}, 1, "interface"),
    (f"{SERVICE}.PermissionDenied", {}, 5, "permit"),
    ("FromTheFuture", {}, 1, "FromTheFuture"),
])
@pytest.mark.parametrize("command", [["stop"], ["stop", "--no-wait"], ["show"]])
def test_error_replies(ctl, daemon, command, error, parameters, expected, mentioned):
    process, session = play(ctl, daemon, *command, import_id(1))
    session.call("Stop" if command[0] == "stop" else "GetImport")
    session.reply(parameters, error=error)
    status, output, errors = end(process)
    assert status == expected
    assert errors.count("\n") == 1 and mentioned in errors
    assert session.hung_up()


def test_the_first_in_the_order_of_the_arguments_decides(ctl, daemon):
    process, session = play(ctl, daemon, "stop", *map(import_id, (1, 2, 3, 4)))
    expect_stops(session, 1, 2, 3, 4)
    session.reply({"job": make_job(1, "queued")})
    session.reply({"job": make_job(2, "queued")})
    session.reply({"limit": 3}, error="QueueFull")
    session.reply({"job": make_job(4, "queued")})
    expect_watch(session, 1, 2, 4)
    session.update(make_job(4, "completed"))
    session.update(make_job(2, "failed"))
    session.reply({"job": make_job(1, "stopped")})
    status, output, errors = end(process)
    assert status == 8
    assert [line.split()[0] for line in output.splitlines()[-3:]] == [import_id(n) for n in (1, 2, 4)]
    assert [line.split(": ")[1] for line in errors.splitlines()] == [import_id(n) for n in (3, 4, 2)]


def test_7_nobody_listens(ctl, daemon):
    daemon.close()
    for command in (["jobs"], ["stop", import_id(1)], ["watch"], ["--json", "targets"]):
        result = ctl(*command)
        assert result.returncode == 7 and not result.stdout
        assert result.stderr.startswith(f"trailstopctl: Cannot reach the daemon at {daemon.path}: ")
        assert "systemctl status trailstopd.socket" in result.stderr


@pytest.mark.parametrize("empty", ["", "unix:"])
def test_an_empty_variable_names_no_socket(ctl, empty):
    result = ctl("statistics", TRAILSTOP_SOCKET=empty)
    assert result.returncode == 0 or " /run/trailstop/io.trailstop.Imports" in result.stderr


@pytest.mark.parametrize("prefix", ["", "unix:"])
@pytest.mark.parametrize("by_option", [True, False])
def test_a_socket_may_be_named_as_varlink_does(ctl, daemon, prefix, by_option):
    address = f"{prefix}{daemon.path}"
    ctl.environment["TRAILSTOP_SOCKET"] = "/nowhere" if by_option else address
    process, session = play(ctl, daemon, *(["--socket", address] if by_option else []), "statistics")
    session.call("GetStatistics")
    session.reply({"statistics": {}})
    assert end(process) == (0, "", "")


def test_7_the_path_is_too_long(ctl):
    path = "/" + 107 * "x"
    result = ctl("--socket", path, "jobs")
    assert result.returncode == 7 and path in result.stderr and "at most 107 bytes" in result.stderr


@pytest.mark.parametrize("command, method", [(["jobs"], "ListJobs"), (["stop", "--no-wait", import_id(1)], "Stop")])
def test_7_the_daemon_goes_before_it_answers(ctl, daemon, command, method):
    process, session = play(ctl, daemon, *command)
    session.call(method)
    session.close()
    status, _, errors = end(process)
    assert status == 7 and "max-clients=" in errors and "journalctl -u trailstopd" in errors


LONG = 5000 * "x"  # what a daemon may be configured to refuse


@pytest.mark.parametrize("command, method", [
    (["jobs", "-t", LONG], "ListJobs"), (["stop", "--no-wait", "--reason", LONG, import_id(1)], "Stop"),
    (["stop", "--all", "--dry-run", "--destination", LONG], "StopAll"),
])
def test_1_the_daemon_hangs_up_on_a_long_call(ctl, daemon, command, method):
    process, session = play(ctl, daemon, *command)
    session.call(method)
    session.close()
    status, _, errors = end(process)
    assert status == 1 and "max-message=" in errors and "journalctl -u trailstopd" in errors


@pytest.mark.parametrize("command, method, calls", [
    (["stop", "--reason", LONG, import_id(1), import_id(2)], "Stop", 2),
    (["stop", "--all", "--reason", LONG], "StopAll", 1), (["watch", LONG], "Watch", 1),
])
def test_1_it_hangs_up_again_when_asked_again(ctl, daemon, command, method, calls):
    process = ctl.start(*command)
    for _ in range(2):
        session = daemon.accept()
        for _ in range(calls):
            session.call(method)
        session.close()
    status, output, errors = end(process)
    assert (status, output) == (1, "") and "max-message=" in errors
    assert daemon.nobody_came()


def test_a_long_call_is_made_again_after_a_restart(ctl, daemon):
    process, session = play(ctl, daemon, "stop", "--reason", LONG, import_id(1))
    session.call("Stop")
    restart(daemon, session)
    session = daemon.accept()
    session.call("Stop")
    session.reply({"job": make_job(1, "stopped")})
    assert end(process)[0] == 0


@pytest.mark.parametrize("answer", [b"HTTP/1.1 400 Bad Request\r\n\r\n\0", b"[]\0", b'{"parameters":[]}\0',
                                    b'{"error":1}\0', b'{"parameters":{}}\0', b'{"parameters":{"job":{}}}\0',
                                    b'{"parameters":{},"more":true}\0'])
def test_1_what_listens_is_something_else(ctl, daemon, answer):
    for command in (["stop", import_id(1)], ["job", "1"], ["watch"]):
        process, session = play(ctl, daemon, *command)
        session.next_message()
        session.send_raw(answer)
        status, _, errors = end(process)
        assert status == 1 and errors.count("\n") == 1, (command, errors)


# A daemon that restarts


def test_following_goes_on_over_a_restart(ctl, daemon):
    process, session = play(ctl, daemon, "stop", import_id(1), import_id(2))
    accept_stops(session, 1, 2)
    expect_watch(session, 1, 2)
    session.update(make_job(1, "stopped"))
    session.update(make_job(2, "polling"))
    restart(daemon, session)
    session = daemon.accept()
    expect_watch(session, 2)
    session.update(make_job(2, "polling", status="IN_PROGRESS"))
    restart(daemon, session)
    session = daemon.accept()
    expect_watch(session, 2)
    session.reply({"job": make_job(2, "stopped", status="STOPPED")})
    status, output, errors = end(process)
    assert status == 0
    assert errors.count("\n") == 2  # once for each restart


def test_a_request_without_an_answer_is_made_again(ctl, daemon):
    process, session = play(ctl, daemon, "stop", import_id(1), import_id(2))
    expect_stops(session, 1, 2)
    session.reply({"job": make_job(1, "queued")})
    restart(daemon, session)
    session = daemon.accept()
    accept_stops(session, 2)
    expect_watch(session, 1, 2)
    session.update(make_job(1, "stopped"))
    session.reply({"job": make_job(2, "stopped")})
    assert end(process)[0] == 0


def test_7_a_daemon_that_does_not_come_back(ctl, daemon):
    process, session = play(ctl, daemon, "watch", "job_1")
    expect_watch(session, 1)
    began = time.monotonic()
    session.close()
    daemon.close()
    status, output, errors = end(process, timeout=60)
    assert time.monotonic() - began >= 30
    assert (status, output) == (7, "")
    assert "go on when the daemon runs again" in errors and "The jobs go on" not in errors
    assert f"Cannot reach the daemon at {daemon.path}: No such file or directory" in errors
    assert "trailstopctl watch job_1" in errors


def test_7_a_daemon_that_hangs_up_each_time_is_tried_ever_more_seldom(ctl, daemon):
    """It may be started for each connection, and each start may fail."""
    process = ctl.start("watch", "job_1")
    connections, ended = 0, threading.Thread(target=process.wait)
    ended.start()
    daemon.socket.settimeout(0.1)  # nothing tells us of an end
    while ended.is_alive():
        with contextlib.suppress(TimeoutError):
            daemon.socket.accept()[0].close()
            connections += 1
    status, output, errors = end(process)
    assert (status, output) == (7, "") and "trailstopctl watch job_1" in errors
    assert errors.count("hung up") == 1
    assert connections < 20


def test_watch_that_the_daemon_ends_early_is_asked_for_again(ctl, daemon):
    process, session = play(ctl, daemon, "watch", "job_1")
    expect_watch(session, 1)
    session.reply({"job": make_job(1, "polling")})
    expect_watch(session, 1)
    session.reply({"job": make_job(1, "stopped")})
    assert end(process)[0] == 0


def test_a_daemon_that_hangs_up_on_a_long_call_is_asked_about_fewer_jobs(ctl, daemon):
    process, session = play(ctl, daemon, "watch", *[f"job_{number}" for number in range(900)])
    expected = list(range(900))
    while len(asked := session.call("Watch")["ids"]) > 300:
        assert asked == [f"job_{number}" for number in expected[:len(asked)]]
        session.close()
        session = daemon.accept()
    while expected:
        assert asked == [f"job_{number}" for number in expected[:len(asked)]]
        for number in expected[:len(asked) - 1]:
            session.update(make_job(number, "stopped"))
        session.reply({"job": make_job(expected[len(asked) - 1], "stopped")})
        expected = expected[len(asked):]
        if expected:
            asked = session.call("Watch")["ids"]
    assert end(process)[0] == 0


def test_a_daemon_that_hangs_up_on_a_short_call_is_asked_about_the_same_jobs(ctl, daemon):
    process, session = play(ctl, daemon, "watch", "job_1", "job_2")
    for _ in range(3):
        session.close()
        session = daemon.accept()
        expect_watch(session, 1, 2)
    session.update(make_job(1, "stopped"))
    session.reply({"job": make_job(2, "stopped")})
    assert end(process)[0] == 0


# Interrupted


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_130_detaches_and_says_how_to_look_again(ctl, daemon, number):
    process, session = play(ctl, daemon, "stop", *map(import_id, (1, 2, 3)))
    accept_stops(session, 1, 2, 3)
    expect_watch(session, 1, 2, 3)
    session.update(make_job(2, "stopped"))
    assert "stopped" in [process.stdout.readline() for _ in range(4)][-1]
    process.send_signal(number)
    status, _, errors = end(process)
    assert status == 130
    assert errors.splitlines()[-1].endswith("trailstopctl watch job_1 job_3")
    assert session.hung_up()  # nothing was cancelled


def test_130_names_the_socket_it_was_given(ctl, daemon):
    process, session = play(ctl, daemon, "--socket", daemon.path, "stop", import_id(1))
    accept_stops(session, 1)
    expect_watch(session, 1)
    process.send_signal(signal.SIGINT)
    status, _, errors = end(process)
    assert status == 130 and f"trailstopctl --socket {daemon.path} watch job_1" in errors


@pytest.mark.parametrize("command", [["watch"], ["jobs"], ["stop", import_id(1)], ["stop", "--no-wait", import_id(1)]])
def test_130_before_an_answer(ctl, daemon, command):
    process, session = play(ctl, daemon, *command)
    session.next_message()
    process.send_signal(signal.SIGINT)
    status, _, errors = end(process)
    assert status == 130
    assert errors.endswith("trailstopctl jobs\n") == (command[0] == "stop"), "the daemon may have accepted it"


def test_130_while_the_daemon_is_away(ctl, daemon):
    process, session = play(ctl, daemon, "watch", "job_1")
    expect_watch(session, 1)
    session.close()
    daemon.close()
    assert "hung up" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    status, _, errors = end(process)
    assert status == 130 and "trailstopctl watch job_1" in errors
    assert "go on when the daemon runs again" in errors and "The jobs go on" not in errors


def test_130_before_stop_all_is_answered(ctl, daemon):
    process, session = play(ctl, daemon, "stop", "--all")
    session.call("StopAll")
    process.send_signal(signal.SIGINT)
    status, _, errors = end(process)
    assert status == 130 and errors.endswith("trailstopctl jobs\n")


def test_130_of_a_rehearsal_leaves_nothing_to_look_at(ctl, daemon):
    process, session = play(ctl, daemon, "stop", "--all", "--dry-run")
    session.call("StopAll")
    process.send_signal(signal.SIGINT)
    assert end(process) == (130, "", "")


def test_1_a_stream_that_nobody_asked_for(ctl, daemon):
    process, session = play(ctl, daemon, "stop", import_id(1))
    expect_stops(session, 1)
    session.reply({"job": make_job(1, "queued")}, continues=True)
    status, _, errors = end(process)
    assert status == 1 and "does not speak Varlink" in errors
