# SPDX-License-Identifier: Apache-2.0
"""Part of `make bench`: one daemon for a whole organisation, a target for each account.

Prints figures, judges none.
"""

import heapq
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bench import REST_SECONDS, Bench, cpu_seconds, status_of, wake_ups
from harness.accounts import Accounts, access_key
from harness.ctl import Ctl
from harness.daemon import Daemon, target
from harness.sim import Sim, new_id
from harness.tls import make_certificate

TARGETS = 1_000
RATES = {"stop-rate": 1, "read-rate": 10}  # CloudTrail's own
FAST = {"stop-rate": 1000, "read-rate": 1000}
POLL_SECONDS = 0.1
LATENCY_SECONDS = 0.05

# Of one target: two lists in turn, a StopImport, and two GetImports each after its wait.
LISTS = 2
WAITS_SECONDS = [0, 0, 0, POLL_SECONDS, POLL_SECONDS]
OTHERS_IN_A_ROW = 9  # calls of jobs for each list, where both wait for a connection: see daemon/http/client.h


class TargetBench(Bench):
    @contextmanager
    def organisation(self, count, certificate=None, rates=RATES, **calls):
        """A simulator with so many accounts, one import in each, and a daemon with a target for each."""
        names = [f"account{number}" for number in range(count)]
        with ExitStack() as stack:
            place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self.directory)))
            sim = Sim(self.build, place, ["--cert", certificate.cert, "--key", certificate.key] if certificate else [])
            stack.callback(sim.close)
            accounts = Accounts(place)
            accounts.open(sim, *names)
            sim.control("imports", [{"id": new_id(), "owner": access_key(name)} for name in names])
            daemon = Daemon(self.build, place, place, {**Sim.ENVIRONMENT, **accounts.environment})
            stack.callback(daemon.close)
            polling = {"first": f"{POLL_SECONDS * 1e3:.0f}ms", "longest": f"{POLL_SECONDS * 1e3:.0f}ms", "growth": 1}
            options = {**target(sim), **rates, **({"ca-bundle": certificate.cert} if certificate else {})}
            daemon.configure({name: {**options, "profile": name} for name in names},
                             daemon={"log-level": "warning"}, calls=calls, polling=polling)
            yield sim, daemon.start()

    def stop_all(self, connections):
        with self.organisation(TARGETS, max_connections=connections) as (sim, daemon):
            sim.fault("slow", delay_seconds=LATENCY_SECONDS)
            ctl = Ctl(self.build, daemon.socket, self.directory)
            commits = commits_of(daemon)
            before = [cpu_seconds(daemon), cpu_seconds(sim), children_seconds()]
            began = time.perf_counter()
            client = ctl.start("--json", "stop", "--all", "--all-targets")
            output, errors = client.communicate()
            took = time.perf_counter() - began
            after = [cpu_seconds(daemon), cpu_seconds(sim), children_seconds()]
            commits = commits_of(daemon) - commits
            assert client.returncode == 0, errors
            assert sim.counts()["operations"]["StopImport"] == TARGETS
        least = least_seconds(TARGETS, connections)
        self.note(f"stop --all over {TARGETS:,} targets, {connections} connections, 50 ms answers", f"{took:.2f} s",
                  f"at most {1.3 * least:.2f} s: 1.3 times the {least:.2f} s that it takes without any work")
        self.note("  of processor time: daemon, simulator, client",
                  ", ".join(f"{end - start:.2f}" for start, end in zip(before, after)) + " s", "")
        self.note("  commits, each with its sync", str(commits), "")

    def idle(self):
        anonymous = []
        for count in (1, 1 + TARGETS):
            with self.organisation(count) as (_, daemon):
                fresh = status_of(daemon, "RssAnon")
                daemon.call("StopAll", targets=["*"], dryRun=True)
                time.sleep(2)  # lets what follows the calls come to an end: this measures, it does not test
                anonymous.append((fresh, status_of(daemon, "RssAnon")))
                before = wake_ups(daemon)
                time.sleep(REST_SECONDS)
                woken = wake_ups(daemon) - before
        self.note(f"wake-ups of {TARGETS:,} idle targets in {REST_SECONDS} s", str(woken), "0")
        for when, (one, many) in zip(("not called yet", "after their first calls"), zip(*anonymous)):
            self.note(f"memory of each idle target, {when}", f"{(many - one) / TARGETS:.2f} KiB", "at most 4 KiB")

    def warm_call(self, accounts=50, rounds=100):
        """Of many accounts in turn, so that no call waits for a rate, and none is the first of its connection;
        beside it, what libcurl alone takes for the same request."""
        certificate = make_certificate(self.directory)
        with self.organisation(accounts, certificate, FAST) as (sim, daemon):
            import_id = sim.add()
            with daemon.connect() as connection:
                spent = [cpu_of(daemon, connection, method, [{**parameters, "target": f"account{number}"}
                                                             for number in range(accounts)], rounds)
                         for method, parameters in (("GetImport", {"importId": import_id}), ("ListJobs", {}))]
            bare = self.bare_call(sim, certificate, import_id)
        spent = (spent[0] - spent[1]) * 1e6
        self.note("CPU of a warm call to CloudTrail over TLS, without that of its question",
                  f"{spent:.0f} µs, {spent / bare:.2f} times the {bare:.0f} µs of libcurl alone",
                  "at most 1.5 times")

    def bare_call(self, sim, certificate, import_id, warm_ups=100, calls=5000):
        """Microseconds of CPU of the same POST by tests/bench/bare-curl."""
        body = json.dumps({"ImportId": import_id})
        request = AWSRequest("POST", sim.url + "/", data=body, headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.GetImport",
            "User-Agent": "trailstop/bench", "amz-sdk-request": "attempt=1; max=3",
            "amz-sdk-invocation-id": new_id()})
        SigV4Auth(Credentials(Sim.ACCESS_KEY, Sim.SECRET_KEY), "cloudtrail", "us-east-1").add_auth(request)
        headers = [f"{name}: {value.decode() if isinstance(value, bytes) else value}"
                   for name, value in request.prepare().headers.items()]
        took = subprocess.run([self.build / "tests/bench/bare-curl", sim.url + "/", certificate.cert, body,
                               str(warm_ups), str(calls), *headers], check=True, stdout=subprocess.PIPE)
        return int(took.stdout) / 1e3


def least_seconds(targets, connections):
    """How long the calls of all targets take where nothing but their waits, the answers' latency and the number of
    connections holds them up. Lists yield to the calls of jobs, and have at most three quarters of the connections."""
    due = [(0, number, 0) for number in range(targets)]  # time, target, step
    answers, waiting, asked = [], ([], []), {}  # waiting: calls of jobs, lists
    lists = in_a_row = now = 0
    while due or answers:
        while due and due[0][0] <= now:
            _, number, step = heapq.heappop(due)
            waiting[step < LISTS].append((number, step))
        while len(answers) < connections and (waiting[0] or waiting[1]):
            may_list = waiting[1] and lists < connections - connections // 4
            if not (waiting[0] or may_list):
                break
            is_list = bool(may_list and (not waiting[0] or in_a_row >= OTHERS_IN_A_ROW))
            number, step = waiting[is_list].pop(0)
            lists, in_a_row = lists + is_list, 0 if is_list else in_a_row + 1
            asked[number] = now
            heapq.heappush(answers, (now + LATENCY_SECONDS, number, step))
        now = min(heap[0][0] for heap in (due, answers) if heap)
        while answers and answers[0][0] <= now:
            _, number, step = heapq.heappop(answers)
            lists -= step < LISTS
            if step + 1 < len(WAITS_SECONDS):
                paced = asked[number] + 1 / RATES["read-rate"] if step + 1 < LISTS else 0
                heapq.heappush(due, (max(paced, now + WAITS_SECONDS[step + 1]), number, step + 1))
    return now


def commits_of(daemon):
    return daemon.call("GetStatistics")["statistics"]["storeCommits"]


def children_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cpu_of(daemon, connection, method, questions, rounds):
    """Seconds of the daemon's CPU for each question, asked all at once, so many times over."""
    def ask():
        for parameters in questions:
            connection.send(method, parameters)
        for _ in questions:
            connection.reply()

    for _ in range(5):
        ask()
    before = running_nsec(daemon)
    for _ in range(rounds):
        ask()
    return (running_nsec(daemon) - before) / 1e9 / (rounds * len(questions))


def running_nsec(daemon):
    """On a CPU so far; finer than the ticks of /proc/PID/stat."""
    return int(Path(f"/proc/{daemon.process.pid}/schedstat").read_text().split()[0])


def main():
    build = Path(os.environ["TRAILSTOP_BUILD"]).resolve()
    if b"__asan_init" in (build / "trailstopd").read_bytes():
        sys.exit("bench: this build has sanitizers; configure one without, and say make bench there")
    with tempfile.TemporaryDirectory(prefix="ts-bench-") as directory:
        bench = TargetBench(build, directory)
        bench.stop_all(connections=64)
        bench.stop_all(connections=512)
        bench.idle()
        bench.warm_call()


if __name__ == "__main__":
    main()
