# SPDX-License-Identifier: Apache-2.0
"""Who may do what: operators stop and cancel, whoever may connect looks on."""

import os
import subprocess
import time

import pytest

from harness.daemon import target
from harness.sim import new_id
from harness.varlink import SERVICE, Connection, call_as, encode

STRANGER = 54321  # a uid and gid that nobody has here
NOBODY = 65534

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="needs root to be another user")
pytestmark = needs_root


def as_stranger(daemon, method, **parameters):
    return call_as(STRANGER, STRANGER, daemon.socket, method, parameters)


def test_a_stranger_may_neither_stop_nor_cancel(open_daemon, sim):
    daemon = open_daemon()
    job = daemon.stop(sim.add_endless())
    victim = sim.add_endless()
    assert as_stranger(daemon, "Stop", importId=victim) == ("error", "NotAuthorized", {})
    assert as_stranger(daemon, "Cancel", id=job["id"]) == ("error", "NotAuthorized", {})
    entry = daemon.journal.wait("request-denied")
    assert entry["TRAILSTOP_REQUESTER_UID"] == entry["TRAILSTOP_REQUESTER_GID"] == str(STRANGER)
    assert entry["TRAILSTOP_REQUESTER_PID"].isdigit()
    assert "is not an operator" in entry["MESSAGE"] and "Stop" in entry["MESSAGE"]
    assert [listed["id"] for listed in daemon.call("ListJobs")["jobs"]] == [job["id"]]
    assert daemon.job(job["id"])["state"] != "cancelled"
    assert daemon.call("GetStatistics")["statistics"]["requestsDenied"] == 2
    assert sim.calls(import_id=victim) == []


def test_the_journal_has_what_a_stranger_asked_for_and_why(open_daemon):
    daemon = open_daemon()
    import_id = new_id()
    entry = denied(daemon, "Stop", importId=import_id, target="default", reason="because")
    assert entry["TRAILSTOP_IMPORT_ID"] == import_id
    assert entry["TRAILSTOP_TARGET"] == "default"
    assert entry["TRAILSTOP_REASON"] == "because"
    entry = denied(daemon, "Cancel", id="some-job")
    assert entry["TRAILSTOP_JOB"] == "some-job" and "Cancel" in entry["MESSAGE"]
    assert "TRAILSTOP_IMPORT_ID" not in denied(daemon, "Stop", importId="nonsense", reason="because")


def denied(daemon, method, **parameters):
    """The entry of such a call; what comes too soon after another one has none."""
    before = len(daemon.journal.find("request-denied"))
    while len(daemon.journal.find("request-denied")) == before:
        assert as_stranger(daemon, method, **parameters)[:2] == ("error", "NotAuthorized")
    return daemon.journal.find("request-denied")[-1]


def test_a_flood_of_denied_calls_is_one_line_a_second_that_counts(open_daemon):
    """Among them calls without a reply, and long reasons: 1000 calls of each connection."""
    daemon = open_daemon()
    call = encode("Stop", {"importId": new_id(), "reason": "r" * 4000}, oneway=True)
    began = time.monotonic()
    for _ in range(3):
        pour_as(STRANGER, daemon.socket, 1000 * call + encode("GetStatistics"))
    entry = denied(daemon, "Cancel", id="some-job")
    took = time.monotonic() - began
    entries = daemon.journal.find("request-denied")
    assert len(entries) <= took + 1
    assert int(entry["TRAILSTOP_UNTOLD"]) > 0
    n_denied = daemon.call("GetStatistics")["statistics"]["requestsDenied"]
    assert n_denied > 3000
    assert sum(int(entry["TRAILSTOP_UNTOLD"]) for entry in entries) + len(entries) == n_denied


def pour_as(uid, path, calls):
    """Sends them as another user, and waits for the reply to the last one."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setresuid(uid, uid, uid)
            with Connection(path) as connection:
                connection.send_raw(calls)
                status = "statistics" not in connection.reply()
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def test_a_refusal_shows_a_stranger_nothing(open_daemon):
    """Neither whether a job or a target exists nor what a parameter should be."""
    daemon = open_daemon()
    assert as_stranger(daemon, "Cancel", id="no-such-job") == ("error", "NotAuthorized", {})
    assert as_stranger(daemon, "Stop", importId=new_id(), target="moon") == ("error", "NotAuthorized", {})


def test_a_stranger_may_look_on(open_daemon, sim):
    daemon = open_daemon()
    job = daemon.stop(sim.add_endless())
    kind, reply = as_stranger(daemon, "GetJob", id=job["id"])
    assert kind == "reply" and reply["job"]["id"] == job["id"]
    for method in ("ListJobs", "ListTargets", "GetStatistics", f"{SERVICE}.GetInfo"):
        assert as_stranger(daemon, method)[0] == "reply"


def test_the_socket_itself_keeps_strangers_out(daemon):
    with pytest.raises(AssertionError, match="the caller with uid"):
        as_stranger(daemon, "ListJobs")


def test_a_user_named_in_operators_may_stop(open_daemon, sim):
    daemon = open_daemon(daemon={"operators": "daemon"})  # a user of every Debian: uid 1
    kind, reply = call_as(1, 1, daemon.socket, "Stop", {"importId": sim.add()})
    assert kind == "reply"
    assert reply["job"]["requester"]["uid"] == 1
    daemon.journal.wait("request-accepted", requester_uid=1)
    assert as_stranger(daemon, "Stop", importId=sim.add())[:2] == ("error", "NotAuthorized")


def test_a_member_of_a_group_named_in_operators_may_stop(open_daemon, sim):
    daemon = open_daemon(daemon={"operators": "@games"})  # a group of every Debian: gid 60
    for gid, groups in ((60, []), (STRANGER, [4, 60])):
        assert call_as(STRANGER, gid, daemon.socket, "Stop", {"importId": sim.add()}, groups)[0] == "reply"
    assert call_as(STRANGER, STRANGER, daemon.socket, "Stop", {"importId": sim.add()}, [4])[0] == "error"


def test_nobody_is_refused_even_by_name(open_daemon, sim):
    """In a user namespace every user of the outside looks like this one."""
    daemon = open_daemon(daemon={"operators": "nobody @nogroup"})
    outcome = call_as(NOBODY, NOBODY, daemon.socket, "Stop", {"importId": sim.add()})
    assert outcome[0] == "closed" or outcome[:2] == ("error", "NotAuthorized")
    assert daemon.call("ListJobs")["jobs"] == []


def test_nobody_is_not_sent_to_a_group(open_daemon, build):
    """No membership helps a user that the system has no number for."""
    daemon = open_daemon()
    for mode in (0o666, 0o660):
        daemon.socket.chmod(mode)
        result = subprocess.run([build / "trailstopctl", "--socket", daemon.socket, "stop", "--no-wait", new_id()],
                                user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True)
        assert result.returncode == 5
        assert "65534" in result.stderr and "group" not in result.stderr and "operators" not in result.stderr


def test_operators_follow_a_reload(open_daemon, sim):
    daemon = open_daemon()
    assert as_stranger(daemon, "Stop", importId=sim.add())[0] == "error"
    daemon.configure({"default": target(sim)}, daemon={"operators": "@games"})
    daemon.reload()
    assert call_as(STRANGER, 60, daemon.socket, "Stop", {"importId": sim.add()})[0] == "reply"
