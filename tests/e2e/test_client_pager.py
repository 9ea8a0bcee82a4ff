# SPDX-License-Identifier: Apache-2.0
"""Lists that are longer than the terminal go through a pager, as those of systemctl do."""

import pytest

from harness import DEADLINE
from harness.fake import import_id, make_job
from harness.played import ctl, daemon, on_terminal

MARK = "sed s/^/paged:/"
LISTS = {
    "jobs": (["jobs"], "ListJobs", {"jobs": [make_job(number, "polling") for number in range(10)]}),
    "list": (["list"], "ListImports", {"imports": [{"ImportId": import_id(number)} for number in range(10)]}),
    "failures": (["failures", import_id(1)], "ListImportFailures", {"failures": [{"Location": f"x{n}"} for n in range(10)]}),
    "targets": (["targets"], "ListTargets", {"targets": [{"name": f"t{number}"} for number in range(10)]}),
    "queues": (["queues"], "ListQueues", {"queues": [{"name": f"q{number}"} for number in range(10)]}),
    "dry run": (["stop", "--all", "--dry-run"], "StopAll",
                {"jobs": [], "imports": [{"ImportId": import_id(number)} for number in range(10)], "failures": []}),
}
each_list = pytest.mark.parametrize("words, method, reply", LISTS.values(), ids=LISTS)


def lines_of(daemon, terminal, method="ListJobs", reply=LISTS["jobs"][2]):
    session = daemon.accept()
    session.call(method)
    session.reply(reply)
    assert terminal.finish() == 0
    return terminal.text.splitlines()


def assert_paged(lines, paged):
    assert len(lines) == 11 and all(line.startswith("paged:") == paged for line in lines), lines


@each_list
def test_a_list_longer_than_the_terminal_is_paged(on_terminal, daemon, words, method, reply):
    assert_paged(lines_of(daemon, on_terminal(*words, rows=11, SYSTEMD_PAGER=MARK), method, reply), True)
    assert_paged(lines_of(daemon, on_terminal(*words, rows=12, SYSTEMD_PAGER=MARK), method, reply), False)


@pytest.mark.parametrize("words, environment, paged", [
    ([], {"PAGER": MARK}, True), ([], {"SYSTEMD_PAGER": MARK, "PAGER": "false"}, True),
    (["--no-pager"], {"SYSTEMD_PAGER": MARK}, False), ([], {"SYSTEMD_PAGER": "", "PAGER": MARK}, False),
    ([], {"SYSTEMD_PAGER": "cat", "PAGER": MARK}, False), ([], {"PAGER": MARK, "TERM": "dumb"}, False),
    (["-o", "wide"], {"PAGER": MARK}, True),
])
def test_which_pager_is_taken(on_terminal, daemon, words, environment, paged):
    assert_paged(lines_of(daemon, on_terminal("jobs", *words, rows=5, **environment)), paged)


def test_without_the_pager_the_list_is_printed(on_terminal, daemon):
    lines = lines_of(daemon, on_terminal("jobs", rows=5, PAGER="/nowhere/pager"))
    assert "/nowhere/pager" in lines[0]  # the shell says so
    assert_paged(lines[1:], False)


def test_a_pager_that_ends_early_has_shown_enough(on_terminal, daemon):
    reply = {"jobs": [make_job(number, "polling") for number in range(9000)]}  # more than a pipe holds
    lines = lines_of(daemon, on_terminal("jobs", rows=5, PAGER="head -n 2"), reply=reply)
    assert len(lines) == 2


def test_who_calls_as_another_user_gets_less_without_a_shell(on_terminal, daemon, tmp_path):
    less = tmp_path / "bin" / "less"
    less.parent.mkdir()
    less.write_text('#!/bin/sh\nsed "s/^/$LESS $LESSSECURE:/"\n')
    less.chmod(0o755)
    path = f"{less.parent}:/usr/bin:/bin"
    lines = lines_of(daemon, on_terminal("jobs", rows=5, PAGER=MARK, SUDO_UID="1000", PATH=path))
    assert len(lines) == 11 and all(line.startswith("FRSXMK 1:") for line in lines)
    lines = lines_of(daemon, on_terminal("jobs", rows=5, PAGER=MARK, SUDO_UID="1000", SYSTEMD_PAGERSECURE="0"))
    assert_paged(lines, True)


@pytest.mark.parametrize("words", [["-o", "ids"], ["--json"], ["-q"]])
def test_what_is_for_programs_is_not_paged(on_terminal, daemon, words):
    assert not any("paged:" in line for line in lines_of(daemon, on_terminal("jobs", *words, rows=5, PAGER=MARK)))


def test_nothing_is_paged_off_a_terminal(ctl, daemon):
    ctl.environment.update(PAGER=MARK, TERM="xterm")
    process = ctl.start("jobs")
    session = daemon.accept()
    session.call("ListJobs")
    session.reply(LISTS["jobs"][2])
    assert_paged(process.communicate(timeout=DEADLINE)[0].splitlines(), False)


def test_the_table_at_the_end_of_a_stop_is_not_paged(on_terminal, daemon):
    terminal = on_terminal("stop", *map(import_id, range(10)), rows=5, PAGER=MARK)
    session = daemon.accept()
    for _ in range(10):
        session.call("Stop")
    for number in range(10):
        session.reply({"job": make_job(number, "stopped", status="STOPPED")})
    assert terminal.finish() == 0 and "paged:" not in terminal.text


@pytest.mark.parametrize("secure", ["no", "FALSE", "0"])
def test_a_user_may_want_any_pager_all_the_same(on_terminal, daemon, secure):
    assert_paged(lines_of(daemon, on_terminal("jobs", rows=5, PAGER=MARK, PKEXEC_UID="1", SYSTEMD_PAGERSECURE=secure)), True)


@pytest.fixture
def programs(tmp_path):
    """Makes a pager of that name, the only program there is, which marks each line with these variables; its PATH."""
    def make(name, *variables):
        program = tmp_path / "bin" / name
        program.parent.mkdir()
        marks = " ".join(f"${variable}" for variable in variables)
        program.write_text(f'#!/bin/sh\nwhile read -r line; do echo "{name} {marks}:$line"; done\n')
        program.chmod(0o755)
        return str(program.parent)
    return make


@pytest.mark.parametrize("name", ["pager", "less", "more"])
def test_the_usual_pagers_are_tried_in_turn(on_terminal, daemon, programs, name):
    lines = lines_of(daemon, on_terminal("jobs", rows=5, PATH=programs(name)))
    assert len(lines) == 11 and all(line.startswith(f"{name} :") for line in lines)


def test_without_any_pager_the_list_is_printed(on_terminal, daemon, tmp_path):
    assert_paged(lines_of(daemon, on_terminal("jobs", rows=5, PATH=str(tmp_path))), False)


def test_less_without_a_shell_is_all_that_is_taken_where_it_must_be_secure(on_terminal, daemon, programs):
    lines = lines_of(daemon, on_terminal("jobs", rows=5, PATH=programs("more"), SYSTEMD_PAGERSECURE="1"))
    assert_paged(lines, False)
    assert not any(line.startswith("more") for line in lines)


@pytest.mark.parametrize("environment, shown", [
    ({}, "FRSXMK utf-8"), ({"SYSTEMD_LESS": "R", "SYSTEMD_LESSCHARSET": "koi8-r"}, "R koi8-r"),
    ({"LC_ALL": "C"}, "FRSXMK "), ({"LC_ALL": "", "LC_CTYPE": "", "LANG": "en_GB.utf8"}, "FRSXMK utf-8"),
    ({"LC_ALL": "", "LANG": ""}, "FRSXMK "),
])
def test_how_the_pager_is_to_show_it(on_terminal, daemon, programs, environment, shown):
    path = programs("less", "LESS", "LESSCHARSET")
    lines = lines_of(daemon, on_terminal("jobs", rows=5, PATH=path, **environment))
    assert all(line.startswith(f"less {shown}:") for line in lines), lines


@pytest.mark.parametrize("terminal", ["", "dumb"])
def test_a_terminal_that_can_do_nothing_gets_no_pager(on_terminal, daemon, terminal):
    assert_paged(lines_of(daemon, on_terminal("jobs", rows=5, PAGER=MARK, TERM=terminal)), False)
