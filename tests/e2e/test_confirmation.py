# SPDX-License-Identifier: Apache-2.0
"""stop --all shows what it would stop: as a rehearsal, and on a terminal before it asks."""

import json
import time
from functools import partial

import pytest

from harness.ctl import Ctl
from harness.daemon import target
from harness.terminal import Terminal

LOGS = {"service": "logs"}
BUCKET = "s3://trailstop-example/AWSLogs/111122223333/CloudTrail/"


@pytest.fixture
def terminal_of():
    started = []

    def start(ctl, *words, columns=80):
        started.append(Terminal([ctl.binary, *words], columns=columns,
                                env={**ctl.environment, "TERM": "xterm", "NO_COLOR": "1"}))
        return started[-1]

    yield start
    for terminal in started:
        terminal.close()


@pytest.fixture
def on_terminal(terminal_of, ctl):
    return partial(terminal_of, ctl)


def asked(terminal):
    return terminal.wait_for(lambda screen: any(line.endswith("[y/N]") for line in screen))


def stopped(sim):
    return {call["importId"] for call in sim.calls() if call["operation"] in ("StopImport", "CancelImportTask")}


def row_of(output, import_id):
    row, = [line.split() for line in output.splitlines() if import_id in line]
    return row


# The table


def test_a_rehearsal_shows_how_far_each_import_is(ctl, sim):
    import_id = sim.add(events_completed=12_345_678_901, failed_entries=17, source=BUCKET, created=time.time() - 7200)
    result = ctl("stop", "--all", "--dry-run")
    assert result.returncode == 0 and result.stderr == ""
    assert result.stdout.splitlines()[0].split() == ["IMPORT", "EVENTS", "FAILED", "AGE", "SOURCE", "STATUS"]
    row = row_of(result.stdout, import_id)
    assert row == [import_id, "12345678901", "17", "2h", BUCKET, "IN_PROGRESS"]
    assert stopped(sim) == set()


def test_a_rehearsal_of_logs_shows_bytes(ctl, sim):
    task_id = sim.add(id="Task-9", bytes_imported=10**15, created=time.time() - 7200,
                      source="arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/E", **LOGS)
    result = ctl("stop", "--all", "--dry-run", "--service", "logs")
    assert result.stdout.splitlines()[0].split() == ["IMPORT", "BYTES", "AGE", "SOURCE", "STATUS"]
    assert row_of(result.stdout, task_id)[:2] == ["Task-9", str(10**15)]
    assert row_of(result.stdout, task_id)[-2:] == ["eventdatastore/E", "IN_PROGRESS"]


@pytest.mark.parametrize("source", [BUCKET, "s3://" + "x" * 1000, "s3://a/\x1b[31m"])
def test_the_table_fits_80_columns_and_is_whole_without_a_terminal(start_daemon, build, tmp_path, terminal_of, sim,
                                                                   source):
    daemon = start_daemon({"default": target(sim), "production": target(sim)})
    import_id = sim.add(events_completed=12_345_678, failed_entries=1234, source=source, created=time.time() - 7260)
    ctl = Ctl(build, daemon.socket, tmp_path)
    words = ("stop", "--all", "--dry-run", "-t", "production")
    terminal = terminal_of(ctl, *words)
    assert terminal.finish() == 0
    assert import_id in terminal.text and "1,234" in terminal.text and "\x1b" not in terminal.text
    assert all(len(line) <= 80 for line in terminal.text.splitlines())
    assert ctl(*words).stdout.count(source.replace("\x1b", "\\x1b")) == 1


def test_each_import_stands_beside_its_target_and_once(start_daemon, build, tmp_path, sim):
    daemon = start_daemon({"default": target(sim), "again": target(sim)})
    running = sim.add_many(3)
    result = Ctl(build, daemon.socket, tmp_path)("stop", "--all", "--dry-run", "--all-targets")
    assert result.stdout.splitlines()[0].split()[:2] == ["TARGET", "IMPORT"]
    for import_id in running:
        assert row_of(result.stdout, import_id)[0] in ("default", "again")


@pytest.mark.parametrize("targets", [["--all-targets"], ["-t", "default", "-t", "gone"]])
def test_a_rehearsal_with_a_target_that_fails(start_daemon, start_sim, build, tmp_path, sim, targets):
    gone = start_sim()
    daemon = start_daemon({"default": target(sim), "gone": target(gone)})
    gone.close()
    import_id = sim.add()
    result = Ctl(build, daemon.socket, tmp_path)("stop", "--all", "--dry-run", *targets)
    assert row_of(result.stdout, import_id)[0] == "default"
    assert "target gone: ConnectionFailed" in result.stderr and result.returncode == 1


def test_a_rehearsal_names_an_import_that_cannot_be_looked_at(ctl, sim):
    bad, good = sim.add_many(2)
    sim.fault("error", operation="GetImport", import_id=bad, status=400, code="AccessDenied", message="No")
    result = ctl("stop", "--all", "--dry-run")
    assert good in result.stdout and bad not in result.stdout
    assert bad in result.stderr and "AccessDenied" in result.stderr and result.returncode == 5


def test_nothing_to_stop(ctl, sim):
    result = ctl("stop", "--all", "--dry-run", "--all-targets")
    assert result.returncode == 0 and result.stdout == "No import is under way: there is nothing to stop\n"


@pytest.mark.parametrize("words", [["--dry-run"], ["--no-wait"]])
def test_what_no_filter_means_is_not_called_nothing(ctl, sim, words):
    sim.add(failed_entries=0)
    result = ctl("stop", "--all", "--min-failed-entries", "1", *words)
    assert result.returncode == 0
    assert result.stdout == "No import that is under way matches: there is nothing to stop\n"


# Filters


@pytest.mark.parametrize("service, filters, meant, other", [
    ("cloudtrail", ["--older-than", "1h 30min"], {"created": -6000}, {"created": -5000}),
    ("cloudtrail", ["--min-failed-entries", "5"], {"failed_entries": 5}, {"failed_entries": 4}),
    ("cloudtrail", ["--min-events", "1000000000000"], {"events_completed": 10**12}, {"events_completed": 10**12 - 1}),
    ("cloudtrail", ["--source", "s3://a/*"], {"source": "s3://a/b/c"}, {"source": "s3://b"}),
    ("cloudtrail", ["--min-events", "2", "--min-failed-entries=1"], {"events_completed": 2, "failed_entries": 1},
     {"events_completed": 2, "failed_entries": 0}),
    ("logs", ["--older-than", "1h"], {"created": -6000}, {"created": -1000}),
    ("logs", ["--min-bytes", "1099511627776"], {"bytes_imported": 2**40}, {"bytes_imported": 2**40 - 1}),
    ("logs", ["--source", "*/a"], {"source": "arn:x/a"}, {"source": "arn:x/b"}),
])
def test_filters_alone_and_together(ctl, sim, service, filters, meant, other):
    def add(spec):
        created = {"created": time.time() + spec["created"]} if "created" in spec else {}
        return sim.add(service=service, **{**spec, **created})

    wanted, unwanted = add(meant), add(other)
    shown = ctl("stop", "--all", "--dry-run", "--service", service, *filters)
    assert wanted in shown.stdout and unwanted not in shown.stdout
    assert ctl("stop", "--all", "--service", service, *filters).returncode == 0
    assert stopped(sim) == {wanted}


@pytest.mark.parametrize("words", [
    ["--older-than", "x"], ["--older-than", "infinity"], ["--older-than", "-1"], ["--min-events", "-1"],
    ["--min-events", "1.5"], ["--min-events", ""], ["--min-events", "9223372036854775808"], ["--min-bytes", "x"],
    ["--min-failed-entries", "1x"], ["--source", ""], ["--source", "x" * 2049],
    ["--min-bytes", "1"], ["--service", "logs", "--min-events", "1"], ["--service", "logs", "--min-failed-entries", "1"],
])
def test_filters_that_are_wrong(ctl, sim, words):
    sim.add()
    result = ctl("stop", "--all", *words)
    assert result.returncode == 2 and result.stderr and not result.stdout, words
    assert sim.calls() == []


@pytest.mark.parametrize("option", [["--older-than", "1h"], ["--min-failed-entries", "1"], ["--min-events", "1"],
                                    ["--min-bytes", "1"], ["--source", "*"], ["--yes"]])
def test_filters_go_with_all(ctl, sim, option):
    import_id = sim.add()
    for command in ("stop", "show"):
        result = ctl(command, import_id, *option)
        assert result.returncode == 2 and option[0] in result.stderr
    assert sim.calls() == []


# The question


@pytest.mark.parametrize("answer", ["y", "Y", "yes"])
def test_on_a_terminal_it_shows_the_imports_and_asks(on_terminal, sim, answer):
    running = sim.add_many(2)
    terminal = on_terminal("stop", "--all")
    screen = asked(terminal)
    assert all(any(import_id in line for line in screen) for import_id in running)
    assert stopped(sim) == set()
    terminal.type(f"{answer}\n".encode())
    assert terminal.finish() == 0
    assert stopped(sim) == {*running}


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04", b"yellow\n", b"N\n"])
def test_any_other_answer_stops_nothing(on_terminal, daemon, sim, answer):
    sim.add()
    terminal = on_terminal("stop", "--all", "--no-wait")
    asked(terminal)
    terminal.type(answer)
    assert terminal.finish() == 1
    assert "Nothing was stopped" in terminal.text
    assert stopped(sim) == set() and daemon.call("ListJobs")["jobs"] == []


def test_an_interrupt_is_not_an_answer(on_terminal, daemon, sim):
    sim.add()
    terminal = on_terminal("stop", "--all")
    asked(terminal)
    terminal.type(b"\x03")
    assert terminal.finish() == 130
    assert stopped(sim) == set() and daemon.call("ListJobs")["jobs"] == []


def test_only_what_the_filters_mean_is_asked_about(on_terminal, sim):
    wanted, other = sim.add(failed_entries=3), sim.add(failed_entries=0)
    terminal = on_terminal("stop", "--all", "--min-failed-entries", "1")
    screen = asked(terminal)
    assert any(wanted in line for line in screen) and not any(other in line for line in screen)
    terminal.type(b"y\n")
    assert terminal.finish() == 0 and stopped(sim) == {wanted}


def test_tasks_of_logs_are_asked_about(on_terminal, sim):
    task_id = sim.add(id="Task-5", **LOGS)
    terminal = on_terminal("stop", "--all", "--service", "logs")
    assert any("Task-5" in line for line in asked(terminal))
    terminal.type(b"y\n")
    assert terminal.finish() == 0 and stopped(sim) == {task_id}


def test_yes_is_not_asked(on_terminal, sim):
    running = sim.add()
    terminal = on_terminal("stop", "--all", "--yes")
    assert terminal.finish() == 0
    assert "[y/N]" not in terminal.text and stopped(sim) == {running}


def test_a_rehearsal_is_not_asked(on_terminal, sim):
    running = sim.add()
    terminal = on_terminal("stop", "--all", "--dry-run")
    assert terminal.finish() == 0
    assert running in terminal.text and "[y/N]" not in terminal.text and stopped(sim) == set()


def test_where_there_is_nothing_nobody_is_asked(on_terminal, sim):
    terminal = on_terminal("stop", "--all")
    assert terminal.finish() == 0
    assert "there is nothing to stop" in terminal.text and "[y/N]" not in terminal.text


def test_where_nobody_can_be_asked_it_goes_ahead(ctl, sim):
    running = sim.add()
    assert ctl("stop", "--all", "--no-wait").returncode == 0
    sim.wait_calls(1, "StopImport")
    assert stopped(sim) == {running}


def test_the_question_spoils_no_document(ctl, tmp_path, sim):
    """Standard output has documents alone, also where somebody at a terminal is asked."""
    sim.add(stop_polls=0)
    output = tmp_path / "documents"
    terminal = Terminal(["/bin/sh", "-c", f'"$0" --json stop --all --no-wait >{output}', ctl.binary],
                        env={**ctl.environment, "TERM": "xterm"})
    try:
        asked(terminal)
        terminal.type(b"y\n")
        assert terminal.finish() == 0
    finally:
        terminal.close()
    document, = [json.loads(line) for line in output.read_text().splitlines()]
    assert len(document["jobs"]) == 1
