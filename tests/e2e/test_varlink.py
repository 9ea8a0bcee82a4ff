"""The socket: what every Varlink client may rely on, and what a client that breaks the rules gets."""

import json
import os
import time
from pathlib import Path

import pytest

from harness import DEADLINE
from harness.daemon import target
from harness.sim import new_id
from harness.varlink import INTERFACE, SERVICE, Closed, VarlinkError, call_as, encode

COMMON = Path(__file__).parents[2] / "common"
A_METHOD = f'"method":"{SERVICE}.GetInfo"'


def refusal(connection, method, parameters=None):
    """The error that a call is answered with: its full name and its parameters."""
    with pytest.raises(VarlinkError) as caught:
        connection.call(method, parameters)
    return caught.value.name, caught.value.parameters


# org.varlink.service


def test_says_who_it_is(daemon):
    info = daemon.call(f"{SERVICE}.GetInfo")
    assert info["product"] == "trailstop"
    assert info["interfaces"] == [SERVICE, INTERFACE] or info["interfaces"] == [INTERFACE, SERVICE]
    assert {"vendor", "version", "url"} <= info.keys()


@pytest.mark.parametrize("interface", [INTERFACE, SERVICE])
def test_describes_its_interfaces(daemon, interface):
    description = daemon.call(f"{SERVICE}.GetInterfaceDescription", interface=interface)["description"]
    assert description == (COMMON / f"{interface}.varlink").read_text()


def test_names_the_standard_errors(daemon):
    with daemon.connect() as connection:
        assert refusal(connection, f"{SERVICE}.GetInterfaceDescription", {"interface": "io.example"}) == (
            f"{SERVICE}.InterfaceNotFound", {"interface": "io.example"})
        assert refusal(connection, "io.example.Method") == (
            f"{SERVICE}.InterfaceNotFound", {"interface": "io.example"})
        assert refusal(connection, f"{INTERFACE}.Restart") == (
            f"{SERVICE}.MethodNotFound", {"method": f"{INTERFACE}.Restart"})
        assert refusal(connection, f"{SERVICE}.Restart") == (
            f"{SERVICE}.MethodNotFound", {"method": f"{SERVICE}.Restart"})
        assert refusal(connection, "Watch") == (f"{SERVICE}.ExpectedMore", {})


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
        assert refusal(connection, method, parameters) == (
            f"{SERVICE}.InvalidParameter", {"parameter": culprit})
        assert connection.call(f"{SERVICE}.GetInfo"), "the connection goes on"


@pytest.mark.parametrize("import_id", [
    "", "x", "0" * 35, "0" * 37, "g" * 36, "0" * 35 + " ", "0" * 35 + "\n", "0" * 35 + "\0",
    "0" * 36 + "\0", "\0" + "0" * 35, "0" * 18 + "\0" + "0" * 17, "0" * 34 + "é", "../../" + "0" * 30,
])
def test_a_malformed_id_reaches_neither_disk_nor_aws(daemon, sim, import_id):
    with daemon.connect() as connection:
        assert refusal(connection, "Stop", {"importId": import_id}) == (
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
        assert refusal(connection, "Stop", {"importId": new_id(), "target": "moon"}) == (
            f"{INTERFACE}.TargetNotFound", {"target": "moon"})


@pytest.mark.parametrize("method", ["GetJob", "Cancel"])
def test_knows_no_other_job(daemon, method):
    with daemon.connect() as connection:
        for unknown in ("1", "no-such-job", "", "x" * 500, "\0"):
            assert refusal(connection, method, {"id": unknown}) == (
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
        assert connection.reply()["product"] == "trailstop"


def test_a_call_after_a_stream_is_answered_after_its_end(daemon, sim):
    with daemon.connect() as connection:
        connection.send("Stop", {"importId": sim.add()}, more=True)
        connection.send(f"{SERVICE}.GetInfo")
        assert [reply["job"]["state"] for reply in connection.replies()][-1] == "stopped"
        assert connection.reply()["product"] == "trailstop"


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


def test_watch_tells_the_state_now_and_each_change_until_all_are_final(daemon, sim):
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


def test_watch_of_a_final_job_is_one_reply(daemon, sim):
    job = daemon.stopped(sim.add())
    with daemon.connect() as connection:
        assert [reply["job"]["state"] for reply in connection.call_more("Watch", {"ids": [job["id"]]})] == [
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
    assert daemon.call("ListTargets")["targets"] == [
        {"name": "default", "region": "us-east-1", "endpoint": sim.url, "credentials": "environment"},
        {"name": "mars", "region": "eu-west-1", "endpoint": sim.url, "credentials": "environment"}]


def test_counts_what_it_does(daemon, sim):
    before = daemon.call("GetStatistics")["statistics"]
    daemon.stopped(sim.add())
    after = daemon.call("GetStatistics")["statistics"]
    assert all(type(value) is int for value in after.values())
    assert after != before


# Clients that break the rules

MALFORMED = {
    "empty": b"",
    "no JSON": b"hello",
    "cut short": b'{"method":"io.trailstop',
    "more than one document": b"{%s}{}" % A_METHOD.encode(),
    "single quotes": b"{'method':'org.varlink.service.GetInfo'}",
    "a comment": b"{%s} // hello" % A_METHOD.encode(),
    "a trailing comma": b"{%s,}" % A_METHOD.encode(),
    "NaN": b'{%s,"parameters":{"x":NaN}}' % A_METHOD.encode(),
    "Infinity": b'{%s,"parameters":{"x":-Infinity}}' % A_METHOD.encode(),
    "a control character": b'{%s,"parameters":{"x":"\n"}}' % A_METHOD.encode(),
    "not UTF-8": b'{%s,"parameters":{"x":"\xff"}}' % A_METHOD.encode(),
    "a lone surrogate": b'{%s,"parameters":{"x":"\\ud800"}}' % A_METHOD.encode(),
    "an integer past 64 bits": b'{%s,"parameters":{"x":18446744073709551616}}' % A_METHOD.encode(),
    "a member twice": b"{%s,%s}" % (A_METHOD.encode(), A_METHOD.encode()),
    "an array": b"[]",
    "a string": b'"org.varlink.service.GetInfo"',
    "null": b"null",
    "no method": b'{"parameters":{}}',
    "a method that is no string": b'{"method":5}',
    "parameters that are no object": b'{%s,"parameters":[]}' % A_METHOD.encode(),
    "more that is no boolean": b'{%s,"more":1}' % A_METHOD.encode(),
    "oneway that is no boolean": b'{%s,"oneway":"true"}' % A_METHOD.encode(),
    "17 deep": b'{%s,"parameters":{"x":%s}}' % (A_METHOD.encode(), b"[" * 15 + b"]" * 15),
    "very deep": b'{%s,"parameters":{"x":%s' % (A_METHOD.encode(), b"[" * 50000),
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
def test_closes_on_what_is_no_call_and_serves_the_others(daemon, message):
    with daemon.connect() as bystander, daemon.connect() as culprit:
        bystander.call("ListTargets")
        try:
            culprit.send_raw(message + b"\0")
        except BrokenPipeError:
            pass  # closed before all of it was sent
        culprit.assert_closed()
        assert bystander.call("ListTargets")
    entry = daemon.journal.wait("client-misbehaved")
    assert entry["TRAILSTOP_REQUESTER_UID"] == str(os.getuid())
    assert len(daemon.journal.find("client-misbehaved")) == 1
    assert daemon.call("ListTargets")


def test_answers_what_came_before_the_message_that_is_no_call(daemon):
    with daemon.connect() as culprit:
        culprit.send_raw(encode("ListTargets") + b"nonsense\0" + encode("ListTargets"))
        assert culprit.reply()["targets"]
        culprit.assert_closed()


def test_takes_nesting_of_16(daemon):
    with daemon.connect() as connection:
        value = json.loads("[" * 14 + "]" * 14)
        assert refusal(connection, "ListTargets", {"x": value}) == (
            f"{SERVICE}.InvalidParameter", {"parameter": "x"})


def padded_call(size):
    """A call of exactly that many bytes, without its NUL."""
    text = encode("ListTargets")[:-1]
    return text[:-1] + b" " * (size - len(text)) + b"}"


def test_takes_a_message_of_max_message_and_no_byte_more(start_daemon):
    daemon = start_daemon(daemon={"max-message": "4K"})
    with daemon.connect() as connection:
        connection.send_raw(padded_call(4096) + b"\0")
        assert connection.reply()["targets"]
    with daemon.connect() as connection:
        connection.send_raw(padded_call(4097) + b"\0")
        connection.assert_closed()
    with daemon.connect() as connection:
        connection.send_raw(b" " * 4097)  # and no end in sight
        connection.assert_closed()
    daemon.journal.wait("client-misbehaved")


def test_a_reply_may_be_longer_than_max_message(start_daemon):
    daemon = start_daemon(daemon={"max-message": "4K"})
    with daemon.connect() as connection:
        for _ in range(30):
            connection.send("Stop", {"importId": new_id(), "reason": "r" * 1000}, oneway=True)
        assert len(connection.call("ListJobs")["jobs"]) == 30


def test_a_flood_of_bad_clients_is_one_line_a_second(daemon):
    began = time.monotonic()
    for _ in range(200):
        with daemon.connect() as culprit:
            culprit.send_raw(b"nonsense\0")
            culprit.assert_closed()
    daemon.journal.wait("client-misbehaved")
    took = time.monotonic() - began
    assert len(daemon.journal.find("client-misbehaved")) <= took + 1


# Limits


def serves(path_or_connection):
    try:
        path_or_connection.call("ListTargets")
    except (Closed, BrokenPipeError):
        return False
    return True


def connect_when_there_is_room(daemon):
    """The daemon hears that a client left in a turn of its own: tries until one is let in."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        connection = daemon.connect()
        if serves(connection):
            return connection
        connection.close()
    raise AssertionError("no client is let in")


@pytest.mark.parametrize("limit", ["max-clients", "max-clients-per-user"])
def test_a_client_too_many_is_closed_at_once(start_daemon, limit):
    daemon = start_daemon(daemon={limit: 3})
    clients = [daemon.connect() for _ in range(3)]
    assert all(serves(client) for client in clients)
    with daemon.connect() as one_too_many:
        one_too_many.assert_closed()
    assert all(serves(client) for client in clients)
    clients.pop().close()
    clients.append(connect_when_there_is_room(daemon))
    for client in clients:
        client.close()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be several users")
def test_a_user_at_the_limit_leaves_room_for_others(start_daemon):
    daemon = start_daemon(daemon={"max-clients-per-user": 1})
    daemon.socket.chmod(0o666)
    with daemon.connect() as client:
        assert serves(client)
        assert call_as(1234, 1234, daemon.socket, "ListTargets")[0] == "reply"
        with daemon.connect() as one_too_many:
            one_too_many.assert_closed()


def test_a_job_too_many_is_refused(start_daemon, sim):
    daemon = start_daemon(daemon={"max-jobs": 2})
    jobs = [daemon.stop(sim.add_endless()) for _ in range(2)]
    with daemon.connect() as connection:
        assert refusal(connection, "Stop", {"importId": new_id()}) == (f"{INTERFACE}.QueueFull", {"limit": 2})
    assert daemon.stop(jobs[0]["importId"])["id"] == jobs[0]["id"], "joining needs no room"
    daemon.call("Cancel", id=jobs[0]["id"])
    assert daemon.stop(sim.add())
