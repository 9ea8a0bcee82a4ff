# SPDX-License-Identifier: Apache-2.0
"""How trailstopctl prints lists: --output, --no-legend, --quiet, and the width of a terminal."""

import signal
import uuid

import pytest

from harness import DEADLINE
from harness.fake import import_id, make_job
from harness.played import ctl, daemon, on_terminal

STORE = "arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/01234567-89ab-cdef-0123-456789abcdef"
STATISTICS = {"PrefixesFound": 400, "PrefixesCompleted": 320, "FilesCompleted": 41700, "EventsCompleted": 31196400,
              "FailedEntries": 20}


def job_id(number):
    return f"{number:08x}-1111-4111-8111-111111111111"


def jobs(*numbers):
    return {"jobs": [make_job(number, "polling", status="IN_PROGRESS", error="ThrottlingException", id=job_id(number),
                              statistics=STATISTICS) for number in numbers]}


def imports(*numbers):
    return {"imports": [{"ImportId": import_id(number), "ImportStatus": "IN_PROGRESS", "Destinations": [STORE],
                         "CreatedTimestamp": "2026-11-22T12:23:45.678Z", "UpdatedTimestamp": "2026-11-22T12:23:46.678Z", "ImportStatistics": STATISTICS,
                         "ImportSource": {"S3": {"S3LocationUri": "s3://the-wrong-bucket/AWSLogs/123456789012/CloudTrail"}}}
                        for number in numbers]}


def targets(*names):
    return {"targets": [{"name": name, "region": "eu-west-1", "endpoint": "https://cloudtrail.eu-west-1.amazonaws.com",
                         "credentials": "environment", "state": "unreachable", "since": "2026-11-22T12:23:45.678Z",
                         "roleArn": "arn:aws:iam::123456789012:role/stops-imports",
                         "lastError": {"code": "ConnectionFailed", "message": "no"}} for name in names]}


def queues(*names):
    return {"queues": [{"name": name, "url": f"https://sqs.eu-west-1.amazonaws.com/123456789012/stops-of-{name}.fifo",
                        "jobs": 17, "state": "unreachable", "since": "2026-11-22T12:23:45.678Z",
                        "nextTryAt": "2126-11-22T12:23:45.678Z",
                        "lastError": {"code": "ConnectionFailed", "message": "no"}} for name in names]}


LISTS = {
    "jobs": (["jobs"], "ListJobs", jobs(1, 2), [job_id(1), job_id(2)]),
    "list": (["list"], "ListImports", imports(1, 2), [import_id(1), import_id(2)]),
    "targets": (["targets"], "ListTargets", targets("paris", "rome"), ["paris", "rome"]),
    "queues": (["queues"], "ListQueues", queues("nightly", "urgent"), ["nightly", "urgent"]),
    "dry run": (["stop", "--all", "--dry-run"], "StopAll", {"jobs": [], **imports(1, 2), "failures": []},
                [import_id(1), import_id(2)]),
}
each_list = pytest.mark.parametrize("words, method, reply, ids", LISTS.values(), ids=LISTS)


def answered(daemon, process, method, reply):
    """What it printed on standard output; it complained of nothing."""
    session = daemon.accept()
    session.call(method)
    session.reply(reply)
    output, errors = process.communicate(timeout=DEADLINE)
    assert (process.returncode, errors) == (0, "")
    return output


def shown(daemon, terminal, method, reply):
    """The lines on the terminal at the end."""
    session = daemon.accept()
    session.call(method)
    session.reply(reply)
    assert terminal.finish() == 0
    return terminal.text.splitlines()


@each_list
def test_ids_are_printed_one_a_line(ctl, daemon, words, method, reply, ids):
    for option in (["-o", "ids"], ["-oids"], ["--output=ids"], ["-q", "-o", "ids"], ["-o", "ids", "--no-legend"]):
        assert answered(daemon, ctl.start(*words, *option), method, reply).splitlines() == ids


@each_list
def test_ids_of_nothing_are_nothing(ctl, daemon, words, method, reply, ids):
    nothing = {key: [] for key in reply}
    assert answered(daemon, ctl.start(*words, "-o", "ids"), method, nothing) == ""


def test_ids_of_imports_of_logs(ctl, daemon):
    reply = {"imports": [], "tasks": [{"importId": import_id(5), "importStatus": "IN_PROGRESS"}]}
    assert answered(daemon, ctl.start("list", "--service", "logs", "-o", "ids"), "ListImports", reply) == import_id(5) + "\n"


def test_an_id_from_outside_makes_no_line_and_steers_no_terminal(ctl, daemon):
    reply = {"imports": [{"ImportId": "a\nb\x1b[2J"}]}
    assert answered(daemon, ctl.start("list", "-o", "ids"), "ListImports", reply) == "a\\x0ab\\x1b[2J\n"


@each_list
def test_json_is_named_in_two_ways(ctl, daemon, words, method, reply, ids):
    plain = answered(daemon, ctl.start("--json", *words), method, reply)
    for option in (["-o", "json"], ["-q", "-o", "json"], ["-o", "ids", "--json"], ["--no-legend", "--json"]):
        assert answered(daemon, ctl.start(*words, *option), method, reply) == plain


@each_list
def test_tables_without_a_legend_have_rows_only(ctl, daemon, words, method, reply, ids):
    whole = answered(daemon, ctl.start(*words, "-o", "table"), method, reply).splitlines()
    rows = answered(daemon, ctl.start(*words, "--no-legend"), method, reply).splitlines()
    assert len(whole) == 3 and rows == whole[1:]


@each_list
def test_quiet_prints_nothing(ctl, daemon, words, method, reply, ids):
    for option in (["-q"], ["--quiet"], ["-q", "-o", "wide"]):
        assert answered(daemon, ctl.start(*words, *option), method, reply) == ""


@pytest.mark.parametrize("words, method, reply", [
    (["show", import_id(1)], "GetImport", {"import": imports(1)["imports"][0]}),
    (["failures", import_id(1)], "ListImportFailures", {"failures": [{"Location": "x"}]}),
    (["cancel", "job_1"], "Cancel", {"job": make_job(1, "cancelled")}),
    (["statistics"], "GetStatistics", {"statistics": {"calls": 1}}),
    (["version"], "org.varlink.service.GetInfo", {"product": "trailstop", "version": "1"}),
    (["stop", "--no-wait", import_id(1)], "Stop", {"job": make_job(1, "queued")}),
    (["stop", "--all"], "StopAll", {"jobs": [], "imports": [], "failures": []}),
])
def test_quiet_holds_for_every_command(ctl, daemon, words, method, reply):
    assert answered(daemon, ctl.start("-q", *words), method, reply) == ""


def test_quiet_leaves_errors(ctl, daemon):
    process = ctl.start("-q", "stop", import_id(1))
    session = daemon.accept()
    session.call("Stop")
    session.reply({"job": make_job(1, "queued")})
    session.call("Watch")
    session.update(make_job(1, "polling", status="IN_PROGRESS"))
    session.reply({"job": make_job(1, "completed", status="COMPLETED")}, error="io.trailstop.Imports.ImportCompleted")
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 3 and output == "" and import_id(1) in errors


@pytest.mark.parametrize("options", [[], ["-q"], ["-q", "--json"]])
def test_quiet_leaves_out_what_is_not_an_error(ctl, daemon, options):
    process = ctl.start(*options, "stop", import_id(1))
    session = daemon.accept()
    session.call("Stop")
    session.reply({"job": make_job(1, "queued")})
    session.call("Watch")
    session.update(make_job(1, "stopping", error="ThrottlingException", nextCallAt="2125-11-22T12:23:45Z"))
    session.update(make_job(1, "polling"))
    session.close()
    session = daemon.accept()
    session.call("Watch")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130
    if options:
        assert errors == ""
    else:
        assert [word for word in ("waits", "goes on", "hung up", "trailstopctl watch job_1") if word not in errors] == []


def test_quiet_draws_nothing_on_a_terminal(on_terminal, daemon):
    terminal = on_terminal("-q", "stop", import_id(1))
    session = daemon.accept()
    session.call("Stop")
    session.reply({"job": make_job(1, "queued")})
    session.call("Watch")
    session.update(make_job(1, "polling", status="IN_PROGRESS"))
    session.reply({"job": make_job(1, "stopped", status="STOPPED")})
    assert terminal.finish() == 0 and terminal.text == ""


def test_the_live_display_without_a_legend(on_terminal, daemon):
    terminal = on_terminal("--no-legend", "stop", import_id(1))
    session = daemon.accept()
    session.call("Stop")
    session.reply({"job": make_job(1, "queued")})
    session.call("Watch")
    for status in ("INITIALIZING", "IN_PROGRESS"):
        session.update(make_job(1, "polling", status=status))
        assert len(terminal.wait_for(lambda screen: any(status in line for line in screen))) == 1
    session.reply({"job": make_job(1, "stopped", status="STOPPED")})
    assert terminal.finish() == 0 and "IMPORT " not in terminal.text and "stopped" in terminal.text


@pytest.mark.parametrize("words", [
    ["-o", "yaml", "jobs"], ["-o", "", "jobs"], ["jobs", "-o"], ["show", import_id(1), "-o", "ids"],
    ["stop", import_id(1), "-o", "ids"], ["stop", "--all", "-o", "ids"], ["wait", import_id(1), "-o", "ids"],
    ["watch", "-o", "ids"], ["jobs", "--watch", "-o", "ids"], ["health", "-o", "ids"],
])
def test_2_a_format_there_is_not(ctl, daemon, words):
    result = ctl(*words)
    assert result.returncode == 2 and result.stderr and not result.stdout and daemon.nobody_came()


@each_list
@pytest.mark.parametrize("columns", [40, 60, 80, 120, 200])
def test_lists_fit_the_terminal(on_terminal, daemon, words, method, reply, ids, columns):
    lines = shown(daemon, on_terminal(*words, columns=columns), method, reply)
    assert len(lines) == 3
    if columns >= 80 or words[0] != "stop":  # a rehearsal has 80 columns at least
        assert max(map(len, lines)) <= columns


@each_list
def test_wide_lists_are_those_that_no_terminal_narrows(ctl, on_terminal, daemon, words, method, reply, ids):
    wide = answered(daemon, ctl.start(*words, "-o", "wide"), method, reply).splitlines()
    assert max(map(len, wide)) > 80
    assert shown(daemon, on_terminal(*words, "-o", "wide", columns=80), method, reply) == wide
    roomy = shown(daemon, on_terminal(*words, columns=500), method, reply)
    assert [len(line.split()) for line in roomy[:1]] == [len(line.split()) for line in wide[:1]]
    assert not any("…" in line for line in roomy)


def test_on_a_terminal_times_are_local_and_digits_are_grouped(ctl, on_terminal, daemon):
    words, method, reply, _ = LISTS["jobs"]
    lines = shown(daemon, on_terminal(*words, columns=250, TZ="CET-1"), method, reply)
    assert "  31,196,400  " in lines[1] and "  41,700  " in lines[1] and "  2025-11-22 13:23:45  " in lines[1]
    words, method, reply, _ = LISTS["list"]
    lines = shown(daemon, on_terminal(*words, columns=250, TZ="CET-1"), method, reply)
    assert "  2026-11-22 13:23:45  2026-11-22 13:23:46  " in lines[1]
    words, method, reply, _ = LISTS["dry run"]
    assert "  31,196,400  " in shown(daemon, on_terminal(*words, columns=80), method, reply)[1]
    for words, method, reply, _ in (LISTS["jobs"], LISTS["dry run"]):
        plain = answered(daemon, ctl.start(*words), method, reply)
        assert "  31196400  " in plain and "31,196" not in plain


def test_off_a_terminal_lists_are_wide(ctl, daemon):
    for words, method, reply, ids in (LISTS["jobs"], LISTS["list"], LISTS["targets"]):
        assert answered(daemon, ctl.start(*words), method, reply) == \
            answered(daemon, ctl.start(*words, "-o", "wide"), method, reply)


def test_in_80_columns_queues_keep_what_changes(on_terminal, daemon):
    lines = shown(daemon, on_terminal("queues", columns=80), "ListQueues", queues("nightly", "urgent"))
    assert lines[0].split()[:3] == ["QUEUE", "STATE", "JOBS"] and {"SINCE", "ERROR"} < set(lines[0].split())
    assert lines[1].split()[:3] == ["nightly", "unreachable", "17"] and "ConnectionFailed" in lines[1]


def test_in_80_columns_jobs_keep_what_matters(on_terminal, daemon):
    lines = shown(daemon, on_terminal("jobs", columns=80), "ListJobs", jobs(1, 2))
    assert {"JOB", "IMPORT", "TARGET", "STATE", "NOTE"} <= set(lines[0].split())
    assert [line.split()[:2] for line in lines[1:]] == [["00000001…", "00000001…"], ["00000002…", "00000002…"]]
    assert all("polling" in line and line.endswith("ThrottlingException") for line in lines[1:])


def test_a_short_id_stays_distinct(on_terminal, daemon):
    ids = ["01234567-89ab-4111-8111-111111111111", "01234567-89ac-4111-8111-111111111111", str(uuid.UUID(int=7))]
    reply = jobs(1, 2, 3)
    for job, id in zip(reply["jobs"], ids):
        job["id"] = id
    lines = shown(daemon, on_terminal("jobs", columns=80), "ListJobs", reply)
    short = [line.split()[0].rstrip("…") for line in lines[1:]]
    assert short == [id[:len("01234567-89ab")] for id in ids]


def test_ids_are_whole_where_there_is_room(on_terminal, daemon):
    lines = shown(daemon, on_terminal("jobs", columns=250), "ListJobs", jobs(1, 2))
    assert [line.split()[:2] for line in lines[1:]] == [[job_id(1), import_id(1)], [job_id(2), import_id(2)]]
    lines = shown(daemon, on_terminal("list", columns=60), "ListImports", imports(1, 2))
    assert [line.split() for line in lines[1:]] == [[import_id(1), "IN_PROGRESS"], [import_id(2), "IN_PROGRESS"]]


@pytest.mark.parametrize("words, method, reply, sentence", [
    (["jobs"], "ListJobs", {"jobs": []}, "There are no jobs"),
    (["jobs", "--all"], "ListJobs", {"jobs": []}, "There are no jobs"),
    (["jobs", "--state", "failed"], "ListJobs", {"jobs": []}, "No job matches"),
    (["list"], "ListImports", {"imports": []}, "There are no imports"),
    (["queues"], "ListQueues", {"queues": []}, "There are no queues: requests come through the socket alone"),
    (["list", "--destination", STORE], "ListImports", {"imports": []}, "No import matches"),
    (["failures", import_id(1)], "ListImportFailures", {"failures": []}, "Nothing failed"),
])
def test_an_empty_list_is_a_sentence_on_a_terminal_only(ctl, on_terminal, daemon, words, method, reply, sentence):
    assert shown(daemon, on_terminal(*words), method, reply) == [sentence]
    assert shown(daemon, on_terminal(*words, "--no-legend"), method, reply) == []
    assert shown(daemon, on_terminal(*words, "-q"), method, reply) == []
    assert answered(daemon, ctl.start(*words), method, reply) == ""
