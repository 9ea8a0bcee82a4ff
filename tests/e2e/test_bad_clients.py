# SPDX-License-Identifier: Apache-2.0
"""Clients that break the rules, or are too many: each costs one line, its own connection, and nothing else."""

import json
import os
import resource
import time

import pytest

from harness import DEADLINE
from harness.daemon import target
from harness.sim import new_id
from harness.varlink import INTERFACE, SERVICE, Closed, VarlinkError, call_as, encode

A_METHOD = b'"method":"org.varlink.service.GetInfo"'

MALFORMED = {
    "empty": b"",
    "no JSON": b"hello",
    "cut short": b'{"method":"io.trailstop',
    "more than one document": b"{%s}{}" % A_METHOD,
    "single quotes": b"{'method':'org.varlink.service.GetInfo'}",
    "a comment": b"{%s} // hello" % A_METHOD,
    "a trailing comma": b"{%s,}" % A_METHOD,
    "NaN": b'{%s,"parameters":{"x":NaN}}' % A_METHOD,
    "Infinity": b'{%s,"parameters":{"x":-Infinity}}' % A_METHOD,
    "a control character": b'{%s,"parameters":{"x":"\n"}}' % A_METHOD,
    "not UTF-8": b'{%s,"parameters":{"x":"\xff"}}' % A_METHOD,
    "a lone surrogate": b'{%s,"parameters":{"x":"\\ud800"}}' % A_METHOD,
    "a number that ends too early": b'{%s,"parameters":{"x":1E}}' % A_METHOD,
    "a member twice": b"{%s,%s}" % (A_METHOD, A_METHOD),
    "an array": b"[]",
    "a string": b'"org.varlink.service.GetInfo"',
    "null": b"null",
    "no method": b'{"parameters":{}}',
    "a method that is no string": b'{"method":5}',
    "parameters that are no object": b'{%s,"parameters":[]}' % A_METHOD,
    "more that is no boolean": b'{%s,"more":1}' % A_METHOD,
    "oneway that is no boolean": b'{%s,"oneway":"true"}' % A_METHOD,
    "oneway and more": b'{%s,"oneway":true,"more":true}' % A_METHOD,
    "more and upgrade": b'{%s,"upgrade":true,"more":true}' % A_METHOD,
    "oneway and upgrade": b'{%s,"upgrade":true,"oneway":true}' % A_METHOD,
    "upgrade that is not a boolean": b'{%s,"upgrade":0}' % A_METHOD,
    "an unknown member without a dot": b'{%s,"x-extension":{}}' % A_METHOD,
    "17 deep": b'{%s,"parameters":{"x":%s}}' % (A_METHOD, b"[" * 15 + b"]" * 15),
    "more values than any call has": b'{%s,"a.b":[%s]}' % (A_METHOD, b",".join([b"{}"] * 13_000)),
    "very deep": b'{%s,"parameters":{"x":%s' % (A_METHOD, b"[" * 50000),
}


@pytest.mark.parametrize("message", MALFORMED.values(), ids=MALFORMED.keys())
def test_closes_on_what_is_not_a_call_and_serves_the_others(daemon, message):
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


def test_answers_what_came_before_the_message_that_is_not_a_call(daemon):
    with daemon.connect() as culprit:
        culprit.send_raw(encode("ListTargets") + b"nonsense\0" + encode("ListTargets"))
        assert culprit.reply()["targets"]
        culprit.assert_closed()


def test_answers_what_came_before_also_where_that_takes_a_while(daemon, sim):
    sim.fault("slow", delay_seconds=0.2, calls=1)
    import_id = sim.add()
    with daemon.connect() as culprit:
        culprit.send_raw(encode("GetImport", {"importId": import_id}) + b"nonsense\0")
        assert culprit.reply()["import"]["ImportId"] == import_id
        culprit.assert_closed()


def test_takes_nesting_of_16(daemon):
    with daemon.connect() as connection:
        value = json.loads("[" * 14 + "]" * 14)
        assert connection.refusal("ListTargets", {"x": value}) == (
            f"{SERVICE}.InvalidParameter", {"parameter": "x"})


@pytest.mark.parametrize("number", ["9223372036854775808", "-9223372036854775809", "18446744073709551616",
                                    "1E400", "-1E400", "1" * 1000])
@pytest.mark.parametrize("method, parameter", [("Stop", "timeout"), ("ListJobs", "limit"), ("GetJob", "id")])
def test_a_number_past_64_bits_is_refused_as_a_parameter(daemon, method, parameter, number):
    """It is JSON all the same, and nothing that Varlink has as an int: the connection goes on."""
    with daemon.connect() as connection:
        connection.send_raw(encode(method, {parameter: 0}).replace(b": 0}", b": %s}" % number.encode()))
        with pytest.raises(VarlinkError) as caught:
            connection.reply()
        assert (caught.value.name, caught.value.parameters) == (
            f"{SERVICE}.InvalidParameter", {"parameter": parameter})
        assert connection.call("ListTargets")


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


def test_each_line_counts_those_that_had_none(daemon):
    lines = 0
    while lines < 3:
        for _ in range(2):
            with daemon.connect() as culprit:
                culprit.send_raw(b"nonsense\0")
                culprit.assert_closed()
        lines = len(daemon.journal.find("client-misbehaved"))
    entries = daemon.journal.find("client-misbehaved")
    untold = sum(int(entry["TRAILSTOP_UNTOLD"]) for entry in entries)
    assert untold > 0
    assert len(entries) + untold <= daemon.call("GetStatistics")["statistics"]["clientsMisbehaved"]


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
    assert clients[0].call("GetStatistics")["statistics"]["clientsTurnedAway"] == 1
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
        assert connection.refusal("Stop", {"importId": new_id()}) == (f"{INTERFACE}.QueueFull", {"limit": 2})
    assert daemon.stop(jobs[0]["importId"])["id"] == jobs[0]["id"], "joining needs no room"
    daemon.call("Cancel", id=jobs[0]["id"])
    assert daemon.stop(sim.add())


def limit_files(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_takes_as_many_clients_as_it_may_have_files(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)}).start(preexec_fn=limit_files(32, 256))
    clients = [daemon.connect() for _ in range(100)]
    for client in clients:
        assert client.call("ListTargets")
    for client in clients:
        client.close()


def test_clients_past_that_wait_until_there_is_room(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)}).start(preexec_fn=limit_files(64, 64))
    clients = [daemon.connect() for _ in range(100)]
    assert clients[0].call("ListTargets")
    for client in clients[:-1]:
        client.close()
    with clients[-1] as last:
        assert last.call("ListTargets")


def test_idle_clients_leave_descriptors_for_the_calls_of_jobs(new_daemon, sim):
    """More of them than the process may have open files, before the first connection to AWS."""
    daemon = new_daemon({"default": target(sim)}).start(preexec_fn=limit_files(100, 100))
    worker = daemon.connect()
    worker.call("ListTargets")
    idle = [daemon.connect() for _ in range(150)]
    assert idle[0].call("ListTargets")
    worker.send("Stop", {"importId": sim.add()}, more=True)
    assert [reply["job"]["state"] for reply in worker.replies()][-1] == "stopped"
    assert daemon.journal.find("outage-began") == []
    for client in idle[:-1]:
        client.close()
    with idle[-1] as last:
        assert last.call("ListTargets")
    worker.close()
