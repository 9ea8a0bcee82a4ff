# SPDX-License-Identifier: Apache-2.0
"""Text from outside, which trailstopctl shows and which must not steer the terminal nor mislead its reader."""

import pytest

from harness import DEADLINE
from harness.fake import import_id, make_job
from harness.played import ctl, daemon, on_terminal
from harness.varlink import SERVICE

EVIL = "\x1b[2J\x9b1m\x07\r\n\x00\x7f\u202e\x85end".replace("\x00", "")


def evil_job(number, state):
    return make_job(number, state, target=EVIL, reason=EVIL, nextCallAt=EVIL, status=EVIL,
                    message={"queue": EVIL, "messageId": EVIL, "senderId": EVIL, "receives": 2},
                    lastError={"code": EVIL, "message": EVIL, "requestId": EVIL})


@pytest.mark.parametrize("command, method, replies", [
    (["jobs"], "ListJobs", [{"jobs": [evil_job(1, "polling")]}]),
    (["job", "x_1"], "GetJob", [{"job": evil_job(1, "polling")}]),
    (["cancel", "x_1"], "Cancel", [{"job": evil_job(1, "cancelled")}]),
    (["watch", "job_1"], "Watch", [{"job": evil_job(1, "refused")}]),
    (["watch", "job_1"], "Watch", [{"job": {**evil_job(1, "refused"), "importId": EVIL}}]),
    (["targets"], "ListTargets", [{"targets": [{"name": EVIL, "region": EVIL, "endpoint": EVIL}]}]),
    (["statistics"], "GetStatistics", [{"statistics": {EVIL: 1}}]),
    (["version"], f"{SERVICE}.GetInfo", [{"product": EVIL, "version": EVIL}]),
    (["show", import_id(1)], "GetImport", [{"import": {"ImportId": EVIL, "ImportStatus": EVIL, "Destinations": [EVIL]}}]),
    (["list"], "ListImports", [{"imports": [{"ImportId": EVIL, "Destinations": [EVIL]}]}]),
    (["failures", import_id(1)], "ListImportFailures", [{"failures": [{"Location": EVIL, "ErrorMessage": EVIL}]}]),
    (["--json", "job", "x_1"], "GetJob", [{"job": evil_job(1, "polling")}]),
])
def test_no_control_character_passes(ctl, daemon, command, method, replies):
    process = ctl.start(*command)
    session = daemon.accept()
    session.call(method)
    for reply in replies:
        session.reply(reply)
    output, errors = process.communicate(timeout=DEADLINE)
    assert "end" in output
    misleading = set() if "--json" in command else {"\u202e"}  # JSON is for programs
    for text in (output, errors):
        assert not [c for c in text.replace("\n", "") if ord(c) < 32 or 127 <= ord(c) < 160 or c in misleading]
    if command[0] in ("targets", "list", "jobs", "failures"):
        assert output.count("\n") == 2  # the newline inside made no line


@pytest.mark.parametrize("error, parameters", [
    ("CallFailed", {"cause": {"code": EVIL, "message": EVIL}}), ("TargetNotFound", {"target": EVIL}), (EVIL + ".x", {}),
])
def test_no_control_character_passes_in_errors(ctl, daemon, error, parameters):
    process = ctl.start("jobs")
    session = daemon.accept()
    session.call("ListJobs")
    session.reply(parameters, error=error)
    _, errors = process.communicate(timeout=DEADLINE)
    assert "end" in errors and errors.count("\n") == 1
    assert not [c for c in errors[:-1] if ord(c) < 32 or 127 <= ord(c) < 160 or c == "\u202e"]


def test_the_live_display_shows_outside_text_harmless(on_terminal, daemon):
    terminal = on_terminal("watch", "job_0", columns=200)
    session = daemon.accept()
    session.call("Watch")
    session.update(evil_job(0, "polling"))
    screen = terminal.wait_for(lambda screen: any("\\x1b[2J" in line for line in screen))
    assert len(screen) == 2
    session.reply({"job": make_job(0, "stopped")})
    assert terminal.finish() == 0


HIDDEN = {"\u00a0": "\\u00a0", "\u00ad": "\\u00ad", "\u200b": "\\u200b", "\u2003": "\\u2003", "\u2060": "\\u2060",
          "\u3000": "\\u3000", "\ufe0f": "\\ufe0f", "\ufeff": "\\ufeff", "\U000e0041": "\\U000e0041"}


@pytest.mark.parametrize("character", HIDDEN)
@pytest.mark.parametrize("arguments", [["stop"], ["show"], ["jobs", "--state"], ["--socket", "/nowhere", "--timeout"]])
def test_messages_show_what_cannot_be_seen(ctl, character, arguments):
    word = import_id(1) + character
    result = ctl(*arguments, word)
    assert result.returncode == 2 and character not in result.stderr
    assert f'"{import_id(1)}{HIDDEN[character]}"' in result.stderr


def test_messages_leave_other_writing_alone(ctl):
    word = "imp\u00f3rt \u8f38\u5165 \U0001f680"
    assert f'"{word}"' in ctl("jobs", "--state", word).stderr
