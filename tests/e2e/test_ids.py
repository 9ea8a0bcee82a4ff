# SPDX-License-Identifier: Apache-2.0
"""Jobs are found by what people have: an import's id, the beginning of a job's, when it was."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from harness.ctl import Ctl
from harness.daemon import target
from harness.sim import new_id


def ids(jobs):
    return [job["id"] for job in jobs["jobs"]]


def shown(result):
    """The job that `trailstopctl job` shows."""
    assert (result.returncode, result.stderr) == (0, ""), result.stderr
    return dict(line.split(maxsplit=1) for line in result.stdout.splitlines() if len(line.split()) == 2)["Job:"]


# ListJobs

def test_filters_hold_together(daemon, sim):
    done, endless = sim.add(), sim.add_endless()
    first = daemon.stopped(done)["id"]
    second = daemon.stopped(done)["id"]
    active = daemon.stop(endless)["id"]
    assert ids(daemon.call("ListJobs", active=True)) == [active]
    assert ids(daemon.call("ListJobs", active=False)) == [active, second, first]
    assert ids(daemon.call("ListJobs", importId=done, active=True)) == []
    assert ids(daemon.call("ListJobs", importId=done)) == [second, first]
    assert ids(daemon.call("ListJobs", importId=done, limit=1)) == [second]
    assert ids(daemon.call("ListJobs", idPrefix=first)) == [first]
    assert first in ids(daemon.call("ListJobs", idPrefix=first[:2]))
    assert ids(daemon.call("ListJobs", idPrefix="x")) == []
    assert len(ids(daemon.call("ListJobs", idPrefix=""))) == 3
    assert ids(daemon.call("ListJobs", state="polling", active=True)) in ([active], [])


def test_since_is_the_request(daemon, sim):
    early = daemon.stopped(sim.add())
    late = daemon.stopped(sim.add())
    assert ids(daemon.call("ListJobs", since=late["requestedAt"])) == [late["id"]]
    assert ids(daemon.call("ListJobs", since=early["requestedAt"])) == [late["id"], early["id"]]
    requested = datetime.fromisoformat(late["requestedAt"])
    for since in (requested.isoformat(), requested.astimezone(timezone(timedelta(hours=-5, minutes=-30))).isoformat(),
                  late["requestedAt"].lower()):
        assert ids(daemon.call("ListJobs", since=since)) == [late["id"]]
    for long_ago in ("1969-12-31T23:00:00-00:30", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"):
        assert ids(daemon.call("ListJobs", since=long_ago)) == [late["id"], early["id"]]
    future = datetime.now(timezone.utc) + timedelta(hours=1)
    assert ids(daemon.call("ListJobs", since=future.strftime("%Y-%m-%dT%H:%M:%SZ"))) == []


@pytest.mark.parametrize("parameters, wrong", [
    ({"active": 1}, "active"), ({"since": "yesterday"}, "since"), ({"since": 5}, "since"), ({"idPrefix": 5}, "idPrefix"),
    ({"idPrefix": "a\0b"}, "idPrefix"),
])
def test_what_is_not_a_filter_is_refused_by_name(daemon, parameters, wrong):
    with daemon.connect() as connection:
        assert connection.refusal("ListJobs", parameters) == (
            "org.varlink.service.InvalidParameter", {"parameter": wrong})


# The client

def test_a_job_is_found_by_its_import_and_by_any_beginning(ctl, daemon, sim):
    import_id = sim.add()
    job = daemon.stopped(import_id)["id"]
    for text in (job, job[:12], job[:12].upper(), job[:31], job.upper(), import_id, import_id.upper()):
        assert shown(ctl("job", text)) == job


def test_an_import_stands_for_its_job_that_is_not_final_else_for_the_latest(ctl, daemon, sim):
    import_id = sim.add()
    daemon.stopped(import_id)
    latest = daemon.stopped(import_id)["id"]
    assert shown(ctl("job", import_id)) == latest
    sim.add(id=import_id, stop_polls=10**9)
    active = daemon.stop(import_id)["id"]
    assert shown(ctl("job", import_id)) == active
    result = ctl("cancel", import_id)
    assert result.returncode == 0 and "cancelled" in result.stdout
    assert daemon.job(active)["state"] == "cancelled"


@pytest.mark.parametrize("task_id", ["Task-1", "abad1dea", "x" * 256, "00000000-0000-4000-8000-0000000000AB"])
def test_an_import_of_logs_stands_for_its_job(ctl, daemon, sim, task_id):
    """Whatever it looks like: in upper case, as the beginning of a job's own id."""
    sim.add_endless(id=task_id, service="logs")
    first = daemon.stop(task_id, service="logs")["id"]
    for command in ("job", "cancel"):
        result = ctl(command, task_id, "--json")
        assert result.returncode == 0 and json.loads(result.stdout)["job"]["id"] == first
    assert first in ctl("watch", task_id, "--json").stdout
    latest = daemon.stop(task_id, service="logs")["id"]
    assert json.loads(ctl("job", task_id, "--json").stdout)["job"]["id"] == latest


def test_an_import_of_each_service_with_one_id_stands_for_two_jobs(build, start_daemon, sim, tmp_path):
    daemon = start_daemon({"default": {**target(sim), "endpoint-url": "http://127.0.0.1:1"}})  # both jobs wait for it
    import_id = new_id()
    both = [daemon.stop(import_id, service=service)["id"] for service in ("cloudtrail", "logs")]
    result = Ctl(build, daemon.socket, tmp_path)("job", import_id)
    assert result.returncode == 2 and all(job in result.stderr for job in both)


def test_jobs_of_an_import_of_logs_are_listed(ctl, daemon, sim):
    task_id = sim.add_endless(id="Task-1", service="logs")
    job = daemon.stop(task_id, service="logs")["id"]
    assert ctl("jobs", "--import", task_id, "-o", "ids").stdout.split() == [job]


def test_what_stands_for_two_is_refused_with_both(build, start_daemon, sim, tmp_path):
    daemon = start_daemon({"default": target(sim), "paris": target(sim)})
    ctl = Ctl(build, daemon.socket, tmp_path)
    import_id = sim.add_endless()
    both = [daemon.stop(import_id)["id"], daemon.stop(import_id, target="paris")["id"]]
    for command in ("job", "cancel", "watch"):
        result = ctl(command, import_id)
        assert result.returncode == 2 and all(job in result.stderr for job in both) and not result.stdout
    assert {daemon.job(job)["state"] for job in both} <= {"queued", "stopping", "polling"}


def test_two_jobs_that_begin_alike_are_told_apart(ctl, daemon, sim):
    jobs = [daemon.stopped(import_id)["id"] for import_id in sim.add_many(17)]
    seen = {}
    first = next(job[0] for job in jobs if job[0] in seen or seen.update({job[0]: job}))  # of 17, two share a digit
    result = ctl("job", first)
    assert result.returncode == 2 and "more than one job" in result.stderr


@pytest.mark.parametrize("text", ["feedfacefeedface", "ab", "no-id"])
def test_4_what_stands_for_no_job_is_named(ctl, daemon, text):
    result = ctl("job", text)
    assert result.returncode == 4 and text in result.stderr


def test_4_an_import_without_a_job(ctl, daemon):
    import_id = new_id()
    assert ctl("watch", import_id).returncode == 4


def test_watch_takes_imports(ctl, daemon, sim):
    import_id = sim.add()
    daemon.stopped(import_id)
    result = ctl("watch", import_id)
    assert result.returncode == 0 and import_id in result.stdout


def test_jobs_are_filtered_and_limited(ctl, daemon, sim):
    imports = sim.add_many(3)
    for import_id in imports:
        daemon.stopped(import_id)

    def listed(*arguments):
        code, documents = ctl.json("jobs", *arguments)
        assert code == 0
        return [job["importId"] for document in documents for job in document["jobs"]]

    assert listed("--all") == listed() == imports[::-1]
    assert listed("--limit", "2") == imports[:0:-1]
    assert listed("--import", imports[1].upper()) == [imports[1]]
    assert listed("--since", "1h") == listed("--since", "1000000y") == imports[::-1]
    assert listed("--since", "1969-07-20T20:17:40Z") == imports[::-1]
    assert listed("--since", "2999-01-01T00:00:00Z") == []


@pytest.mark.parametrize("arguments", [
    ["--limit", "0"], ["--limit", "x"], ["--limit", "10001"], ["--since", "soon"], ["--import", "no_id"],
    ["--watch", "--limit", "3"], ["--all", "--limit", "3"], ["--all", "-t", "one", "-t", "two"],
])
def test_2_what_is_not_a_filter(ctl, arguments):
    result = ctl("jobs", *arguments)
    assert result.returncode == 2 and result.stderr and not result.stdout
