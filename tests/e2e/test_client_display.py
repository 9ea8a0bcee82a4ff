# SPDX-License-Identifier: Apache-2.0
"""What trailstopctl shows: live on a terminal, as lines elsewhere, and never what steers the terminal."""

import os
import re
import signal
from datetime import datetime, timedelta, timezone

import pytest

from harness import DEADLINE
from harness.fake import import_id, make_job, plain_line
from harness.played import ctl, daemon, on_terminal

SHORT = {number: import_id(number)[:8] + "…" for number in range(100)}


def statistics(done, found, files=1, events=2, failed=0):
    return {"PrefixesFound": found, "PrefixesCompleted": done, "FilesCompleted": files, "EventsCompleted": events,
            "FailedEntries": failed}


def accept_all(session, count):
    for number in range(count):
        assert session.call("Stop") == {"importId": import_id(number)}
    for number in range(count):
        session.reply({"job": make_job(number, "queued")})
    assert session.call("Watch")["ids"] == [f"job_{number}" for number in range(count)]


def stop_on_terminal(on_terminal, daemon, count, **options):
    terminal = on_terminal("stop", *[import_id(number) for number in range(count)], **options)
    session = daemon.accept()
    accept_all(session, count)
    return terminal, session


def row_of(screen, number):
    """The one line of that import, in columns."""
    rows = [line.split() for line in screen if line.startswith(import_id(number)[:8])]
    assert len(rows) == 1, screen
    return rows[0]


def last_table(terminal):
    """Line by line as it was printed, also where it takes more than one row of the terminal."""
    return terminal.text[terminal.text.rindex("IMPORT"):].splitlines()


# Live


def test_each_import_has_one_line_that_changes_in_place(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 3)
    session.update(make_job(1, "polling", status="IN_PROGRESS", statistics=statistics(10, 40, 123, 4567, 8)))
    screen = terminal.wait_for(lambda screen: any("10/40" in line for line in screen))
    assert len(screen) == 4 and screen[0].split()[:4] == ["IMPORT", "STATE", "STATUS", "PREFIXES"]
    assert row_of(screen, 0)[:2] == [SHORT[0], "queued"] and screen[0].split()[4:] == ["FILES", "EVENTS", "FAILED", "ELAPSED"]
    row = row_of(screen, 1)
    assert row[:4] == [SHORT[1], "polling", "IN_PROGRESS", "10/40"] and row[5:8] == ["123", "4567", "8"]
    assert row[4].count("█") == 1 and row[4].count("░") == 5  # a quarter of six
    assert all(len(line) <= 80 for line in screen)

    session.update(make_job(1, "polling", status="IN_PROGRESS", statistics=statistics(40, 40, 200, 5000, 8)))
    screen = terminal.wait_for(lambda screen: any("40/40" in line for line in screen))
    assert len(screen) == 4 and row_of(screen, 1)[4:7] == ["██████", "200", "5000"]

    session.update(make_job(0, "stopped", status="STOPPED", statistics=statistics(1, 2)))
    session.update(make_job(2, "stopped", status="STOPPED"))
    session.reply({"job": make_job(1, "stopped", status="STOPPED", statistics=statistics(40, 40))})
    assert terminal.finish() == 0
    table = last_table(terminal)  # has taken the place of the display
    assert terminal.screen()[0] == table[0][:80] and "TARGET" in table[0]
    assert [line.split()[0] for line in table[1:]] == [SHORT[number] for number in range(3)]
    assert all(len(line) <= 80 for line in table)


def test_elapsed_time_goes_on_without_news(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 1)
    session.update(make_job(0, "polling", requestedAt=f"{datetime.now(timezone.utc):%FT%T.000Z}"))
    first = row_of(terminal.wait_for(lambda screen: len(screen) == 2 and "polling" in screen[1]), 0)
    terminal.wait_for(lambda screen: len(screen) == 2 and row_of(screen, 0) != first)


def test_failures_are_shown_above_the_display(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 2, columns=250)
    terminal.wait_for(lambda screen: len(screen) == 3)
    session.update(make_job(0, "failed", status="FAILED"))
    screen = terminal.wait_for(lambda screen: len(screen) == 4)
    assert import_id(0) in screen[0] and "FAILED" in screen[0]
    assert row_of(screen, 0)[1] == "failed" and row_of(screen, 1)[1] == "queued"
    session.reply({"job": make_job(1, "stopped")})
    assert terminal.finish() == 8
    assert len(terminal.screen()) == 4  # the sentence and the table


def test_it_says_what_holds_a_job_up(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 1, columns=120)
    session.update(make_job(0, "stopping", error="ThrottlingException"))
    terminal.wait_for(lambda screen: "ThrottlingException" in row_of(screen, 0) if len(screen) == 2 else False)


def test_its_line_has_its_place_in_the_queue(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 1, columns=120)
    at = datetime.now(timezone.utc) + timedelta(seconds=57.9)
    session.update(make_job(0, "queued", nextCallAt=f"{at:%FT%T.%fZ}", place={"before": 57, "intervalUsec": 1000000}))
    terminal.wait_for(lambda screen: any(line.startswith(import_id(0)) and line.endswith("before it, 1 a second") for line in screen))
    terminal.wait_for(lambda screen: any(line.endswith("  55 before it, 1 a second") for line in screen))
    session.reply({"job": make_job(0, "stopped")})
    assert terminal.finish() == 0


def test_more_imports_than_rows(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 20, rows=10)
    screen = terminal.wait_for(lambda screen: len(screen) == 9 and screen[0] == "20 queued")
    assert screen[-1] == "and 14 more"
    for number in range(15):
        session.update(make_job(number, "stopped"))
    screen = terminal.wait_for(lambda screen: any(line.startswith(import_id(19)) for line in screen))
    assert row_of(screen, 0)[1] == "stopped"  # room is left for one that ended
    assert [row_of(screen, number)[1] for number in range(15, 20)] == 5 * ["queued"]
    assert screen[0] == "15 stopped, 5 queued"
    for number in range(15, 19):
        session.update(make_job(number, "stopped"))
    session.reply({"job": make_job(19, "stopped")})
    assert terminal.finish() == 0


def test_width_decides_what_is_shown_and_follows_the_terminal(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 1, columns=40)
    session.update(make_job(0, "polling", status="IN_PROGRESS", statistics=statistics(20, 40, 10**9, 10**12)))
    screen = terminal.wait_for(lambda screen: any("IN_PROG" in line for line in screen))
    assert len(screen) == 2 and "█" not in screen[1]
    terminal.resize(160, 24)
    os.kill(terminal.process.pid, signal.SIGWINCH)
    screen = terminal.wait_for(lambda screen: import_id(0) in screen[1])
    assert row_of(screen, 0)[4].count("█") == 10


HEADINGS = ["IMPORT", "STATE", "STATUS", "PREFIXES", "FILES", "EVENTS", "FAILED", "ELAPSED"]


@pytest.mark.parametrize("columns", [20, 35, 45, 60, 70, 79, 80, 81, 99, 100, 110, 120, 130, 200])
@pytest.mark.parametrize("numbers", [(120, 120, 1234, 56789, 0), (12345, 67890, 123456789, 12345678901, 1234)])
def test_no_width_cuts_a_number(on_terminal, daemon, columns, numbers):
    terminal, session = stop_on_terminal(on_terminal, daemon, 1, columns=columns)
    session.update(make_job(0, "polling", status="INITIALIZING", finishedAt="2025-11-22T12:25:15.678Z",
                            statistics=statistics(*numbers)))
    screen = terminal.wait_for(lambda screen: len(screen) == 2 and "pol" in screen[1])
    done, found, *counts = numbers
    row = [word for word in screen[1].replace("1min 30s", "1min_30s").split() if not set(word) <= set("█░")]
    expected = [row[0], "polling", "INITIALIZING", f"{done}/{found}", *map(str, counts), "1min_30s"]
    assert all(len(line) <= columns for line in screen)
    assert import_id(0).startswith(row[0].rstrip("…"))
    if row[-1].endswith("…"):  # only text is cut, and then it is the last
        assert expected[len(row) - 1].startswith(row[-1][:-1]) and len(row) <= 3
        row.pop()
    assert row == expected[:len(row)]
    assert [heading.rstrip("…") for heading in screen[0].split()][:len(row)] == HEADINGS[:len(row)]
    if columns >= 80:
        assert row == expected
    if columns >= 90:
        assert "█" in screen[1]


@pytest.mark.parametrize("terminal_columns", [0, 50])
def test_the_table_at_the_end_is_whole_off_a_terminal_and_where_that_is_asked_for(ctl, on_terminal, daemon,
                                                                                  terminal_columns):
    words = ["stop", import_id(0)]
    started = on_terminal("-o", "wide", *words, columns=terminal_columns) if terminal_columns else ctl.start(*words)
    session = daemon.accept()
    accept_all(session, 1)
    session.reply({"job": make_job(0, "stopped", status="STOPPED", target="the-other-side-of-the-moon",
                                   statistics=statistics(40, 40, 10**9, 10**12, 7))})
    if terminal_columns:
        assert started.finish() == 0
        table = last_table(started)
    else:
        table = started.communicate(timeout=DEADLINE)[0].splitlines()[-2:]
    assert table[1].split() == [
        import_id(0), "the-other-side-of-the-moon", "stopped", "STOPPED", "40/40", str(10**9), str(10**12), "7", "1min", "30s"]


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
@pytest.mark.parametrize("command", ["stop", "wait"])
def test_the_table_at_the_end_fits_the_terminal(on_terminal, daemon, command, columns):
    ends = {"stop": ("Stop", "stopped", "STOPPED"), "wait": ("Wait", "completed", "COMPLETED")}
    method, state, status = ends[command]
    terminal = on_terminal(command, import_id(0), import_id(1), columns=columns)
    session = daemon.accept()
    for _ in range(2):
        session.call(method)
    for number in range(2):
        session.reply({"job": make_job(number, state, kind=command, status=status, target="the-audit-account-paris",
                                       statistics=statistics(1234, 1234, 41700, 31196400))})
    assert terminal.finish() == 0
    table = last_table(terminal)
    assert len(table) == 3 and all(len(line) <= columns for line in table)
    for row in (line.split() for line in table[1:]):
        assert "the-audit-account-paris" in row and state in row
        assert columns < 80 or {"31,196,400", "1min"} < set(row)
    if columns == 200:
        assert [line.split()[0] for line in table[1:]] == [import_id(0), import_id(1)]


def stopped_with(*failed):
    return [make_job(number, "stopped", status="STOPPED", statistics=statistics(1, 1, failed=n), target="moon")
            for number, n in enumerate(failed)]


@pytest.mark.parametrize("failed, hint", [
    ((0, 0), None),
    ((0, 7), f"Some entries failed: see trailstopctl failures -t moon {import_id(1)}"),
    ((3, 7, 0), f"Some entries of 2 imports failed: see trailstopctl failures -t moon {import_id(0)}, and so on"),
])
def test_a_hint_where_entries_failed(ctl, on_terminal, daemon, failed, hint):
    for options, expected in ([], hint), (["--no-legend"], None), (["-q"], None):
        terminal = on_terminal(*options, "stop", *map(import_id, range(len(failed))), columns=150)
        session = daemon.accept()
        for _ in failed:
            session.call("Stop")
        for job in stopped_with(*failed):
            session.reply({"job": job})
        assert terminal.finish() == 0
        assert [line for line in terminal.screen() if "failures" in line] == ([f"trailstopctl: {expected}"] if expected else [])


def test_no_second_hint_for_an_import_that_failed(on_terminal, daemon):
    terminal = on_terminal("stop", import_id(0), columns=250)
    session = daemon.accept()
    session.call("Stop")
    session.reply({"job": make_job(0, "failed", status="FAILED", service="logs", statistics=statistics(1, 1, failed=2))})
    assert terminal.finish() == 8
    assert terminal.text.count("trailstopctl failures -t default --service logs " + import_id(0)) == 1
    assert terminal.text.count("trailstopctl failures") == 1


def test_what_has_no_job_has_no_line(on_terminal, daemon):
    terminal = on_terminal("watch", "job_0", "no_such")
    session = daemon.accept()
    session.call("Watch")
    session.reply({"id": "no_such"}, error="JobNotFound")
    assert session.call("Watch") == {"ids": ["job_0"]}
    session.update(make_job(0, "polling"))
    screen = terminal.wait_for(lambda screen: len(screen) == 3)
    assert "no_such" in screen[0] and row_of(screen, 0)[1] == "polling"
    session.reply({"job": make_job(0, "stopped")})
    assert terminal.finish() == 4
    assert len(terminal.screen()) == 3


def test_130_leaves_the_display_and_says_how_to_look_again(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 1)
    terminal.wait_for(lambda screen: len(screen) == 2)
    terminal.type(b"\x03")
    assert terminal.finish() == 130
    screen = terminal.screen()
    assert row_of(screen, 0)[1] == "queued" and screen[-1].endswith("trailstopctl watch job_0")
    assert terminal.wraps and session.hung_up()


def test_a_restart_of_the_daemon_is_reported(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 1)
    session.close()
    screen = terminal.wait_for(lambda screen: any("hung up" in line for line in screen))
    session = daemon.accept()
    assert session.call("Watch") == {"ids": ["job_0"]}
    session.update(make_job(0, "polling"))
    screen = terminal.wait_for(lambda screen: any("polling" in line for line in screen))
    assert len(screen) == 3 and "hung up" in screen[0]
    session.reply({"job": make_job(0, "stopped")})
    assert terminal.finish() == 0


@pytest.mark.parametrize("arguments, environment, expected", [
    ([], {"NO_COLOR": ""}, True), ([], {"NO_COLOR": "1"}, False), (["--no-color"], {"NO_COLOR": ""}, False),
    ([], {"NO_COLOR": "", "TERM": "dumb"}, False),
])
def test_colours(on_terminal, daemon, arguments, environment, expected):
    terminal = on_terminal(*arguments, "jobs", **environment)
    session = daemon.accept()
    session.call("ListJobs")
    session.reply({"jobs": [make_job(1, "stopped"), make_job(2, "failed")]})
    assert terminal.finish() == 0
    assert ("\x1b[32mstopped" in terminal.text and "\x1b[31mfailed" in terminal.text) == expected
    assert ("\x1b" in terminal.text) == expected


def test_what_was_asked_for_is_green_and_any_other_end_red(on_terminal, daemon):
    terminal = on_terminal("jobs", NO_COLOR="")
    session = daemon.accept()
    session.call("ListJobs")
    session.reply({"jobs": [make_job(number, state, kind=kind) for number, (kind, state) in enumerate(
        [("stop", "stopped"), ("stop", "completed"), ("wait", "completed"), ("wait", "stopped"), ("wait", "cancelled")])]})
    assert terminal.finish() == 0
    found = re.findall(r"\x1b\[(\d+)m(stopped|completed|cancelled)", terminal.text)
    assert found == [("32", "stopped"), ("31", "completed"), ("32", "completed"), ("31", "stopped"), ("31", "cancelled")]


def test_a_bar_without_utf8(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 1, LC_ALL="C")
    session.update(make_job(0, "polling", status="IN_PROGRESS", statistics=statistics(20, 40)))
    screen = terminal.wait_for(lambda screen: any("20/40" in line for line in screen))
    assert row_of(screen, 0)[4] == "###---" and terminal.text.isascii()


@pytest.mark.parametrize("arguments, environment", [(["--json"], {}), ([], {"TERM": "dumb"}), ([], {"TERM": ""})])
def test_no_display_on_a_terminal_that_wants_none(on_terminal, daemon, arguments, environment):
    terminal = on_terminal(*arguments, "stop", import_id(0), **environment)
    session = daemon.accept()
    accept_all(session, 1)
    session.reply({"job": make_job(0, "stopped")})
    assert terminal.finish() == 0
    assert "\x1b" not in terminal.text


@pytest.mark.parametrize("words", [["watch"], ["jobs", "--watch"]])
def test_following_all_jobs_shows_those_that_are_not_final(on_terminal, daemon, words):
    terminal = on_terminal(*words, columns=100, TZ="UTC")
    session = daemon.accept()
    assert session.call("Watch") == {}
    terminal.wait_for(lambda screen: screen == ["No job is under way"])
    for number in range(4):
        session.update(make_job(number, "polling" if number < 3 else "stopped"))
    screen = terminal.wait_for(lambda screen: len(screen) == 4)
    assert screen[0].split()[:2] == ["IMPORT", "STATE"]
    assert [row_of(screen, number)[1] for number in range(3)] == 3 * ["polling"]
    os.kill(terminal.process.pid, signal.SIGWINCH)
    session.update(make_job(1, "stopped", status="STOPPED"))
    ended = f"2025-11-22 12:23:46 default {import_id(1)} stopped STOPPED"
    screen = terminal.wait_for(lambda screen: screen[:1] == [ended] and len(screen) == 4)
    assert [row_of(screen, number)[1] for number in (0, 2)] == 2 * ["polling"]
    session.update(make_job(5, "queued", target="moon"))
    screen = terminal.wait_for(lambda screen: len(screen) == 5)  # now there are two targets
    assert row_of(screen, 5)[1:3] == ["moon", "queued"] and row_of(screen, 0)[1:3] == ["default", "polling"]
    terminal.type(b"\x03")
    assert terminal.finish() == 130
    assert "trailstopctl:" not in terminal.text


def test_following_the_jobs_of_a_state_shows_those_that_are_in_it(on_terminal, daemon):
    terminal = on_terminal("jobs", "--watch", "--state", "polling")
    session = daemon.accept()
    session.call("Watch")
    for number, state in enumerate(["polling", "queued", "polling"]):
        session.update(make_job(number, state))
    starts = [import_id(number)[:8] for number in range(3)]
    terminal.wait_for(lambda screen: [line[:8] for line in screen[1:]] == [starts[0], starts[2]])
    session.update(make_job(0, "stopped"))
    session.update(make_job(1, "polling"))
    terminal.wait_for(lambda screen: [line[:8] for line in screen[1:]] == [starts[2], starts[1]])
    terminal.type(b"\x03")
    assert terminal.finish() == 130 and "stopped" not in terminal.text


def test_following_all_jobs_goes_on_after_a_restart(on_terminal, daemon):
    terminal = on_terminal("watch", columns=120)
    session = daemon.accept()
    session.call("Watch")
    for number in range(2):
        session.update(make_job(number, "polling"))
    terminal.wait_for(lambda screen: len(screen) == 3)
    session.close()
    session = daemon.accept()
    assert session.call("Watch") == {}
    session.update(make_job(0, "stopped"))
    session.update(make_job(1, "polling"))
    screen = terminal.wait_for(lambda screen: any(line.endswith(f"{import_id(0)} stopped") for line in screen))
    screen = terminal.wait_for(lambda screen: screen[-1].startswith(import_id(1)))
    terminal.type(b"\x03")
    assert terminal.finish() == 130


# Many


def test_of_many_imports_the_totals_stand_above(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 40, rows=50)
    terminal.wait_for(lambda screen: screen and screen[0] == "40 queued" and len(screen) == 42)
    for number in range(21):
        session.update(make_job(number, "stopped" if number < 12 else "polling"))
    screen = terminal.wait_for(lambda screen: screen[0] == "12 stopped, 9 polling, 19 queued")
    session.update(make_job(39, "failed", status="FAILED"))
    terminal.wait_for(lambda screen: "12 stopped, 1 failed, 9 polling, 18 queued" in screen)
    terminal.type(b"\x03")
    assert terminal.finish() == 130


def test_of_few_imports_there_are_no_totals(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 9)
    assert terminal.wait_for(lambda screen: len(screen) == 10)[0].startswith("IMPORT")
    terminal.type(b"\x03")
    assert terminal.finish() == 130


def test_short_ids_in_the_live_display_stay_distinct(on_terminal, daemon):
    ids = [f"01234567-89ab-4111-8111-11111111111{last}" for last in "12"] + ["11234567-89ab-4111-8111-111111111111"]
    terminal = on_terminal("stop", *ids)
    session = daemon.accept()
    for _ in ids:
        session.call("Stop")
    for number, id in enumerate(ids):
        session.reply({"job": make_job(number, "polling", importId=id, status="IN_PROGRESS",
                                       statistics=statistics(20, 40, 10**4, 10**8))})
    screen = terminal.wait_for(lambda screen: len(screen) == 4 and "IN_PROGRESS" in screen[3])
    assert len({line.split()[0] for line in screen[1:]}) == 3
    assert all(id.startswith(line.split()[0].rstrip("…")) for line, id in zip(screen[1:], ids))
    terminal.type(b"\x03")
    assert terminal.finish() == 130


@pytest.mark.parametrize("rows", [2, 3])
def test_a_low_terminal_does_not_scroll(on_terminal, daemon, rows):
    terminal, session = stop_on_terminal(on_terminal, daemon, 5, rows=rows)
    for done in range(3):
        session.update(make_job(0, "polling", status="IN_PROGRESS", statistics=statistics(done, 40)))
        screen = terminal.wait_for(lambda screen: any(f"{done}/40" in line for line in screen))
        assert len(screen) == rows - 1 and row_of(screen, 0)
    assert len(terminal.lines) <= rows
    for number in range(4):
        session.update(make_job(number, "stopped"))
    session.reply({"job": make_job(4, "stopped")})
    assert terminal.finish() == 0


def test_a_terminal_of_one_row_shows_lines(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 1, rows=1, TZ="UTC")
    session.update(make_job(0, "polling"))
    session.reply({"job": make_job(0, "stopped")})
    assert terminal.finish() == 0
    assert "\x1b" not in terminal.text
    assert terminal.text.splitlines()[:3] == [f"2025-11-22 12:23:46 default {import_id(0)} {state}"
                                              for state in ("queued", "polling", "stopped")]


def test_a_terminal_that_becomes_lower_is_not_left(on_terminal, daemon):
    terminal, session = stop_on_terminal(on_terminal, daemon, 12)
    terminal.wait_for(lambda screen: len(screen) == 14)
    terminal.lines = terminal.lines[-5:]  # as a terminal does
    terminal.row = len(terminal.lines) - 1
    terminal.resize(80, 5)
    os.kill(terminal.process.pid, signal.SIGWINCH)
    terminal.wait_for(lambda screen: screen[-1] == "and 11 more")
    for number in range(11):
        session.update(make_job(number, "stopped"))
    session.reply({"job": make_job(11, "stopped")})
    assert terminal.finish() == 0


# Lines


def test_an_empty_list_prints_nothing(ctl, daemon):
    process = ctl.start("jobs")
    session = daemon.accept()
    session.call("ListJobs")
    session.reply({"jobs": []})
    assert process.communicate(timeout=30) == ("", "") and process.returncode == 0


def test_off_a_terminal_one_line_for_each_change_that_can_be_seen(ctl, daemon):
    process = ctl.start("stop", import_id(0))
    session = daemon.accept()
    accept_all(session, 1)
    session.update(make_job(0, "stopping"))
    for polls in range(3):
        session.update(make_job(0, "polling", status="IN_PROGRESS", polls=polls, nextCallAt=f"2025-11-22T12:24:0{polls}Z",
                                statistics=statistics(10, 40, 123, 4567, 8)))
    session.update(make_job(0, "polling", status="IN_PROGRESS", error="ThrottlingException"))
    session.reply({"job": make_job(0, "stopped", status="STOPPED", alreadyStopped=True,
                                   statistics=statistics(40, 40, 200, 5000, 8))})
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (0, "")
    assert output.splitlines()[:-2] == [
        plain_line(0, "queued"),
        plain_line(0, "stopping"),
        plain_line(0, "polling IN_PROGRESS, 10/40 prefixes, 123 files, 4567 events, 8 failed entries"),
        plain_line(0, "polling IN_PROGRESS (ThrottlingException)"),
        plain_line(0, "stopped STOPPED, 40/40 prefixes, 200 files, 5000 events, 8 failed entries (was stopped already)"),
    ]
    assert output.splitlines()[-1].split()[:8] == [import_id(0), "default", "stopped", "STOPPED", "40/40", "200", "5000", "8"]


def test_lines_come_when_they_happen(ctl, daemon):
    process = ctl.start("watch", "job_0")
    session = daemon.accept()
    session.call("Watch")
    for state in ("queued", "stopping", "polling"):
        session.update(make_job(0, state))
        assert process.stdout.readline() == plain_line(0, state) + "\n"
    session.reply({"job": make_job(0, "stopped")})
    process.communicate(timeout=30)
