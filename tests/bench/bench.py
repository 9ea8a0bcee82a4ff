# SPDX-License-Identifier: Apache-2.0
"""`make bench`: how fast and how small, on this machine. Prints figures, judges none.

Wants an optimized build without sanitizers, in the directory that TRAILSTOP_BUILD names.
"""

import os
import re
import select
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from harness.daemon import Daemon, target
from harness.sim import Sim, new_id
from harness.tls import make_certificate
from harness.varlink import encode

ASLEEP = {"stop-rate": 0.01, "read-rate": 0.01}  # accepts jobs and does nothing about them
REST_SECONDS = 10


class Bench:
    def __init__(self, build, directory):
        self.build = build
        self.directory = Path(directory)
        self.rows = []

    def note(self, figure, measured, asked):
        self.rows.append((figure, measured, asked))
        print(f"{figure:<66} {measured:>14}   {asked}", flush=True)

    @contextmanager
    def running(self, sim_arguments=(), target_options=None, **sections):
        """A simulator and a daemon with one target, each in a directory of its own."""
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self.directory)))
            sim = Sim(self.build, place, sim_arguments)
            stack.callback(sim.close)
            daemon = Daemon(self.build, place, place, Sim.ENVIRONMENT)
            stack.callback(daemon.close)
            sections["daemon"] = {"log-level": "warning", "max-jobs": 1_000_000, **sections.get("daemon", {})}
            daemon.configure({"default": {**target(sim), **(target_options or {})}}, **sections)
            yield sim, daemon.start()

    def client(self, runs=200):
        with self.running(target_options=ASLEEP) as (_, daemon):
            environment = {"TRAILSTOP_SOCKET": str(daemon.socket)}
            program = str(self.build / "trailstopctl")
            took = []
            silence = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
            for _ in range(runs):
                arguments = [program, "stop", "--no-wait", new_id()]
                began = time.perf_counter()
                child = os.posix_spawn(program, arguments, environment, file_actions=silence)
                _, status = os.waitpid(child, 0)
                took.append(time.perf_counter() - began)
                assert status == 0
        self.note(f"trailstopctl stop --no-wait, whole process, median of {runs}",
                  f"{statistics.median(took) * 1e3:.2f} ms", "at most 4 ms")

    def accepted(self, connections=64, depth=64, requests=40_000, runs=3):
        results, bare, commits, busy = [], [], [], 0
        for _ in range(runs):
            with self.running(target_options=ASLEEP) as (_, daemon):
                before = cpu_seconds(daemon)
                results.append(self.load(daemon, connections, depth, requests))
                busy += cpu_seconds(daemon) - before
                commits.append(daemon.call("GetStatistics")["statistics"]["storeCommits"])
                daemon.terminate()
                bare.append(requests / insert_again(daemon.state, commits[-1]))
        total = runs * requests
        accepted, inserted = statistics.median(results), statistics.median(bare)
        self.note(f"requests accepted a second, {connections} connections pipelining, synced",
                  f"{accepted:,.0f}", "at least 30,000")
        self.note("  of what SQLite alone does with their rows, in as many commits",
                  f"{accepted / inserted:.0%}", "")
        self.note("  of processor time for each, daemon alone", f"{busy / total * 1e6:.0f} us", "")
        self.note("  that share one sync, on average", f"{total / sum(commits):,.0f}", "")

    def load(self, daemon, connections, depth, requests):
        """Has so many requests accepted; how many a second."""
        return int(subprocess.run(
            [str(self.build / "tests/bench/load"), str(daemon.socket), str(connections), str(depth), str(requests)],
            check=True, capture_output=True, text=True).stdout)

    def restart(self, jobs=100_000, runs=3):
        took = []
        with self.running(target_options=ASLEEP) as (_, daemon):
            self.load(daemon, 64, 64, jobs)
            for _ in range(runs):
                daemon.kill()
                daemon.notifications.forget()
                began = time.perf_counter()
                daemon.start()
                took.append(time.perf_counter() - began)
        self.note(f"start after kill -9 with {jobs:,} jobs, until it serves",
                  f"{statistics.median(took):.2f} s", "at most 1 s")

    def size(self, few=1_000, more=10_000):
        with self.running(polling={"first": "1s", "longest": "30s"}) as (sim, daemon):
            self.note("resident without a job, and what of it is the daemon's own", *resident(daemon))
            accept_and_poll(sim, daemon, few)
            self.note(f"resident with {few:,} jobs polling", *resident(daemon, "own: at most 4 MiB"))
            before = status_of(daemon, "RssAnon")
            accept_and_poll(sim, daemon, more)
            each = (status_of(daemon, "RssAnon") - before) / more
            self.note("memory of each further job", f"{each:.2f} KiB", "at most 1 KiB")

    def rest(self):
        with self.running() as (sim, daemon):
            daemon.stopped(sim.add())
            time.sleep(2)  # lets what follows the last job come to an end: this measures, it does not test
            before = wake_ups(daemon)
            time.sleep(REST_SECONDS)
            self.note(f"wake-ups at rest in {REST_SECONDS} s, without a watchdog",
                      str(wake_ups(daemon) - before), "0")

    def fairness(self, runs=100, stored=100_000, attackers=4):
        """How long an honest request takes beside clients that do what costs most. On a machine whose cores they
        all share, the attackers' own work counts as well."""
        with self.running(target_options=ASLEEP) as (_, daemon):
            self.load(daemon, 64, 64, stored)
            self.note(f"honest Stop among {stored:,} jobs, p50 / p99, idle", honest(daemon, runs), "")
            for name, calls, reads in ATTACKS:
                children = [attack(daemon, calls, reads) for _ in range(attackers)]
                self.note(f"  beside {attackers} clients: {name}", honest(daemon, runs), "p99 250 ms")
                for child in children:
                    os.kill(child, signal.SIGKILL)
                    os.waitpid(child, 0)

    def watchers(self, requests=2_000):
        """What a change costs that is delivered to so many clients, which share its text."""
        alone = None
        for count in (0, 50, 200):
            with self.running(target_options=ASLEEP) as (_, daemon), ExitStack() as stack:
                clients = [stack.enter_context(daemon.connect()) for _ in range(count)]
                for client in clients:
                    client.send("Watch", more=True)
                before = cpu_seconds(daemon)
                child = request(daemon, requests)
                received = drain([client.socket for client in clients], requests)
                os.waitpid(child, 0)
                spent = (cpu_seconds(daemon) - before) / requests * 1e6
            alone = spent if alone is None else alone
            each = f"{(spent - alone) / count:.2f} us, {received / requests / count:.0f} bytes for each" if count else ""
            self.note(f"a change with {count} clients that watch", f"{spent:.0f} us {each}", "")

    def handshakes(self, polls=200):
        certificate = make_certificate(self.directory)
        with self.running(["--cert", certificate.cert, "--key", certificate.key],
                          {"ca-bundle": certificate.cert}) as (sim, daemon):
            daemon.stopped(sim.add(stop_polls=polls))
            calls = sim.calls()
        connections = len({call["peer"] for call in calls})
        self.note(f"TLS handshakes for {len(calls)} calls", str(connections), "1")


ATTACKS = [
    ("GetInfo again and again", encode("org.varlink.service.GetInfo"), True),
    ("lists that match nothing, pipelined", 200 * encode("ListJobs", {"target": "default", "state": "failed"}), True),
    ("lists of 10,000 jobs", encode("ListJobs", {"limit": 10000}), True),
    ("lists of 10,000 jobs, unread", 1000 * encode("ListJobs", {"limit": 10000}), False),
    ("GetImport, pipelined", 1000 * encode("GetImport", {"importId": new_id()}), True),
    ("Watch of all jobs", encode("Watch", more=True), True),
]


def insert_again(state, commits):
    """Inserts the jobs of this store into an empty one like it, in so many commits; the seconds that SQLite takes."""
    with tempfile.TemporaryDirectory(dir=state) as directory:
        again = sqlite3.connect(f"{directory}/again", isolation_level=None)
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL"):
            again.execute(f"PRAGMA {pragma}")
        again.execute(f"ATTACH '{state}/jobs.sqlite3' AS stored")
        for sql, in again.execute("SELECT sql FROM stored.sqlite_master WHERE tbl_name = 'jobs' AND sql > ''").fetchall():
            again.execute(sql)
        count, = again.execute("SELECT count(*) FROM stored.jobs").fetchone()
        began = time.perf_counter()
        for commit in range(commits):
            again.execute("INSERT INTO jobs SELECT * FROM stored.jobs WHERE number > ? AND number <= ?",
                          (count * commit // commits, count * (commit + 1) // commits))
        took = time.perf_counter() - began
        again.close()
    return took


def attack(daemon, calls, reads):
    """A process that sends these calls for as long as it lives."""
    child = os.fork()
    if child:
        return child
    with daemon.connect() as client:
        client.socket.setblocking(False)
        left = calls
        while True:
            readable, _, _ = select.select([client.socket] if reads else [], [client.socket], [], 1)
            if readable:
                client.socket.recv(1 << 20)
            try:
                left = left[client.socket.send(left):] or calls
            except BlockingIOError:
                select.select([client.socket] if reads else [], [], [], 0.1)


def request(daemon, count):
    """A process that asks for so many stops."""
    child = os.fork()
    if child:
        return child
    with daemon.connect() as client:
        for _ in range(count):
            client.send("Stop", {"importId": new_id()}, oneway=True)
        client.call("ListTargets")
    os._exit(0)


def drain(sockets, changes):
    """Reads from each until so many messages have come; how many bytes that were."""
    left, received = dict.fromkeys(sockets, changes), 0
    while left:
        for socket in select.select(list(left), [], [])[0]:
            data = socket.recv(1 << 20)
            received += len(data)
            left[socket] -= data.count(b"\0")
            if left[socket] <= 0:
                del left[socket]
    return received


def honest(daemon, runs):
    took = []
    with daemon.connect() as client:
        for _ in range(runs):
            began = time.perf_counter()
            client.call("Stop", {"importId": new_id()})
            took.append((time.perf_counter() - began) * 1e3)
    return f"{statistics.median(took):.1f} / {statistics.quantiles(took, n=100)[98]:.1f} ms"


def accept_and_poll(sim, daemon, count):
    """Has so many more imports stopped that never end, and waits until each was polled once."""
    ids = sim.add_many(count, stop_polls=10**9)
    wanted = sim.counts()["operations"].get("StopImport", 0) + count
    with daemon.connect() as connection:
        for import_id in ids:
            connection.send_raw(encode("Stop", {"importId": import_id}))
            connection.reply()
    while sim.counts()["operations"].get("StopImport", 0) < wanted:
        time.sleep(0.1)
    polled = sim.counts()["operations"].get("GetImport", 0) + count
    while sim.counts()["operations"].get("GetImport", 0) < polled:
        time.sleep(0.1)


def status_of(daemon, name):
    text = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE).group(1))


def resident(daemon, asked=""):
    """Everything, and without what is mapped from files, which processes share."""
    everything, own = (status_of(daemon, name) / 1024 for name in ("VmRSS", "RssAnon"))
    return f"{everything:.1f} / {own:.1f} MiB", asked


def cpu_seconds(daemon):
    fields = Path(f"/proc/{daemon.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def wake_ups(daemon):
    return status_of(daemon, "voluntary_ctxt_switches")


def main():
    build = Path(os.environ["TRAILSTOP_BUILD"]).resolve()
    if b"__asan_init" in (build / "trailstopd").read_bytes():
        sys.exit("bench: this build has sanitizers; configure one without, and say make bench there")
    with tempfile.TemporaryDirectory(prefix="ts-bench-") as directory:
        bench = Bench(build, directory)
        print(f"{'figure':<66} {'measured':>14}   asked")
        bench.client()
        bench.accepted()
        bench.restart()
        bench.size()
        bench.rest()
        bench.handshakes()
        bench.fairness()
        bench.watchers()


if __name__ == "__main__":
    main()
