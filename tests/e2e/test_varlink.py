# SPDX-License-Identifier: Apache-2.0
"""The socket: what every Varlink client may rely on, and what a client that breaks the rules gets."""

import array
import json
import os
import socket
from pathlib import Path

import pytest

from harness import DEADLINE
from harness.ctl import Ctl
from harness.daemon import target
from harness.fake import FakeDaemon
from harness.sim import new_id
from harness.varlink import INTERFACE, SERVICE, Connection, VarlinkError, encode

SO_PASSRIGHTS = 83
COMMON = Path(__file__).parents[2] / "common"


# org.varlink.service


def test_says_who_it_is(daemon):
    info = daemon.call(f"{SERVICE}.GetInfo")
    assert info["product"].startswith("trailstop")
    assert info["interfaces"] == [SERVICE, "io.systemd.service", "io.systemd.Metrics", INTERFACE]
    assert {"vendor", "version", "url"} <= info.keys()


@pytest.mark.parametrize("interface", [INTERFACE, SERVICE])
def test_describes_its_interfaces(daemon, interface):
    description = daemon.call(f"{SERVICE}.GetInterfaceDescription", interface=interface)["description"]
    assert description == (COMMON / f"{interface}.varlink").read_text()


def test_names_the_standard_errors(daemon):
    with daemon.connect() as connection:
        assert connection.refusal(f"{SERVICE}.GetInterfaceDescription", {"interface": "io.example"}) == (
            f"{SERVICE}.InterfaceNotFound", {"interface": "io.example"})
        assert connection.refusal("io.example.Method") == (
            f"{SERVICE}.InterfaceNotFound", {"interface": "io.example"})
        assert connection.refusal(f"{INTERFACE}.Resume") == (
            f"{SERVICE}.MethodNotFound", {"method": f"{INTERFACE}.Resume"})
        assert connection.refusal(f"{SERVICE}.Restart") == (
            f"{SERVICE}.MethodNotFound", {"method": f"{SERVICE}.Restart"})
        assert connection.refusal("Watch") == (f"{SERVICE}.ExpectedMore", {})


# Parameters


@pytest.mark.parametrize("method, parameters, culprit", [
    ("Stop", {}, "importId"),
    ("Stop", {"importId": None}, "importId"),
    ("Stop", {"importId": 5}, "importId"),
    ("Stop", {"importId": new_id(), "force": True}, "force"),
    ("Stop", {"importId": new_id(), "target": 5}, "target"),
    ("Stop", {"importId": new_id(), "reason": ["x"]}, "reason"),
    ("Stop", {"importId": new_id(), "timeout": "5"}, "timeout"),
    ("Stop", {"importId": new_id(), "timeout": 1.5}, "timeout"),
    ("Stop", {"importId": new_id(), "timeout": -1}, "timeout"),
    ("Stop", {"importId": new_id(), "timeout": 100_000_000_001}, "timeout"),
    ("StopAll", {"timeout": 2**63 - 1}, "timeout"),
    ("GetJob", {}, "id"),
    ("GetJob", {"id": 1}, "id"),
    ("GetJob", {"id": "x", "verbose": True}, "verbose"),
    ("Cancel", {}, "id"),
    ("ListJobs", {"state": "asleep"}, "state"),
    ("ListJobs", {"limit": 0}, "limit"),
    ("ListJobs", {"limit": -1}, "limit"),
    ("ListJobs", {"limit": "5"}, "limit"),
    ("ListJobs", {"importId": "x"}, "importId"),
    ("ListJobs", {"newest": True}, "newest"),
    ("ListTargets", {"region": "x"}, "region"),
    ("GetStatistics", {"since": 1}, "since"),
    (f"{SERVICE}.GetInterfaceDescription", {}, "interface"),
    (f"{SERVICE}.GetInfo", {"x": 1}, "x"),
])
def test_names_the_parameter_that_is_wrong(daemon, method, parameters, culprit):
    with daemon.connect() as connection:
        assert connection.refusal(method, parameters) == (
            f"{SERVICE}.InvalidParameter", {"parameter": culprit})
        assert connection.call(f"{SERVICE}.GetInfo"), "the connection goes on"


@pytest.mark.parametrize("import_id", [
    "", "x", "0" * 35, "0" * 37, "g" * 36, "0" * 35 + " ", "0" * 35 + "\n", "0" * 35 + "\0",
    "0" * 36 + "\0", "\0" + "0" * 35, "0" * 18 + "\0" + "0" * 17, "0" * 34 + "é", "../../" + "0" * 30,
])
def test_a_malformed_id_reaches_neither_disk_nor_aws(daemon, sim, import_id):
    with daemon.connect() as connection:
        assert connection.refusal("Stop", {"importId": import_id}) == (
            f"{SERVICE}.InvalidParameter", {"parameter": "importId"})
    assert daemon.call("ListJobs")["jobs"] == []
    assert sim.calls() == []
    assert not daemon.journal.find("request-accepted")


def test_an_id_in_upper_case_is_the_same_import(daemon, sim):
    import_id = sim.add_endless()
    upper, lower = daemon.stop(import_id.upper()), daemon.stop(import_id)
    assert upper["importId"] == import_id
    assert upper["id"] == lower["id"]
    assert [job["id"] for job in daemon.call("ListJobs", importId=import_id.upper())["jobs"]] == [upper["id"]]


def test_null_is_as_good_as_left_out(daemon, sim):
    job = daemon.stop(sim.add(), target=None, reason=None, timeout=None)
    assert job["target"] == "default"
    assert "reason" not in job


def test_knows_no_other_target(daemon):
    with daemon.connect() as connection:
        assert connection.refusal("Stop", {"importId": new_id(), "target": "moon"}) == (
            f"{INTERFACE}.TargetNotFound", {"target": "moon"})


@pytest.mark.parametrize("method", ["GetJob", "Cancel"])
def test_knows_no_other_job(daemon, method):
    with daemon.connect() as connection:
        for unknown in ("1", "no-such-job", "x" * 500):
            assert connection.refusal(method, {"id": unknown}) == (
                f"{INTERFACE}.JobNotFound", {"id": unknown})


# Calls: in order, one way, streams


def test_answers_a_pipeline_in_the_order_of_its_calls(daemon, sim):
    import_id = sim.add()
    with daemon.connect() as connection:
        connection.send_raw(b"".join([
            encode("GetJob", {"id": "none"}),
            encode("Stop", {"importId": import_id}),
            encode("ListTargets"),
            encode("Stop", {"importId": "x"}),
            encode("ListJobs", {"importId": import_id}),
            encode(f"{SERVICE}.GetInfo"),
        ]))
        assert connection.receive()["error"] == f"{INTERFACE}.JobNotFound"
        job = connection.reply()["job"]
        assert connection.reply()["targets"]
        assert connection.receive()["error"] == f"{SERVICE}.InvalidParameter"
        assert [listed["id"] for listed in connection.reply()["jobs"]] == [job["id"]]
        assert connection.reply()["product"]


def test_a_call_after_a_stream_is_answered_after_its_end(daemon, sim):
    with daemon.connect() as connection:
        connection.send("Stop", {"importId": sim.add()}, more=True)
        connection.send(f"{SERVICE}.GetInfo")
        assert [reply["job"]["state"] for reply in connection.replies()][-1] == "stopped"
        assert connection.reply()["product"]


def test_takes_a_message_in_whatever_pieces_it_comes(daemon):
    with daemon.connect() as connection:
        for byte in encode("ListTargets"):
            connection.send_raw(bytes([byte]))
        assert connection.reply()["targets"]


def test_oneway_gets_no_answer_but_its_job(daemon, sim):
    import_id = sim.add()
    with daemon.connect() as connection:
        connection.send("Stop", {"importId": import_id}, oneway=True)
        connection.send("Stop", {"importId": "malformed"}, oneway=True)
        connection.send("Nonsense", oneway=True)
        connection.send("ListJobs")
        assert [job["importId"] for job in connection.reply()["jobs"]] == [import_id]
        daemon.journal.wait("import-stopped", import_id=import_id)
        connection.assert_silent()


def test_watch_shows_the_state_now_and_each_change_until_all_are_final(daemon, sim):
    quick, slow = sim.add(), sim.add_endless()
    jobs = {daemon.stop(import_id)["id"] for import_id in (quick, slow)}
    seen = []
    with daemon.connect() as connection:
        for reply in connection.call_more("Watch", {"ids": sorted(jobs)}):
            job = reply["job"]
            seen.append((job["id"], job["state"]))
            if (job["importId"], job["state"]) == (quick, "stopped"):
                sim.finish(slow)
    assert {job_id for job_id, _ in seen[:2]} == jobs, "both at once, as they are now"
    assert sorted(seen[-1:] + [(job_id, state) for job_id, state in seen if state == "stopped"])
    assert {job_id for job_id, state in seen if state == "stopped"} == jobs


@pytest.mark.parametrize("times", [1, 2], ids=["named once", "named twice"])
def test_watch_of_a_final_job_is_one_reply(daemon, sim, times):
    job = daemon.stopped(sim.add())
    with daemon.connect() as connection:
        assert [reply["job"]["state"] for reply in connection.call_more("Watch", {"ids": times * [job["id"]]})] == [
            "stopped"]


def test_watch_of_everything_has_no_end(daemon, sim):
    with daemon.connect() as connection:
        connection.send("Watch", more=True)
        for _ in range(2):
            import_id = sim.add()
            daemon.stop(import_id)
            while (reply := connection.receive())["parameters"]["job"]["importId"] != import_id or (
                    reply["parameters"]["job"]["state"] != "stopped"):
                assert reply["continues"]
            assert reply["continues"]


def test_watch_knows_no_other_job(daemon):
    with daemon.connect() as connection:
        with pytest.raises(VarlinkError) as caught:
            list(connection.call_more("Watch", {"ids": ["no-such-job"]}))
        assert caught.value.short_name == "JobNotFound"
        assert caught.value.parameters == {"id": "no-such-job"}


# Lists


def test_lists_jobs_newest_first_and_by_state_target_and_import(start_daemon, sim):
    daemon = start_daemon({"default": target(sim), "other": target(sim)})
    first = daemon.stopped(sim.add())
    second = daemon.stop(sim.add_endless(), target="other")
    third = daemon.stop(sim.add_endless())
    daemon.call("Cancel", id=third["id"])

    def listed(**filters):
        return [job["id"] for job in daemon.call("ListJobs", **filters)["jobs"]]

    assert listed() == [third["id"], second["id"], first["id"]]
    assert listed(limit=2) == [third["id"], second["id"]]
    assert listed(state="stopped") == [first["id"]]
    assert listed(state="cancelled") == [third["id"]]
    assert listed(state="failed") == []
    assert listed(target="other") == [second["id"]]
    assert listed(target="default", limit=1) == [third["id"]]
    assert listed(importId=first["importId"]) == [first["id"]]
    assert listed(importId=new_id()) == []


def test_lists_a_thousand_jobs_at_most_and_all_with_more(daemon):
    count = 1100
    with daemon.connect() as connection:
        connection.send_raw(b"".join(
            encode("Stop", {"importId": new_id()}, oneway=True) for _ in range(count)))
        newest = connection.call("ListJobs")["jobs"]
        everything = [job for reply in connection.call_more("ListJobs") for job in reply["jobs"]]
    assert len(newest) == 1000
    assert len({job["id"] for job in everything}) == len(everything) == count
    times = [job["requestedAt"] for job in everything]
    assert times == sorted(times, reverse=True)


def test_lists_its_targets(start_daemon, sim):
    daemon = start_daemon({"default": target(sim), "mars": target(sim, region="eu-west-1")})
    targets = daemon.call("ListTargets")["targets"]
    for listed in targets:
        assert listed.pop("since")
    assert targets == [
        {"name": "default", "region": "us-east-1", "endpoint": sim.url, "credentials": "environment", "state": "ok"},
        {"name": "mars", "region": "eu-west-1", "endpoint": sim.url, "credentials": "environment", "state": "ok"}]


def test_counts_what_it_does(start_daemon, sim):
    daemon = start_daemon(calls={"max-attempts": 1}, polling={"first": "1h", "longest": "1h"})
    daemon.stopped(sim.add(stop_polls=0))
    for import_id, parameters in [(sim.add(status="COMPLETED"), {}), (sim.add(status="FAILED"), {}),
                                  (sim.add_endless(), {"timeout": 1})]:
        with pytest.raises(VarlinkError):
            daemon.stopped(import_id, **parameters)
    import_id = sim.add_endless()
    job = daemon.stop(import_id)
    assert daemon.stop(import_id)["id"] == job["id"]
    daemon.journal.wait("stop-accepted", job=job["id"])
    daemon.call("Cancel", id=job["id"])
    sim.fault("http", operation="StopImport", status=503, calls=1)
    daemon.stopped(sim.add(stop_polls=0))
    sim.fault("error", operation="StopImport", status=400, code="UnsupportedOperationException")
    with pytest.raises(VarlinkError):
        daemon.stopped(sim.add_endless())

    expected = {"requestsAccepted": 7, "requestsJoined": 1, "jobsStopped": 2, "jobsCompleted": 1, "jobsFailed": 1,
                "jobsRefused": 1, "jobsExpired": 1, "jobsCancelled": 1, "stopImportAttempts": 8,
                "getImportAttempts": 1, "outages": 1}
    statistics = daemon.call("GetStatistics")["statistics"]
    assert all(type(value) is int for value in statistics.values())
    assert {name: statistics[name] for name in expected} == expected


def test_a_header_may_have_members_of_others(daemon):
    """Those whose names have a dot are extensions; nothing is known of them here."""
    with daemon.connect() as connection:
        for extension in ({"org.example": {"x": 1}}, {"a.b": None}, {".": [1, 2]}):
            call = {"method": f"{INTERFACE}.ListTargets", "more": None, "upgrade": False, **extension}
            connection.send_raw(json.dumps(call).encode() + b"\0")
            assert connection.reply()["targets"]


@pytest.mark.parametrize("call", [
    {"method": f"{INTERFACE}.Watch"}, {"method": "io.systemd.service.Ping"}, {"method": "io.systemd.Metrics.List"}])
def test_a_reply_without_parameters_has_no_such_member(daemon, call):
    with daemon.connect() as connection:
        connection.send_raw(json.dumps(call).encode() + b"\0")
        assert "parameters" not in connection.receive()


def test_a_call_without_parameters_has_no_such_member(build, runtime, tmp_path):
    """What the client sends."""
    played = FakeDaemon(runtime / "socket")
    process = Ctl(build, played.path, tmp_path).start("targets")
    session = played.accept()
    assert session.next_message() == {"method": f"{INTERFACE}.ListTargets"}
    session.reply({"targets": []})
    process.communicate(timeout=DEADLINE)
    session.close()
    played.close()
    assert process.returncode == 0


def passes_descriptors(connection):
    """Whether the other end could be sent one: from Linux 6.16 on it may have refused that."""
    call = b'{"method":"org.varlink.service.GetInfo"}\0'
    try:
        connection.socket.sendmsg([call], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
    except PermissionError:
        return False
    connection.receive()
    return True


@pytest.mark.parametrize("name", ["socket", "metrics_socket"])
def test_takes_no_descriptors(daemon, name):
    def n_open():
        return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))

    with Connection(getattr(daemon, name)) as connection:
        connection.call(f"{SERVICE}.GetInfo")
        before = n_open()
        passed = passes_descriptors(connection)
        assert n_open() == before
        try:
            connection.socket.getsockopt(socket.SOL_SOCKET, SO_PASSRIGHTS)
        except OSError:
            pytest.skip("before Linux 6.16 nobody can refuse them")
        assert not passed
        assert connection.call(f"{SERVICE}.GetInfo"), "the connection goes on"


@pytest.mark.parametrize("name", ["socket", "metrics_socket"])
def test_its_sockets_say_what_they_are(daemon, name):
    path = getattr(daemon, name)
    with Connection(path) as connection:
        try:
            os.setxattr(connection.socket.fileno(), "user.varlink", b"client")
        except OSError:
            pytest.skip("before Linux 7.0 no socket can be tagged")
        connection.call(f"{SERVICE}.GetInfo")
        directory = f"/proc/{daemon.process.pid}/fd"
        roles = set()
        for number in os.listdir(directory):
            try:
                roles.add(os.getxattr(f"{directory}/{number}", "user.varlink"))
            except OSError:
                pass
        assert roles == {b"listen", b"server"}
    assert os.getxattr(path, "user.varlink") == b"entrypoint"


@pytest.mark.parametrize("method", [f"{SERVICE}.GetInfo", f"{INTERFACE}.Watch", f"{INTERFACE}.Stop"])
def test_a_call_that_would_hand_over_the_connection_is_an_error_on_it(daemon, method):
    with daemon.connect() as connection:
        call = {"method": method, "upgrade": True, "parameters": {"importId": new_id()}}
        connection.send_raw(json.dumps(call).encode() + b"\0")
        with pytest.raises(VarlinkError) as caught:
            connection.reply()
        assert (caught.value.name, caught.value.parameters) == (f"{SERVICE}.MethodNotImplemented", {"method": method})
        assert connection.call("ListJobs") == {"jobs": []}


def test_describes_every_standard_error(daemon):
    description = daemon.call(f"{SERVICE}.GetInterfaceDescription", interface=SERVICE)["description"]
    for error in ("InterfaceNotFound (interface: string)", "MethodNotFound (method: string)",
                  "MethodNotImplemented (method: string)", "InvalidParameter (parameter: string)",
                  "PermissionDenied ()", "ExpectedMore ()", "ExpectedUpgrade ()"):
        assert f"\nerror {error}\n" in description
