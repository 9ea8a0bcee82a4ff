# SPDX-License-Identifier: Apache-2.0
"""Metrics: io.systemd.Metrics as systemd 260 has it, and the OpenMetrics text of trailstopctl metrics, as a parser that
nobody here wrote reads it."""

import re
import socket
import sys
import time

import pytest

from harness.ctl import Ctl
from harness.daemon import queue, target
from harness.sim import new_id
from harness.varlink import Connection, VarlinkError

METRICS = "io.systemd.Metrics"
# What execve() leaves as it is: the pid, which LISTEN_PID has to name.
PASS_SOCKETS = """
import fcntl, os, sys
one, two = (fcntl.fcntl(int(number), fcntl.F_DUPFD, 10) for number in sys.argv[1:3])
os.dup2(one, 3)
os.dup2(two, 4)
os.environ.update(LISTEN_FDS="2", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""
FAMILIES = {
    "trailstop_start_timestamp_seconds": "gauge", "trailstop_jobs_active": "gauge", "trailstop_jobs_ended": "counter",
    "trailstop_requests": "counter", "trailstop_calls": "counter", "trailstop_stop_duration_seconds": "histogram",
    "trailstop_target_out": "gauge", "trailstop_store_bytes": "gauge", "trailstop_clients": "gauge",
}


@pytest.fixture
def parse(build, tmp_path):
    """Metrics of a daemon: {(sample name, sorted labels): value}, and the families' types."""
    parser = pytest.importorskip("prometheus_client.openmetrics.parser")

    def run(daemon):
        result = Ctl(build, daemon.socket, tmp_path)("metrics")
        assert (result.returncode, result.stderr) == (0, "") and result.stdout.endswith("# EOF\n")
        families = list(parser.text_string_to_metric_families(result.stdout))
        samples = {(sample.name, *sorted(sample.labels.items())): sample.value
                   for family in families for sample in family.samples}
        return samples, {family.name: family.type for family in families}

    return run


def listed(daemon, method="List"):
    with daemon.connect() as connection:
        return list(connection.call_more(f"{METRICS}.{method}"))


def test_a_parser_of_openmetrics_reads_all_families(daemon, sim, parse):
    began = time.time()
    daemon.stopped(sim.add())
    samples, families = parse(daemon)
    assert families == FAMILIES
    assert began - 60 < samples[("trailstop_start_timestamp_seconds",)] <= time.time()
    assert samples[("trailstop_target_out", ("target", "default"))] == 0
    assert samples[("trailstop_clients",)] == 1  # which asks
    assert samples[("trailstop_store_bytes",)] > 4096


def test_jobs_and_requests_are_counted_by_state_and_result(daemon, sim, parse):
    daemon.stopped(sim.add())
    with pytest.raises(VarlinkError):
        daemon.stopped(new_id())
    endless = sim.add_endless()
    job = daemon.stop(endless)
    daemon.stop(endless)
    daemon.journal.wait("stop-accepted", job=job["id"])
    samples, _ = parse(daemon)
    of = ("target", "default")
    assert samples[("trailstop_jobs_active", ("state", "polling"), of)] == 1
    assert samples[("trailstop_jobs_active", ("state", "queued"), of)] == 0
    assert samples[("trailstop_jobs_ended_total", ("state", "stopped"), of)] == 1
    assert samples[("trailstop_jobs_ended_total", ("state", "refused"), of)] == 1
    assert samples[("trailstop_jobs_ended_total", ("state", "cancelled"), of)] == 0
    assert samples[("trailstop_requests_total", ("result", "accepted"))] == 3
    assert samples[("trailstop_requests_total", ("result", "joined"))] == 1
    assert samples[("trailstop_oldest_job_timestamp_seconds",)] <= time.time()
    daemon.call("Cancel", id=job["id"])
    samples, _ = parse(daemon)
    assert samples[("trailstop_jobs_active", ("state", "polling"), of)] == 0
    assert samples[("trailstop_jobs_ended_total", ("state", "cancelled"), of)] == 1
    assert ("trailstop_oldest_job_timestamp_seconds",) not in samples


def test_every_attempt_counts_by_operation_and_outcome(start_daemon, sim, parse):
    daemon = start_daemon(calls={"max-attempts": 2})
    sim.fault("throttle", operation="StopImport", calls=1)
    sim.fault("http", operation="GetImport", status=503, calls=1)
    daemon.stopped(sim.add())
    with pytest.raises(VarlinkError):
        daemon.call("GetImport", importId=new_id())
    samples, _ = parse(daemon)

    def calls(operation, outcome):
        return samples[("trailstop_calls_total", ("operation", operation), ("outcome", outcome), ("target", "default"))]

    assert [calls("StopImport", outcome) for outcome in ("ok", "throttled", "refused", "failed")] == [1, 1, 0, 0]
    assert calls("GetImport", "failed") == 1 and calls("GetImport", "refused") == 1 and calls("GetImport", "ok") >= 1


def test_a_stop_is_in_its_bucket_and_all_above(daemon, sim, parse):
    daemon.stopped(sim.add())
    samples, _ = parse(daemon)
    of = ("target", "default")
    buckets = [value for key, value in samples.items() if key[0] == "trailstop_stop_duration_seconds_bucket"]
    assert len(buckets) == 11 and buckets == sorted(buckets)
    assert samples[("trailstop_stop_duration_seconds_bucket", ("le", "+Inf"), of)] == 1
    assert samples[("trailstop_stop_duration_seconds_count", of)] == 1
    assert samples[("trailstop_stop_duration_seconds_sum", of)] > 0


def test_an_outage_and_the_end_of_credentials_show(new_daemon, sim, parse):
    role = sim.role("audit")
    daemon = new_daemon({"default": target(sim, role_arn=role, sts_endpoint_url=sim.url),
                         "dead": {**target(sim), "endpoint-url": "http://127.0.0.1:1"}},
                        calls={"max-attempts": 1}).start()
    daemon.call("ListImports")
    with pytest.raises(VarlinkError):
        daemon.call("ListImports", target="dead")
    samples, _ = parse(daemon)
    assert samples[("trailstop_target_out", ("target", "dead"))] == 1
    assert samples[("trailstop_target_out", ("target", "default"))] == 0
    left = samples[("trailstop_credentials_expiry_timestamp_seconds", ("target", "default"))] - time.time()
    assert 3000 < left < 3700


def test_counters_say_when_they_began_again_after_a_restart(daemon, sim, parse):
    daemon.stopped(sim.add())
    created = ("trailstop_requests_created", ("result", "accepted"))
    before, _ = parse(daemon)
    daemon.restart()
    after, _ = parse(daemon)
    assert before[created] < after[created]
    assert after[("trailstop_requests_total", ("result", "accepted"))] == 0


def test_a_reload_keeps_the_counts_of_a_target_and_names_no_other(new_daemon, sim, parse):
    daemon = new_daemon({"default": target(sim), "gone": target(sim)}).start()
    daemon.stopped(sim.add())
    daemon.configure({"default": target(sim), "new": target(sim)})
    daemon.reload()
    samples, _ = parse(daemon)
    assert samples[("trailstop_jobs_ended_total", ("state", "stopped"), ("target", "default"))] == 1
    assert {key[1][1] for key in samples if key[0] == "trailstop_target_out"} == {"default", "new"}


def test_a_counter_that_a_reload_begins_again_has_not_begun_with_the_daemon(new_daemon, sim, parse):
    sim.add_queue()
    named = {"queues": {"q": queue(sim)},
             "notifies": {"n": {"event-bus": "b", "region": "us-east-1", "endpoint-url": sim.url}}}
    daemon = new_daemon({"default": target(sim), "other": target(sim)}, **named).start()
    sim.send({"importId": sim.add(), "target": "other"})
    counted = [("trailstop_queue_messages_total", ("queue", "q"), ("result", "deleted")),
               ("trailstop_notifications_total", ("notify", "n"), ("result", "sent"))]
    sim.wait_until(lambda: all(parse(daemon)[0][key] == 1 for key in counted))
    before, _ = parse(daemon)
    daemon.configure({"default": target(sim)})
    daemon.reload()
    daemon.configure({"default": target(sim), "other": target(sim)}, **named)
    daemon.reload()
    after, _ = parse(daemon)
    again = {key for key in before if after.get(key, before[key]) < before[key]}
    assert {"trailstop_jobs_ended_total", "trailstop_stop_duration_seconds_count", "trailstop_queue_messages_total",
            "trailstop_notifications_total"} <= {name for name, *_ in again}
    for name, *labels in again:
        family = name.removesuffix("_total").removesuffix("_count")
        assert (f"{family}_created", *labels) not in after


def test_labels_come_from_the_configuration_alone(daemon, parse):
    for _ in range(3):
        with pytest.raises(VarlinkError):
            daemon.call("GetImport", importId=new_id())
    before, _ = parse(daemon)
    for number in range(20):
        with pytest.raises(VarlinkError):
            daemon.call("GetImport", importId=new_id(), target=f"target{number}")
        with pytest.raises(VarlinkError):
            daemon.call("GetImport", importId=new_id())
    assert set(parse(daemon)[0]) == set(before)


# io.systemd.Metrics itself

def test_list_and_describe_agree(daemon, sim):
    daemon.stopped(sim.add())
    described = {each["name"]: each for each in listed(daemon, "Describe")}
    assert all(set(each) == {"name", "description", "type"} for each in described.values())
    assert {each["type"] for each in described.values()} == {"counter", "gauge"}
    metrics = listed(daemon)
    for metric in metrics:
        assert {"name", "value"} <= set(metric) <= {"name", "value", "object", "fields"}
        assert metric["name"] in described and isinstance(metric["value"], (int, float))
    assert {"name": "io.trailstop.Imports.JobsActive", "value": 0, "object": "default",
            "fields": {"state": "polling"}} in metrics
    assert all(re.fullmatch(r"io\.trailstop\.Imports\.[A-Z][A-Za-z]*", name) for name in described)


@pytest.mark.parametrize("method", ["List", "Describe"])
def test_both_want_more_and_take_no_parameters(daemon, method):
    with daemon.connect() as connection:
        assert connection.refusal(f"{METRICS}.{method}")[0] == "org.varlink.service.ExpectedMore"
        connection.send(f"{METRICS}.{method}", {"pattern": "x"}, more=True)
        assert connection.receive()["error"] == "org.varlink.service.InvalidParameter"


def test_hundreds_of_targets_in_order_to_one_that_reads_late(new_daemon, sim):
    names = [f"t{number}" for number in range(300)]
    daemon = new_daemon({name: target(sim) for name in names}).start()
    with daemon.connect() as connection:
        connection.send(f"{METRICS}.List", more=True)
        daemon.call("ListTargets")  # others are served meanwhile
        out = [each["object"] for each in connection.replies() if each["name"].endswith(".TargetOut")]
    assert out == names


def test_no_sample_comes_twice_though_a_reload_adds_and_removes_targets_meanwhile(new_daemon, sim):
    def names(first, last):
        return {f"t{number}": target(sim) for number in range(first, last)}

    daemon = new_daemon(names(100, 400)).start()
    with daemon.connect() as connection:
        connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.send(f"{METRICS}.List", more=True)
        first = connection.receive()["parameters"]  # it has begun, and waits for its reader from here on
        for configuration in (names(5, 400), names(100, 500), names(0, 390)):
            daemon.configure(configuration)
            daemon.reload()
        samples = [first, *connection.replies()]
    series = [(sample["name"], sample.get("object"), str(sample.get("fields"))) for sample in samples]
    assert len(series) == len(set(series))
    assert {f"t{number}" for number in range(100, 390)} <= {sample.get("object") for sample in samples}


def test_7_without_a_daemon_there_is_no_text(build, runtime, tmp_path):
    result = Ctl(build, runtime / "nobody", tmp_path)("metrics")
    assert (result.returncode, result.stdout) == (7, "")


# The socket where systemd-report looks

def test_metrics_have_a_socket_of_their_own_that_serves_the_same(daemon):
    with Connection(daemon.metrics_socket) as connection:
        names = {reply["name"] for reply in connection.call_more(f"{METRICS}.List")}
        assert "io.trailstop.Imports.JobsActive" in names
        assert connection.call("ListTargets")["targets"]
    daemon.terminate()
    assert not daemon.metrics_socket.exists() and not daemon.socket.exists()


def test_a_system_without_a_place_for_metrics_does_not_matter(start_daemon, runtime):
    daemon = start_daemon(daemon={"metrics-socket": runtime / "nowhere" / "metrics"})
    assert daemon.journal.wait("started")["MESSAGE"].endswith("0 jobs to go on with")


def test_a_place_for_metrics_that_cannot_be_taken_is_logged_and_the_daemon_serves(start_daemon, daemon):
    other = start_daemon(daemon={"metrics-socket": daemon.metrics_socket})
    assert "no metrics for systemd-report" in other.journal.wait("started")["MESSAGE"]
    assert other.call("ListTargets")["targets"]
    other.terminate()
    with Connection(daemon.metrics_socket) as connection:
        assert connection.call("ListTargets")["targets"]


@pytest.mark.parametrize("name", ["socket", "metrics_socket"])
def test_a_socket_that_another_took_over_stays_at_the_end(daemon, name):
    path = getattr(daemon, name)
    path.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
        daemon.terminate()
        assert path.exists()


def test_both_sockets_come_from_a_service_manager(new_daemon, sim, runtime):
    daemon = new_daemon({"default": target(sim)})
    paths = [runtime / "one", runtime / "two"]
    listening = [socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) for _ in paths]
    try:
        for path, each in zip(paths, listening):
            each.bind(str(path))
            each.listen(8)
        first, second = (each.fileno() for each in listening)
        daemon.command = [sys.executable, "-c", PASS_SOCKETS, str(first), str(second), *daemon.command]
        daemon.start(pass_fds=[first, second])
    finally:
        for each in listening:
            each.close()
    for path in paths:
        with Connection(path) as connection:
            assert connection.call("ListTargets")["targets"]
    daemon.terminate()
    assert all(path.exists() for path in paths), "they are the manager's"
