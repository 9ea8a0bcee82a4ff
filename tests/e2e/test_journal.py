# SPDX-License-Identifier: Apache-2.0
"""The journal: one entry per event, with the fields that the contract names, whatever the text from outside."""

import json
import os
import re
import select
import signal
import time
from pathlib import Path

import pytest

from harness import DEADLINE
from harness.daemon import target
from harness.sim import new_id
from harness.varlink import VarlinkError

SOURCE = Path(__file__).parents[2]
EVENTS = dict(re.findall(r'^EVENT\(\w+, "([a-z-]+)", \w+, "([0-9a-f]{32})"\)',
                         (SOURCE / "daemon/base/events.def").read_text(), re.MULTILINE))
NUMBERS = dict(prefixes_found=12, prefixes_completed=7, files_completed=345, events_completed=6789,
               failed_entries=3)
STATISTICS = {"TRAILSTOP_PREFIXES_FOUND": "12", "TRAILSTOP_PREFIXES_COMPLETED": "7",
              "TRAILSTOP_FILES_COMPLETED": "345", "TRAILSTOP_EVENTS_COMPLETED": "6789",
              "TRAILSTOP_FAILED_ENTRIES": "3"}
FORGERY = ('all is well\n{"TRAILSTOP_EVENT":"import-stopped"}\r\nTRAILSTOP_JOB=1\x1b[2J\x07\tend'
           '\u2028next \x85line \u202e"quoted" \\n')

events_of_a_job = ("request-accepted", "stop-accepted", "import-stopped")


def assert_common(entry):
    assert entry["MESSAGE_ID"] == EVENTS[entry["TRAILSTOP_EVENT"]]
    assert re.fullmatch("[0-7]", entry["PRIORITY"])
    assert entry["MESSAGE"]
    assert all(isinstance(value, str) for value in entry.values())


def test_every_event_has_an_id_of_its_own_and_a_catalog_entry():
    assert len(set(EVENTS.values())) == len(EVENTS) >= 21, "those that the contract names, at least"
    catalog = (SOURCE / "systemd/trailstop.catalog").read_text()
    entries = re.findall(r"^-- ([0-9a-f]{32})$", catalog, re.MULTILINE)
    assert sorted(entries) == sorted(EVENTS.values())


def test_a_job_from_request_to_end(daemon, sim):
    import_id = sim.add(**NUMBERS)
    job = daemon.stopped(import_id, reason="wrong bucket")
    entries = [daemon.journal.wait(event, job=job["id"]) for event in events_of_a_job]
    for entry in entries:
        assert_common(entry)
        assert entry["TRAILSTOP_TARGET"] == "default"
        assert entry["TRAILSTOP_IMPORT_ID"] == import_id
    accepted, stopping, stopped = entries

    assert accepted["TRAILSTOP_STATE"] == "queued"
    assert accepted["TRAILSTOP_REQUESTER_UID"] == str(os.getuid())
    assert accepted["TRAILSTOP_REQUESTER_GID"] == str(os.getgid())
    assert accepted["TRAILSTOP_REQUESTER_PID"] == str(os.getpid())
    assert accepted["TRAILSTOP_REASON"] == "wrong bucket"

    assert stopping["TRAILSTOP_IMPORT_STATUS"] == "IN_PROGRESS"

    assert stopped["TRAILSTOP_STATE"] == "stopped"
    assert stopped["TRAILSTOP_IMPORT_STATUS"] == "STOPPED"
    assert STATISTICS.items() <= stopped.items()
    assert stopped["TRAILSTOP_ATTEMPTS"] == "1" and stopped["TRAILSTOP_POLLS"] == "2"
    assert int(stopped["TRAILSTOP_ELAPSED_USEC"]) > 10_000, "two polls, 10 ms apart at least"


def ended(daemon, import_id, event, **parameters):
    with pytest.raises(VarlinkError):
        daemon.stopped(import_id, **parameters)
    return daemon.journal.wait(event, import_id=import_id)


@pytest.mark.parametrize("numbers, told", [
    (dict(prefixes_found=48, prefixes_completed=37, files_completed=4170, events_completed=31196400, failed_entries=2),
     "37 of 48 prefixes, 4170 files, 31,196,400 events, 2 failed entries"),
    (dict(prefixes_found=10000, prefixes_completed=0, files_completed=1, events_completed=1, failed_entries=1),
     "0 of 10,000 prefixes, 1 file, 1 event, 1 failed entry"),
])
def test_the_plain_line_of_an_end_says_what_came_of_it_and_who_asked(daemon, sim, numbers, told):
    import_id = sim.add(**numbers)
    daemon.stopped(import_id, reason="wrong bucket")
    message = daemon.journal.wait("import-stopped")["MESSAGE"]
    asked = "root" if os.getuid() == 0 else f"uid {os.getuid()}"
    assert re.fullmatch(f"Import {import_id} of target default stopped after [0-9.a-z ]+: {re.escape(told)} "
                        rf"\(asked for by {asked}: wrong bucket\)", message), message


def test_a_long_reason_is_cut_in_the_plain_line_and_whole_in_its_field(daemon, sim):
    reason = "ü" * 5000
    daemon.stopped(sim.add(), reason=reason)
    entry = daemon.journal.wait("import-stopped")
    assert entry["TRAILSTOP_REASON"] == reason
    assert re.search(r": ü{50,}\.\.\.\)$", entry["MESSAGE"]) and len(entry["MESSAGE"]) < 500


@pytest.mark.parametrize("fault, members, told", [
    ("throttle", {}, "is throttled, its jobs wait: ThrottlingException: "),
    ("close", {}, "is unreachable, its jobs wait: ConnectionFailed: "),
    ("http", {"status": 503}, "is unreachable, its jobs wait: UnexpectedStatus: "),
])
def test_an_outage_says_what_it_is_with_the_code(start_daemon, sim, fault, members, told):
    daemon = start_daemon(calls={"max-attempts": 1})
    sim.fault(fault, **members)
    daemon.stop(sim.add())
    assert f"Target default {told}" in daemon.journal.wait("outage-began")["MESSAGE"]
    sim.clear_faults()
    daemon.journal.wait("outage-ended")


def test_a_refusal_has_its_code_in_the_plain_line(daemon, sim):
    sim.fault("error", operation="StopImport", status=400, code="AccessDeniedException", message="not you")
    daemon.stop(sim.add())
    assert "AccessDeniedException: not you" in daemon.journal.wait("job-refused")["MESSAGE"]


def test_each_other_end(daemon, sim):
    cases = [("import-completed", "completed", sim.add(ends="COMPLETED", **NUMBERS), {}),
             ("import-failed", "failed", sim.add(ends="FAILED", **NUMBERS), {}),
             ("job-expired", "expired", sim.add_endless(**NUMBERS), {"timeout": 1})]
    for event, state, import_id, parameters in cases:
        entry = ended(daemon, import_id, event, **parameters)
        assert_common(entry)
        assert entry["TRAILSTOP_STATE"] == state
        assert STATISTICS.items() <= entry.items()
        assert {"TRAILSTOP_JOB", "TRAILSTOP_TARGET", "TRAILSTOP_ATTEMPTS", "TRAILSTOP_POLLS",
                "TRAILSTOP_ELAPSED_USEC"} <= entry.keys()


def test_a_cancel_names_who_asked_for_it(daemon, sim):
    job = daemon.stop(sim.add_endless())
    daemon.journal.wait("stop-accepted")
    daemon.call("Cancel", id=job["id"])
    entry = daemon.journal.wait("job-cancelled", job=job["id"])
    assert_common(entry)
    assert entry["TRAILSTOP_STATE"] == "cancelled"
    assert entry["TRAILSTOP_REQUESTER_UID"] == str(os.getuid())


def test_a_refusal_has_all_of_the_failure(daemon, sim):
    import_id = sim.add_endless()
    sim.fault("error", operation="StopImport", status=400, code="UnsupportedOperationException", message="No")
    entry = ended(daemon, import_id, "job-refused")
    assert_common(entry)
    refused, = [call for call in sim.calls() if call["operation"] == "StopImport"]
    assert entry["TRAILSTOP_AWS_ERROR"] == "UnsupportedOperationException"
    assert entry["TRAILSTOP_HTTP_STATUS"] == "400"
    assert entry["TRAILSTOP_AWS_REQUEST_ID"] == refused["requestId"]
    assert entry["TRAILSTOP_ATTEMPTS"] == "1" and entry["TRAILSTOP_POLLS"] == "1"
    assert not daemon.journal.find("stop-accepted")


def test_a_retry_has_all_of_the_failure(daemon, sim):
    sim.fault("throttle", operation="GetImport", calls=1)
    daemon.stopped(sim.add())
    entry = daemon.journal.wait("call-retried")
    assert_common(entry)
    throttled, = [call for call in sim.calls() if call["status"] == 400]
    assert entry["TRAILSTOP_AWS_ERROR"] == "ThrottlingException"
    assert entry["TRAILSTOP_HTTP_STATUS"] == "400"
    assert entry["TRAILSTOP_AWS_REQUEST_ID"] == throttled["requestId"]


def test_a_job_that_joins_names_both_requests(daemon, sim, ctl):
    import_id = sim.add_endless()
    job = daemon.stop(import_id, reason="first")
    second = ctl.start("stop", "--no-wait", "--reason", "second", import_id)
    assert second.communicate(timeout=DEADLINE) == (job["id"] + "\n", "")
    entry = daemon.journal.wait("request-joined", job=job["id"])
    assert_common(entry)
    assert entry["TRAILSTOP_REASON"] == "second"
    assert entry["TRAILSTOP_REQUESTER_PID"] == str(second.pid)
    accepted = daemon.journal.wait("request-accepted")
    assert accepted["TRAILSTOP_REASON"] == "first"
    assert accepted["TRAILSTOP_REQUESTER_PID"] == str(os.getpid())


def test_its_own_life(daemon, sim):
    assert_common(daemon.journal.wait("started"))
    daemon.reload()
    assert_common(daemon.journal.wait("reloaded"))
    daemon.config.write_text("nonsense")
    daemon.reload()
    assert_common(daemon.journal.wait("reload-refused"))
    daemon.stopped(sim.add())
    obtained = daemon.journal.wait("credentials-obtained")
    assert_common(obtained)
    assert obtained["TRAILSTOP_TARGET"] == "default"
    assert "environment" in obtained["MESSAGE"]
    daemon.terminate()
    assert_common(daemon.journal.wait("stopping"))
    events = [entry["TRAILSTOP_EVENT"] for entry in daemon.journal.entries]
    assert events[0] == "started" and events[-1] == "stopping"


def test_events_come_in_the_order_in_which_they_happened(daemon, sim):
    job = daemon.stopped(sim.add())
    daemon.journal.wait("import-stopped")
    assert [entry["TRAILSTOP_EVENT"] for entry in daemon.journal.find(job=job["id"])] == list(events_of_a_job)


def test_the_log_level_bounds_what_is_written(start_daemon, sim):
    daemon = start_daemon(daemon={"log-level": "notice"})
    sim.fault("throttle", operation="StopImport", calls=1)
    daemon.stopped(sim.add())
    daemon.journal.wait("import-stopped")
    assert {entry["TRAILSTOP_EVENT"] for entry in daemon.journal.entries} == {"import-stopped"}


# Text from outside


def test_a_reason_forges_no_field_and_no_line(daemon, sim):
    import_id = sim.add()
    job = daemon.stopped(import_id, reason=FORGERY)
    assert job["reason"] == FORGERY
    daemon.journal.wait("import-stopped", job=job["id"])
    assert daemon.journal.wait("request-accepted", job=job["id"])["TRAILSTOP_REASON"] == FORGERY
    assert not daemon.journal.find(job=1)
    assert len(daemon.journal.find("import-stopped")) == 1
    for entry in daemon.journal.entries:
        assert not re.search(r"[\x00-\x1f\x7f]", entry["MESSAGE"])


def test_a_message_of_AWS_forges_no_field_and_no_line(daemon, sim):
    import_id = sim.add_endless()
    sim.fault("error", operation="StopImport", status=400, code="UnsupportedOperationException", message=FORGERY)
    entry = ended(daemon, import_id, "job-refused")
    assert FORGERY not in entry["MESSAGE"]
    assert not re.search(r"[\x00-\x1f\x7f]", entry["MESSAGE"])
    assert not daemon.journal.find("import-stopped") and not daemon.journal.find(job=1)


def test_a_page_of_a_proxy_becomes_a_short_message(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1})
    sim.fault("not-json", calls=1, body="<html>\n" + "<b>Forbidden</b>\n" * 5000)
    daemon.stopped(sim.add())
    for entry in daemon.journal.entries:
        assert all(len(value) < 1000 for value in entry.values())


def test_the_text_format_is_one_line_an_event(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)})
    daemon.arguments = ["--log", "text"]
    daemon.start()
    import_id = sim.add()
    daemon.stopped(import_id, reason=FORGERY)
    daemon.terminate()
    assert not daemon.journal.entries, "nothing that reads like the JSON format"
    lines = [line.decode() for line in daemon.journal.strays]
    assert all(not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u202e]", line) for line in lines)
    about = [line for line in lines if import_id in line]
    assert 3 <= len(about) <= 4
    assert len(lines) <= len(about) + 3, "started, credentials-obtained, stopping"


def test_a_line_stays_whole_when_the_daemon_is_stopped_in_the_midst_of_it(new_daemon, sim, tmp_path):
    """As a suspended host, a debugger or `systemctl freeze` do."""
    daemon = new_daemon({"default": target(sim)})
    os.mkfifo(pipe := tmp_path / "pipe")
    daemon.command = ["sh", "-c", f'exec "$@" 2>{pipe}', "sh", *daemon.command]
    import_ids = sim.add_many(5)
    with open(os.open(pipe, os.O_RDWR), "r+b", buffering=0) as reader:  # both ends, so that neither waits for the other
        daemon.start()
        with daemon.connect() as connection:
            for import_id in import_ids:
                connection.send("Stop", {"importId": import_id, "reason": "r" * 20_000}, oneway=True)
            wait_until(lambda: not select.select([], [reader], [], 0)[1] and state_of(daemon.process) == "S")
            daemon.signal(signal.SIGSTOP)
            wait_until(lambda: state_of(daemon.process) == "T")
            daemon.signal(signal.SIGCONT)
            text = b""
            while text.count(b" stopped after ") < len(import_ids) or not text.endswith(b"\n"):
                text += reader.read(1 << 16)
        daemon.terminate()
    for line in text.decode().splitlines():
        assert_common(json.loads(line))


def wait_until(condition):
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)  # a process has no way to tell us


def state_of(process):
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2][0]


def test_a_denied_or_malformed_request_leaves_no_text_of_its_own(daemon):
    with pytest.raises(VarlinkError):
        daemon.stop(new_id() + "\nTRAILSTOP_JOB=1")
    with daemon.connect() as culprit:
        culprit.send_raw(b"\x1b[31mTRAILSTOP_JOB=1\n\0")
        culprit.assert_closed()
    assert_common(daemon.journal.wait("client-misbehaved"))
    assert "TRAILSTOP_JOB" not in daemon.journal.path.read_text()
