# SPDX-License-Identifier: Apache-2.0
"""Clients that send many calls at once, read late or not at all, and go away in the middle of it."""

import select
import time

import pytest

from harness import DEADLINE
from harness.daemon import target
from harness.sim import new_id
from harness.varlink import INTERFACE, SERVICE, Closed, encode

LONG_REPLY = encode(f"{SERVICE}.GetInterfaceDescription", {"interface": INTERFACE})


def let_work(daemon):
    """Returns when the daemon has turned to everybody who sent something before."""
    for _ in range(3):
        daemon.call("ListTargets")


def is_clients(daemon, count):
    return daemon.call("GetStatistics")["statistics"]["clients"] == count


def wait_clients(daemon, count):
    end = time.monotonic() + DEADLINE
    while not is_clients(daemon, count):
        assert time.monotonic() < end, "the daemon does not notice who has gone"


# Replies that are read late


@pytest.mark.parametrize("more_comes", [True, False], ids=["open", "half-closed"])
def test_every_call_is_answered_however_late_the_replies_are_read(daemon, more_comes):
    with daemon.connect() as client:
        client.send_raw(200 * LONG_REPLY)
        if not more_comes:
            client.half_close()
        let_work(daemon)
        for _ in range(200):
            assert client.reply()["description"]
        if more_comes:
            assert client.call("ListTargets")
        else:
            client.assert_closed()


def test_requests_behind_replies_that_are_not_read_are_accepted(daemon):
    with daemon.connect() as client:
        client.send_raw(200 * LONG_REPLY)
        for _ in range(50):
            client.send("Stop", {"importId": new_id()}, oneway=True)
        client.half_close()
        let_work(daemon)
        for _ in range(200):
            client.reply()
        client.assert_closed()
    assert len(daemon.call("ListJobs")["jobs"]) == 50


@pytest.mark.parametrize("stream", [True, False], ids=["behind a stream", "behind a question"])
def test_only_so_much_is_read_ahead(daemon, sim, stream):
    """It would cost the daemon memory without bound, and nothing that comes late can be answered yet."""
    sim.fault("hang")
    question = encode("GetImport", {"importId": sim.add()})
    with daemon.connect() as client:
        if stream:
            client.send("Watch", more=True)
        pour(daemon, client, 1000 * question)
        assert is_clients(daemon, 2)


def pour(daemon, client, calls, most=4 << 20):
    """Sends them again and again until the daemon takes no more; it has to before there are too many."""
    client.socket.setblocking(False)
    sent = 0
    while True:
        try:
            sent += client.socket.send(calls[sent % len(calls):])
            assert sent < most
        except BlockingIOError:
            if not takes_more(daemon, client):
                return


def takes_more(daemon, client):
    for _ in range(20):
        let_work(daemon)
        if select.select([], [client.socket], [], 0)[1]:
            return True
    return False


def test_all_calls_that_were_read_are_answered_before_the_end(daemon):
    """SIGTERM: what came before it has its answers, if the client reads them."""
    with daemon.connect() as client:
        client.send_raw(50 * LONG_REPLY)
        let_work(daemon)
        daemon.signal(15)
        daemon.wait_notification("STOPPING=1")
        for _ in range(50):
            assert client.reply()["description"]
        client.assert_closed()
    assert daemon.wait() == 0


def test_the_end_does_not_wait_for_what_takes_too_long(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, read_rate=0.01)}, calls={"timeout": "1s"})
    with daemon.connect() as client:
        for _ in range(2):
            client.send("ListImports")
        assert client.reply() == {"imports": []}
        daemon.terminate()
        client.assert_closed()


def fill(daemon, n_jobs=300):
    """More jobs than the connection of a client that does not read has room for, and that do not change."""
    for _ in range(n_jobs):
        daemon.stop(new_id(), reason="r" * 1000)


@pytest.fixture
def full(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    fill(daemon)
    return daemon


def test_a_list_in_pages_is_whole_also_when_the_daemon_is_asked_to_end(full):
    with full.connect() as client:
        client.send("ListJobs", {"limit": 100}, more=True)
        let_work(full)
        full.signal(15)
        full.wait_notification("STOPPING=1")
        assert sum(len(page["jobs"]) for page in client.replies()) == 300
        client.assert_closed()
    assert full.wait() == 0


# Clients that go away


def test_what_a_client_that_has_gone_asked_is_not_looked_up(daemon, sim):
    """Its requests stand; its questions are nobody's any more."""
    with daemon.connect() as client:
        client.send_raw(100 * LONG_REPLY)
        for _ in range(20):
            client.send("GetImport", {"importId": sim.add()})
        for _ in range(5):
            client.send("Stop", {"importId": new_id()})
        let_work(daemon)
    wait_clients(daemon, 1)
    assert len(daemon.call("ListJobs")["jobs"]) == 5
    assert {call["operation"] for call in sim.calls()} <= {"StopImport"}


@pytest.mark.parametrize("half_closed", [False, True], ids=["open", "half-closed"])
def test_a_client_that_goes_while_nothing_is_read_is_noticed(start_daemon, sim, half_closed):
    """It follows jobs that do not change, and has sent more than the daemon reads ahead."""
    daemon = start_daemon(daemon={"max-message": "4K"})
    with daemon.connect() as client:
        client.send("Watch", more=True)
        client.send_raw(1000 * encode("ListTargets"))
        if half_closed:
            client.half_close()
        let_work(daemon)
        assert is_clients(daemon, 2)
    wait_clients(daemon, 1)


@pytest.mark.parametrize("n_jobs", [0, 1], ids=["nothing unread", "a reply unread"])
def test_a_client_that_goes_after_its_last_word_is_noticed(start_daemon, sim, n_jobs):
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    fill(daemon, n_jobs)
    with daemon.connect() as client:
        client.send("Watch", more=True)
        client.half_close()
        let_work(daemon)
        assert is_clients(daemon, 2)
    wait_clients(daemon, 1)


# Clients that break the rules behind a stream


@pytest.mark.parametrize("wrong", [b"nonsense\0", b"{}\0", encode("ListTargets") + b"[]\0", b"x" * 5000],
                         ids=["no JSON", "no call", "after a call", "too long"])
@pytest.mark.parametrize("method", ["Watch", "Stop"])
def test_what_is_not_a_call_closes_also_behind_a_stream(start_daemon, sim, method, wrong):
    daemon = start_daemon(daemon={"max-message": "4K"})
    with daemon.connect() as client:
        client.send(method, {"importId": sim.add_endless()} if method == "Stop" else None, more=True)
        client.send_raw(wrong)
        with pytest.raises(Closed):
            while True:
                assert "job" in client.reply()
    daemon.journal.wait("client-misbehaved")
    assert len(daemon.journal.find("client-misbehaved")) == 1
    assert len(daemon.call("ListJobs")["jobs"]) == (method == "Stop")


@pytest.mark.parametrize("between", [b"", encode("ListTargets")], ids=["at once", "after a call"])
def test_a_list_in_pages_is_whole_whatever_comes_behind_it(full, between):
    with full.connect() as client:
        client.send("ListJobs", {"limit": 100}, more=True)
        client.send_raw(between + b"nonsense\0")
        assert sum(len(page["jobs"]) for page in client.replies()) == 300
        if between:
            assert client.reply()["targets"]
        client.assert_closed()


def test_it_is_logged_once_that_a_client_breaks_the_rules(full):
    """However long it takes until the client has read what came before."""
    with full.connect() as client:
        client.send("Watch", more=True)
        client.send("ListTargets")
        client.send_raw(b"nonsense\0")
        let_work(full)
        with pytest.raises(Closed):
            while True:
                client.receive()
    assert full.call("GetStatistics")["statistics"]["clientsMisbehaved"] == 1


def test_many_lists_in_a_row_are_each_whole(full):
    with full.connect() as client:
        for _ in range(50):
            client.send("ListJobs", {"limit": 200, "importId": new_id()}, more=True)
            client.send("ListJobs", {"limit": 200}, more=True)
        for _ in range(50):
            assert [len(page["jobs"]) for page in client.replies()] == [0]
            assert [len(page["jobs"]) for page in client.replies()] == [200, 100]
        client.send_raw(b"nonsense\0")
        client.assert_closed()
