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


# Targets that name their own


def as_user(uid, daemon, method, **parameters):
    return call_as(uid, uid, daemon.socket, method, parameters)


DAEMON, BIN = 1, 2  # users of every Debian
DENIED = ("error", "NotAuthorized", {})


@pytest.fixture
def shared(open_daemon, sim):
    """A daemon of `daemon`, with a target of `bin` alone, and one of nobody."""
    daemon = open_daemon()
    configure_shared(daemon, sim)
    return daemon


def configure_shared(daemon, sim, operators="bin"):
    daemon.configure({"default": target(sim), "audit": target(sim, operators=operators),
                      "closed": target(sim, operators="")}, daemon={"operators": "daemon"})
    daemon.reload()


@pytest.mark.parametrize(("method", "status"), [("Stop", "IN_PROGRESS"), ("Restart", "STOPPED")])
def test_a_target_may_name_its_own_operators(shared, sim, method, status):
    def ask(uid, **parameters):
        import_id = sim.add(status=status)
        return as_user(uid, shared, method, importId=import_id, **parameters)

    for parameters in ({}, {"target": "default"}):
        assert ask(DAEMON, **parameters)[0] == "reply"
        assert ask(BIN, **parameters) == DENIED
    assert ask(BIN, target="audit")[0] == "reply"
    assert ask(DAEMON, target="audit") == DENIED
    for uid in (DAEMON, BIN):
        assert ask(uid, target="closed") == DENIED
    assert ask(0, target="closed")[0] == "reply"


def test_an_unknown_target_is_for_the_daemons_operators(shared):
    parameters = {"importId": new_id(), "target": "moon"}
    assert as_user(DAEMON, shared, "Stop", **parameters)[:2] == ("error", "TargetNotFound")
    assert as_user(BIN, shared, "Stop", **parameters) == DENIED
    for uid, expected in ((DAEMON, "TargetNotFound"), (BIN, "NotAuthorized")):
        assert as_user(uid, shared, "StopAll", targets=["moon"])[:2] == ("error", expected)


def test_every_operator_learns_what_is_wrong_with_a_call(shared):
    for uid in (DAEMON, BIN):
        kind, name, _ = as_user(uid, shared, "Stop", importId="nonsense", target="audit")
        assert (kind, name.rpartition(".")[2]) == ("error", "InvalidParameter")
        assert as_user(uid, shared, "Cancel", id="f" * 32)[:2] == ("error", "JobNotFound")
    assert as_stranger(shared, "Stop", importId="nonsense", target="audit") == DENIED


@pytest.mark.parametrize("dry_run", [False, True])
def test_all_imports_are_stopped_by_an_operator_of_every_target_named(shared, sim, dry_run):
    sim.add()

    def ask(uid, *targets):
        named = {"targets": targets} if targets else {}
        return as_user(uid, shared, "StopAll", dryRun=dry_run, **named)

    assert ask(DAEMON)[0] == ask(DAEMON, "default")[0] == ask(BIN, "audit")[0] == "reply"
    for uid in (DAEMON, BIN):
        for targets in (("default", "audit"), ("audit", "default"), ("closed",), ("*",)):
            assert ask(uid, *targets) == DENIED
    assert ask(BIN) == ask(DAEMON, "audit") == DENIED
    assert ask(0, "*")[0] == "reply"


def test_a_job_is_cancelled_by_an_operator_of_its_target(shared, sim):
    jobs = {name: shared.stop(sim.add_endless(), target=name)["id"] for name in ("default", "audit")}
    assert as_user(BIN, shared, "Cancel", id=jobs["default"]) == DENIED
    assert as_user(DAEMON, shared, "Cancel", id=jobs["audit"]) == DENIED
    # While it is under way, and when it has ended.
    for _ in range(2):
        assert as_user(BIN, shared, "Cancel", id=jobs["audit"])[1]["job"]["state"] == "cancelled"
        assert as_user(DAEMON, shared, "Cancel", id=jobs["default"])[1]["job"]["state"] == "cancelled"
    assert as_user(BIN, shared, "Cancel", id=jobs["default"]) == DENIED
    assert as_user(DAEMON, shared, "Cancel", id=jobs["audit"]) == DENIED


def test_operators_of_a_target_follow_a_reload(shared, sim):
    configure_shared(shared, sim, operators="daemon")
    assert as_user(DAEMON, shared, "Stop", importId=sim.add(), target="audit")[0] == "reply"
    assert as_user(BIN, shared, "Stop", importId=sim.add(), target="audit") == DENIED
