# SPDX-License-Identifier: Apache-2.0
"""trailstopctl against a daemon that the test plays: what it asks for, and what it prints."""

import json
import os
import signal

import pytest

from harness.fake import import_id, make_job, plain_line
from harness.pipes import wait_until_read
from harness.played import accept_stops, ctl, daemon, end, expect_stops, expect_watch, play, restart
from harness.varlink import SERVICE


# stop: what is asked


def test_several_imports_are_asked_for_at_once_and_watched_over_one_connection(ctl, daemon):
    process, session = play(ctl, daemon, "stop", *map(import_id, (3, 1, 2)))
    expect_stops(session, 3, 1, 2)  # all three, before the first is answered
    for number in (3, 1, 2):
        session.reply({"job": make_job(number, "queued")})
    expect_watch(session, 3, 1, 2)
    for number in (1, 2):
        session.update(make_job(number, "stopped", status="STOPPED"))
    session.reply({"job": make_job(3, "stopped", status="STOPPED")})
    status, output, errors = end(process)
    assert (status, errors) == (0, "")
    table = output.splitlines()[-4:]
    assert table[0].split()[:4] == ["IMPORT", "TARGET", "STATE", "STATUS"]
    assert [line.split()[0] for line in table[1:]] == [import_id(number) for number in (3, 1, 2)]
    assert session.hung_up() and daemon.nobody_came()


def test_ids_are_folded_and_asked_for_once(ctl, daemon):
    process, session = play(ctl, daemon, "stop", "--no-wait", import_id(0xab).upper(), import_id(1), import_id(0xab))
    accept_stops(session, 0xab, 1)
    assert end(process) == (0, "job_171\njob_1\n", "")


def test_ids_from_standard_input(ctl, daemon):
    process = ctl.start("stop", "--no-wait", import_id(1), "-", import_id(4), stdin=-1)
    process.stdin.write(f"\n {import_id(2)}\t{import_id(1)}\r\n\n{import_id(3)}")
    process.stdin.close()
    process.stdin = None
    session = daemon.accept()
    accept_stops(session, 1, 2, 3, 4)
    assert end(process)[0] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_130_while_it_reads_ids_and_nothing_is_sent(ctl, daemon, number):
    process = ctl.start("stop", "-", stdin=-1)
    process.stdin.write(import_id(1) + "\n")
    process.stdin.flush()
    wait_until_read(process.stdin)
    process.send_signal(number)
    process.wait(timeout=30)
    assert end(process) == (130, "", "")
    assert daemon.nobody_came()


@pytest.mark.parametrize("text", ["", "\n \n", "no-id\n", import_id(1) + "\n" + import_id(2)[:-1] + "\n",
                                  import_id(1)[:-1] + "\0\n", import_id(1) + ",\n", "\x1b[2J"])
def test_2_wrong_ids_on_standard_input_and_nothing_is_sent(ctl, daemon, text):
    result = ctl("stop", "-", input=text)
    assert result.returncode == 2 and result.stderr and not result.stdout
    assert "\x1b" not in result.stderr
    assert daemon.nobody_came()


@pytest.mark.parametrize("arguments", [
    [], ["halt"], ["stop"], ["stop", ""], ["stop", import_id(1), import_id(2) + "0"],
    ["stop", import_id(1).replace("0", "g")], ["stop", "--timeout", "-1", import_id(1)],
    ["stop", "--timeout", "5 parsec", import_id(1)], ["stop", "--timeout", "", import_id(1)],
    ["stop", "--dry-run", import_id(1)], ["stop", "--all-targets", import_id(1)],
    ["stop", "-t", "one", "-t", "two", import_id(1)], ["stop", "--all", import_id(1)],
    ["list", "-t", "one", "-t", "two"], ["show", "-t", "one", "-t", "two", import_id(1)],
    ["failures", "-t", "one", "-t", "two", import_id(1)], ["jobs", "-t", "one", "-t", "two"],
    ["jobs", "--watch", "-t", "one", "-t", "two"], ["stop", "--all", "--all-targets", "-t", "one"],
    ["stop", "--state", "queued", import_id(1)], ["show"], ["show", "no-id"], ["failures", import_id(1), import_id(2)],
    ["job"], ["job", "1", "2"], ["cancel"], ["jobs", "1"], ["jobs", "--state", "asleep"],
    ["jobs", "--state", "asleep", "--watch"], ["targets", "--no-wait"], ["list", "x"], ["--nonsense"],
    ["--socket"], ["job", b"\xff"],
])
def test_2_wrong_usage_and_nothing_is_sent(ctl, daemon, arguments):
    process = ctl.start(*[a if isinstance(a, str) else os.fsdecode(a) for a in arguments])
    status, output, errors = end(process)
    assert status == 2 and errors and not output
    assert daemon.nobody_came()


@pytest.mark.parametrize("arguments, sentence", [
    (["--nonsense"], 'There is no option "--nonsense": see trailstopctl --help'),
    (["jobs", "-x"], 'There is no option "-x": see trailstopctl --help'),
    (["--json", "-tparis", "-xy", "jobs"], 'There is no option "-x": see trailstopctl --help'),
    (["jobs", "--json=yes"], 'There is no option "--json=yes": see trailstopctl --help'),
    (["--help=me"], 'There is no option "--help=me": see trailstopctl --help'),
    (["--\x1b[2J"], 'There is no option "--\\x1b[2J": see trailstopctl --help'),
    (["jobs", "--state"], "--state takes a value: see trailstopctl --help"),
    (["list", "-t"], "-t takes a value: see trailstopctl --help"),
    (["halt"], 'There is no command "halt": see trailstopctl --help'),
    (["--socket", "", "jobs"], '--socket takes the path of the daemon\'s socket, not ""'),
    (["--socket", "unix:", "jobs"], '--socket takes the path of the daemon\'s socket, not "unix:"'),
])
def test_2_names_the_word_that_is_wrong(ctl, arguments, sentence):
    result = ctl(*arguments)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"trailstopctl: {sentence}\n")


@pytest.mark.parametrize("duration", ["100000000001", "4000y", "18446744073709551616us", 30 * "9"])
def test_2_a_timeout_too_long_names_the_limit(ctl, daemon, duration):
    result = ctl("stop", "--timeout", duration, import_id(1))
    assert result.returncode == 2 and daemon.nobody_came()
    assert "at most 100000000000 seconds" in result.stderr and f'"{duration}"' in result.stderr


@pytest.mark.parametrize("duration, seconds", [
    ("90", 90), ("90s", 90), ("5min", 300), ("1h 30min", 5400), ("0", 0), ("1ms", 1), ("1500ms", 2),
    ("5\u00b5s", 1), ("5 \u03bcs", 1), ("+5", 5), ("infinity", 0), ("100000000000", 100000000000),
])
def test_options_become_parameters(ctl, daemon, duration, seconds):
    process, session = play(ctl, daemon, "stop", "-t", "paris", "--reason", "wrong\nbucket \u20ac", "--timeout", duration,
                            "--no-wait", import_id(1))
    assert session.call("Stop") == {"importId": import_id(1), "target": "paris", "reason": "wrong\nbucket \u20ac",
                                    "timeout": seconds}
    session.reply({"job": make_job(1, "queued")})
    assert end(process) == (0, "job_1\n", "")


def test_options_may_follow_arguments(ctl, daemon):
    process, session = play(ctl, daemon, "stop", import_id(1), "--no-wait", "--json")
    job = make_job(1, "queued")
    expect_stops(session, 1)
    session.reply({"job": job})
    assert end(process) == (0, json.dumps({"job": job}, separators=(",", ":")) + "\n", "")


# --json


def test_json_prints_the_parameters_of_each_reply(ctl, daemon):
    process, session = play(ctl, daemon, "--json", "stop", import_id(1), import_id(2))
    expect_stops(session, 1, 2)
    replies = [{"job": make_job(1, "queued")}, {"target": "moon"}, {"job": make_job(1, "polling", new="member")},
               {"job": make_job(1, "polling", new="member")}, {"job": make_job(1, "stopped", reason="\x7f\x9b \u2028 \u20ac")}]
    session.reply(replies[0])
    session.reply(replies[1], error="TargetNotFound")
    expect_watch(session, 1)
    session.reply(replies[2], continues=True)
    session.reply(replies[3], continues=True)
    session.reply(replies[4])
    status, output, errors = end(process)
    assert status == 4 and "moon" in errors
    assert [json.loads(line) for line in output.splitlines()] == replies
    assert "\x7f" not in output and "\x9b" not in output


@pytest.mark.parametrize("command, method, parameters", [
    (["jobs"], "ListJobs", {"jobs": []}), (["job", "x_1"], "GetJob", {"job": make_job(1)}),
    (["cancel", "x_1"], "Cancel", {"job": make_job(1, "cancelled")}), (["targets"], "ListTargets", {"targets": []}),
    (["statistics"], "GetStatistics", {"statistics": {"b": 2, "a": 1}}),
    (["version"], f"{SERVICE}.GetInfo", {"product": "trailstopd", "version": "9", "interfaces": []}),
    (["show", import_id(1)], "GetImport", {"import": {"ImportId": import_id(1)}}),
    (["list"], "ListImports", {"imports": []}), (["failures", import_id(1)], "ListImportFailures", {"failures": []}),
])
def test_json_of_each_call(ctl, daemon, command, method, parameters):
    process, session = play(ctl, daemon, "--json", *command)
    session.call(method)
    session.reply(parameters)
    assert end(process) == (0, json.dumps(parameters, separators=(",", ":")) + "\n", "")


# Other commands


def test_job_shows_the_message_that_made_it(ctl, daemon):
    message = {"queue": "requests", "messageId": "7b1f-m", "senderId": "AIDAEXAMPLE:ci", "receives": 2}
    process, session = play(ctl, daemon, "job", "x_1")
    session.call("GetJob")
    session.reply({"job": make_job(1, message=message)})
    status, output, _ = end(process)
    assert status == 0
    shown = dict(line.split(": ", 1) for line in output.splitlines() if ": " in line)
    assert [value.strip() for name, value in shown.items() if name.strip() in ("Queue", "Message", "Sender", "Receive count")] \
        == ["requests", "7b1f-m", "AIDAEXAMPLE:ci", "2"]


def test_jobs_puts_all_pages_into_one_table(ctl, daemon):
    process, session = play(ctl, daemon, "jobs", "--state", "stopped", "-t", "paris")
    assert session.call("ListJobs") == {"state": "stopped", "target": "paris"} and session.more
    session.reply({"jobs": [make_job(3, "stopped"), make_job(2, "stopped")]}, continues=True)
    session.reply({"jobs": [make_job(1, "stopped", target="the-other-side-of-the-moon")]})
    status, output, _ = end(process)
    lines = output.splitlines()
    assert status == 0 and [line.split()[0] for line in lines] == ["JOB", "job_3", "job_2", "job_1"]
    assert len({line.index("stopped") for line in lines[1:]} | {lines[0].index("STATE")}) == 1


def test_jobs_watch_shows_changes_of_one_state(ctl, daemon):
    process, session = play(ctl, daemon, "jobs", "--watch", "--state", "stopped")
    assert session.call("Watch") == {} and session.more
    for number in (1, 2):
        session.update(make_job(number, "polling"))
    session.update(make_job(2, "stopped"))
    assert process.stdout.readline() == plain_line(2, "stopped") + "\n"
    process.send_signal(signal.SIGINT)
    assert end(process) == (130, "", "")


def test_jobs_watch_shows_changes_of_one_target(ctl, daemon):
    process, session = play(ctl, daemon, "jobs", "--watch", "--target", "moon")
    assert session.call("Watch") == {} and session.more
    session.update(make_job(1, "stopped"))
    session.update(make_job(2, "stopped", target="moon"))
    assert process.stdout.readline() == plain_line(2, "stopped", "moon") + "\n"
    process.send_signal(signal.SIGINT)
    assert end(process) == (130, "", "")


def test_a_state_of_a_later_version_is_not_an_end(ctl, daemon):
    process, session = play(ctl, daemon, "watch", "job_1")
    expect_watch(session, 1)
    session.update(make_job(1, "pausing"))
    session.reply({"job": make_job(1, "stopped")})
    status, output, _ = end(process)
    assert status == 0 and "stopped" in output


def test_4_one_job_of_several_is_not_there(ctl, daemon):
    process, session = play(ctl, daemon, "watch", "job_1", "job_2", "job_3")
    expect_watch(session, 1, 2, 3)
    session.reply({"id": "job_2"}, error="JobNotFound")
    expect_watch(session, 1, 3)
    session.update(make_job(3, "failed"))
    session.reply({"job": make_job(1, "stopped")})
    status, output, _ = end(process)
    assert status == 4 and [line.split()[0] for line in output.splitlines()[-2:]] == [import_id(1), import_id(3)]


def test_4_without_any_job_there_is_no_table(ctl, daemon):
    process, session = play(ctl, daemon, "watch", "no_such")
    session.call("Watch")
    session.reply({"id": "no_such"}, error="JobNotFound")
    assert end(process) == (4, "", 'trailstopctl: There is no such job: "no_such"\n')

    process, session = play(ctl, daemon, "stop", "-t", "moon", import_id(1))
    session.call("Stop")
    session.reply({"target": "moon"}, error="TargetNotFound")
    status, output, errors = end(process)
    assert (status, output) == (4, "") and '"moon"' in errors


def test_4_an_empty_name_is_seen_to_be_one(ctl, daemon):
    process, session = play(ctl, daemon, "job", "")
    assert session.call("GetJob") == {"id": ""}
    session.reply({"id": ""}, error="JobNotFound")
    assert end(process) == (4, "", 'trailstopctl: There is no such job: ""\n')


@pytest.mark.parametrize("error, expected", [(None, 0), ("JobNotFound", 4)])
def test_a_job_named_twice_is_watched_once(ctl, daemon, error, expected):
    process, session = play(ctl, daemon, "watch", "job_1", "job_2", "job_1")
    expect_watch(session, 1, 2)
    session.update(make_job(2, "stopped"))
    if error:
        session.reply({"id": "job_1"}, error=error)
    else:
        session.reply({"job": make_job(1, "stopped")})
    assert end(process)[0] == expected


def test_version_of_the_client_needs_no_daemon(ctl, daemon):
    option = ctl("--version")
    process, session = play(ctl, daemon, "version")
    session.call(f"{SERVICE}.GetInfo")
    session.reply({"product": "trailstopd", "version": "9.8.7"})
    assert end(process) == (0, option.stdout + "trailstopd 9.8.7\n", "")
    daemon.close()
    result = ctl("version")
    assert option.stdout.startswith("trailstopctl ") and option.returncode == 0
    assert (result.returncode, result.stdout) == (7, option.stdout)


def test_statistics_are_names_and_values(ctl, daemon):
    process, session = play(ctl, daemon, "statistics")
    assert session.call("GetStatistics") == {}
    session.reply({"statistics": {"jobs-accepted": 12, "jobs-stopped": 0}})
    assert end(process) == (0, "jobs-accepted 12\njobs-stopped 0\n", "")


def test_show_prints_what_cloudtrail_said(ctl, daemon):
    process, session = play(ctl, daemon, "show", "-t", "paris", import_id(1).upper())
    assert session.call("GetImport") == {"importId": import_id(1), "target": "paris"}
    session.reply({"import": {
        "ImportId": import_id(1), "ImportStatus": "FAILED", "Destinations": ["arn:aws:cloudtrail:one", "arn:two"],
        "ImportSource": {"S3": {"S3LocationUri": "s3://bucket/prefix"}}, "ImportStatistics": {"FilesCompleted": 7}}})
    status, output, _ = end(process)
    found = [tuple(line.strip().split(": ")) for line in output.splitlines()]
    assert status == 0 and found == [
        ("Import", import_id(1)), ("Status", "FAILED"), ("Source", "s3://bucket/prefix"),
        ("Destination", "arn:aws:cloudtrail:one"), ("Destination", "arn:two"), ("Files completed", "7")]


def test_list_and_failures_are_tables(ctl, daemon):
    process, session = play(ctl, daemon, "list", "--destination", "arn:x")
    assert session.call("ListImports") == {"destination": "arn:x"}
    session.reply({"imports": [{"ImportId": import_id(1), "ImportStatus": "STOPPED", "Destinations": ["arn:x"]}]})
    status, output, _ = end(process)
    assert status == 0 and [line.split() for line in output.splitlines()] == [
        ["IMPORT", "STATUS", "DESTINATION"], [import_id(1), "STOPPED", "arn:x"]]

    process, session = play(ctl, daemon, "failures", import_id(1))
    assert session.call("ListImportFailures") == {"importId": import_id(1)}
    session.reply({"failures": [{"Location": "s3://b/k", "ErrorType": "InternalError"}]})
    status, output, _ = end(process)
    assert status == 0 and [line.split() for line in output.splitlines()] == [
        ["LOCATION", "ERROR"], ["s3://b/k", "InternalError"]]


# stop --all


def test_stop_all_follows_what_it_began(ctl, daemon):
    process, session = play(ctl, daemon, "stop", "--all", "-t", "one", "-t", "two", "--destination", "arn:x",
                            "--reason", "why", "--timeout", "1min")
    assert session.call("StopAll") == {"targets": ["one", "two"], "destination": "arn:x", "reason": "why", "timeout": 60}
    session.reply({"jobs": [make_job(1, "queued"), make_job(2, "queued")], "imports": [],
                   "failures": [{"target": "two", "cause": {"code": "AccessDenied", "message": "no"}}]})
    expect_watch(session, 1, 2)
    session.update(make_job(1, "stopped"))
    session.reply({"job": make_job(2, "stopped")})
    status, output, errors = end(process)
    assert status == 5 and "two" in errors and "AccessDenied" in errors
    assert output.splitlines()[-1].startswith(import_id(2))


def test_stop_all_without_waiting_or_in_rehearsal(ctl, daemon):
    process, session = play(ctl, daemon, "stop", "--all", "--all-targets", "--no-wait")
    assert session.call("StopAll") == {"targets": ["*"]}
    session.reply({"jobs": [make_job(1, "queued")], "imports": [], "failures": []})
    assert end(process) == (0, "job_1\n", "")

    process, session = play(ctl, daemon, "stop", "--all", "--dry-run")
    assert session.call("StopAll") == {"dryRun": True}
    session.reply({"jobs": [], "imports": [{"ImportId": import_id(1), "ImportStatus": "IN_PROGRESS"}], "failures": []})
    status, output, _ = end(process)
    assert status == 0 and output.splitlines()[-1].split() == [import_id(1), "IN_PROGRESS"]


def test_stop_all_is_asked_for_again_after_a_restart(ctl, daemon):
    process, session = play(ctl, daemon, "stop", "--all", "--reason", "why")
    assert session.call("StopAll") == {"reason": "why"}
    restart(daemon, session)
    session = daemon.accept()
    assert session.call("StopAll") == {"reason": "why"}
    session.reply({"jobs": [make_job(1, "queued")], "imports": [], "failures": []})
    expect_watch(session, 1)
    restart(daemon, session)
    session = daemon.accept()
    expect_watch(session, 1)
    session.reply({"job": make_job(1, "stopped")})
    assert end(process)[0] == 0


@pytest.mark.parametrize("arguments", [["--no-wait"], ["--dry-run"]])
def test_7_stop_all_without_waiting_does_not_wait_for_a_restart(ctl, daemon, arguments):
    process, session = play(ctl, daemon, "stop", "--all", *arguments)
    session.call("StopAll")
    session.close()
    assert end(process)[0] == 7
    assert daemon.nobody_came()


@pytest.mark.parametrize("arguments", [[], ["--no-wait"], ["--dry-run"]])
def test_stop_all_says_that_there_is_nothing_to_stop(ctl, daemon, arguments):
    process, session = play(ctl, daemon, "stop", "--all", *arguments)
    session.call("StopAll")
    session.reply({"jobs": [], "imports": [], "failures": []})
    status, output, errors = end(process)
    assert (status, errors) == (0, "") and output == "No import is under way: there is nothing to stop\n"

    process, session = play(ctl, daemon, "--json", "stop", "--all", *arguments)
    session.call("StopAll")
    session.reply({"jobs": [], "imports": [], "failures": []})
    assert end(process) == (0, '{"jobs":[],"imports":[],"failures":[]}\n', "")


def test_stop_all_that_failed_does_not_say_that_there_is_nothing(ctl, daemon):
    process, session = play(ctl, daemon, "stop", "--all")
    session.call("StopAll")
    session.reply({"jobs": [], "imports": [],
                   "failures": [{"target": "default", "cause": {"code": "AccessDenied", "message": "no"}}]})
    status, output, errors = end(process)
    assert (status, output) == (5, "") and errors.count("\n") == 1
