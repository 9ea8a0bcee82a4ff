# SPDX-License-Identifier: Apache-2.0
"""Clients that do within the interface what costs the daemon most, and an honest one beside them.

No clock is read here. The daemon is stopped while everybody sends, so that it finds all of it at once; in between
its expensive calls an attacker asks for statistics, and its own replies show how much was done for it before the
honest request was on disk."""

import signal

import pytest

from harness.daemon import target
from harness.sim import new_id
from harness.varlink import INTERFACE, SERVICE, encode

N_JOBS = 300
N_CALLS = 100  # of one attacker


@pytest.fixture
def full(start_daemon, sim):
    """A daemon with jobs that do not change."""
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    with daemon.connect() as client:
        for _ in range(N_JOBS):
            client.send("Stop", {"importId": new_id(), "reason": "r" * 200}, oneway=True)
        assert client.call("ListTargets")
    return daemon


class Attack:
    """Attackers, and an honest client that comes last of all."""

    def __init__(self, daemon, attackers):
        self.daemon = daemon
        self.attackers = [daemon.connect() for _ in range(attackers)]
        self.honest = daemon.connect()
        self.accepted = statistic(self.honest, "requestsAccepted")

    def __enter__(self):
        self.daemon.signal(signal.SIGSTOP)
        return self

    def __exit__(self, *_):
        for client in (*self.attackers, self.honest):
            client.close()

    def send(self, calls):
        for client in self.attackers:
            client.send_raw(calls)

    def stop(self):
        """The honest request, which has its place among all the others."""
        self.honest.send("Stop", {"importId": new_id()})
        self.daemon.signal(signal.SIGCONT)
        assert self.honest.reply()["job"]["state"] == "queued"

    def answered_before(self, client):
        """How many statistics this attacker was sent from before the honest request was accepted."""
        before = 0
        for _ in range(N_CALLS):
            reply = client.receive()
            while "statistics" not in reply["parameters"]:
                reply = client.receive()
            before += reply["parameters"]["statistics"]["requestsAccepted"] == self.accepted
        return before


def statistic(client, name):
    return client.call("GetStatistics")["statistics"][name]


EXPENSIVE = {
    "lists of nothing": 5 * encode("ListJobs", {"target": "default", "state": "failed"}),
    "lists of all": encode("ListJobs", {"limit": 10000}),
    "long descriptions": 10 * encode(f"{SERVICE}.GetInterfaceDescription", {"interface": INTERFACE}),
    "many small questions": 20 * encode(f"{SERVICE}.GetInfo"),
    "refusals": 20 * encode("GetJob", {"id": "x"}),
}


@pytest.mark.parametrize("attackers", [1, 4])
@pytest.mark.parametrize("calls", EXPENSIVE.values(), ids=EXPENSIVE.keys())
def test_a_request_waits_for_a_little_of_what_others_ask_and_not_for_all(full, calls, attackers):
    with Attack(full, attackers) as attack:
        attack.send(N_CALLS * (calls + encode("GetStatistics")))
        attack.stop()
        for client in attack.attackers:
            assert attack.answered_before(client) <= N_CALLS / 2


def test_clients_that_fill_the_memory_of_a_user_and_go_are_forgotten(full):
    """Together they have sent more than the daemon keeps for one user."""
    clients = [full.connect() for _ in range(400)]
    for client in clients:
        client.socket.setblocking(False)
        try:
            client.socket.send(1000 * encode("ListJobs", {"limit": 10000}))
        except BlockingIOError:
            pass
    with full.connect() as honest:
        assert honest.call("ListTargets")["targets"], "one that costs little is served"
        for client in clients:
            client.close()
        while statistic(honest, "clients") > 1:
            pass


def test_one_that_reads_its_answers_gets_on_beside_those_of_its_user_that_do_not(full):
    """What it has sent ahead is more than its share, while the others leave no room for more than shares."""
    hoarders = [full.connect() for _ in range(200)]
    for client in hoarders:
        client.send_raw(300 * encode("ListJobs", {"limit": 10000}))
    calls = 900 * encode("ListTargets") + encode("GetStatistics")
    assert len(calls) > 40_000
    with full.connect() as reader:
        for _ in range(20):
            reader.send_raw(calls)
            while "statistics" not in reader.reply():
                pass
    for client in hoarders:
        client.close()


@pytest.mark.parametrize("method, member", [("ListImports", "imports"), ("StopAll", "jobs")])
def test_a_long_reply_that_is_read_late_holds_up_nobody_and_is_whole(start_daemon, sim, method, member):
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    running = {import_id for _ in range(3) for import_id in sim.add_many(1000)}
    name = {"imports": "ImportId", "jobs": "importId"}[member]
    with daemon.connect() as late, daemon.connect() as honest:
        late.send(method)
        sim.wait_calls(3, "ListImports")
        assert honest.call("ListTargets")["targets"]
        found = late.reply()[member]
    assert len(found) == len(running) and {item[name] for item in found} == running


@pytest.mark.parametrize("acts", ["make jobs", "make jobs with long reasons", "cancel jobs"])
def test_a_turn_saves_no_more_than_it_has_time_for(start_daemon, sim, acts):
    """To save a change takes longer than to ask for it: many that are asked for at once are saved in turns."""
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    reason, jobs = ("r" * 10_000, 300) if "long" in acts else ("r", 2_400)
    requests = [encode("Stop", {"importId": new_id(), "reason": reason}) for _ in range(jobs)]
    if acts == "cancel jobs":
        with daemon.connect() as client:
            ids = []
            for request in requests:
                client.send_raw(request)
                ids.append(client.reply()["job"]["id"])
        requests = [encode("Cancel", {"id": job}) for job in ids]
    clients = [daemon.connect() for _ in range(40)]
    with daemon.connect() as honest:
        honest.call("ListTargets")
        before = statistic(honest, "storeCommits")
        daemon.signal(signal.SIGSTOP)
        for i, client in enumerate(clients):
            client.send_raw(b"".join(requests[i::len(clients)]))
        daemon.signal(signal.SIGCONT)
        for i, client in enumerate(clients):
            for _ in requests[i::len(clients)]:
                client.reply()
            client.close()
        weight = jobs * (1 + len(reason) // 1024)
        assert statistic(honest, "storeCommits") - before >= weight // (256 + 96 * (1 + len(reason) // 1024))
