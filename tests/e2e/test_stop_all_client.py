# SPDX-License-Identifier: Apache-2.0
"""trailstopctl stop --all, with the real daemon and simulated accounts."""

import json

import pytest

from harness.accounts import LAKE, POND, access_key, accounts, add_to, ids, start_with_accounts
from harness.ctl import Ctl
from harness.daemon import target
from harness.sim import NEVER, new_id


# The client


@pytest.fixture
def ctl_of(build, tmp_path):
    return lambda daemon: Ctl(build, daemon.socket, tmp_path)


def test_the_client_stops_all_of_the_default_target(ctl, sim):
    running = sim.add_many(3)
    sim.add(status="STOPPED")
    result = ctl("stop", "--all")
    assert result.returncode == 0, result.stderr
    assert all(import_id in result.stdout for import_id in running)
    assert {call["importId"] for call in sim.calls("StopImport")} == {*running}


def test_the_client_stops_all_of_named_targets_and_of_all(start_with_accounts, ctl_of, sim):
    daemon = start_with_accounts("default", "a", "b", "c")
    ctl = ctl_of(daemon)
    imports = {name: add_to(sim, name)[0] for name in ("default", "a", "b", "c")}
    assert ctl("stop", "--all", "-t", "a", "--target", "c").returncode == 0
    assert {call["importId"] for call in sim.calls("StopImport")} == {imports["a"], imports["c"]}
    assert ctl("stop", "--all", "--all-targets").returncode == 0
    assert {call["importId"] for call in sim.calls("StopImport")} == {*imports.values()}


def test_the_client_rehearses(ctl, daemon, sim):
    wanted, other = sim.add(destination=LAKE), sim.add(destination=POND)
    result = ctl("stop", "--all", "--dry-run", "--destination", LAKE)
    assert result.returncode == 0, result.stderr
    assert wanted in result.stdout and other not in result.stdout

    code, documents = ctl.json("stop", "--all", "--dry-run")
    assert code == 0
    assert [ids(document["imports"]) for document in documents] == [{wanted, other}]
    assert daemon.call("ListJobs")["jobs"] == []


def test_the_client_does_not_wait_when_asked_not_to(ctl, daemon, sim):
    running = sim.add_many(2, stop_polls=NEVER)
    result = ctl("stop", "--all", "--no-wait", "--reason", "drill", "--timeout", "2h")
    assert result.returncode == 0, result.stderr
    jobs = [daemon.job(line) for line in result.stdout.split()]
    assert {job["importId"] for job in jobs} == {*running}
    assert {job["reason"] for job in jobs} == {"drill"}


def test_the_client_prints_each_reply_as_a_document(ctl, sim):
    running = sim.add_many(2)
    code, documents = ctl.json("stop", "--all")
    assert code == 0
    assert documents[0].keys() == {"jobs", "imports", "tasks", "failures"}
    final = {document["job"]["importId"]: document["job"]["state"] for document in documents[1:]}
    assert final == dict.fromkeys(running, "stopped")


def test_nothing_to_stop_is_not_a_failure(ctl):
    assert ctl("stop", "--all").returncode == 0


def test_the_exit_status_of_imports_that_did_not_stop(ctl, sim):
    sim.add()
    sim.add(ends="COMPLETED")
    assert ctl("stop", "--all").returncode == 3
    sim.add(ends="FAILED")
    assert ctl("stop", "--all").returncode == 8


@pytest.mark.parametrize("code, expected", [("AccessDenied", 5), ("OperationNotPermittedException", 5),
                                            ("UnsupportedOperationException", 1), ("http", 1)])
def test_the_exit_status_of_a_target_that_fails(start_with_accounts, ctl_of, sim, code, expected):
    daemon = start_with_accounts("default", "a")
    ctl = ctl_of(daemon)
    import_id, = add_to(sim, "default")
    if code == "http":
        sim.fault("http", access_key=access_key("a"), status=503)
    else:
        sim.fault("error", access_key=access_key("a"), status=400, code=code)
    result = ctl("stop", "--all", "--all-targets")
    assert result.returncode == expected
    assert "target a: " in result.stderr
    daemon.journal.wait("import-stopped", import_id=import_id)


def test_the_exit_status_is_that_of_the_first_target_that_fails(start_with_accounts, ctl_of, sim):
    ctl = ctl_of(start_with_accounts("default", "a", "b"))
    sim.fault("error", access_key=access_key("a"), status=400, code="AccessDenied")
    sim.fault("error", access_key=access_key("b"), status=400, code="UnsupportedOperationException")
    result = ctl("--json", "stop", "--all", "--all-targets")
    first = json.loads(result.stdout.splitlines()[0])["failures"][0]["target"]
    assert result.returncode == {"a": 5, "b": 1}[first]


def test_other_exits(ctl, daemon, sim):
    sim.add()
    assert ctl("stop", "--all", "-t", "moon").returncode == 4
    for command in (["stop", "--all", new_id()], ["stop", "--all-targets", new_id()],
                    ["stop", "--dry-run", new_id()], ["stop", "--all-targets"], ["job", "--all"]):
        result = ctl(*command)
        assert result.returncode == 2 and result.stderr and not result.stdout, command
    assert sim.calls() == []
    assert daemon.call("ListJobs")["jobs"] == []


# All of an organisation


TARGETS = 1000
RATES = {"stop-rate": 1, "read-rate": 10}  # CloudTrail's own quotas


def test_1000_accounts_with_one_import_each(start_daemon, start_sim, accounts, ctl_of):
    names = [f"account{number:04}" for number in range(TARGETS)]
    sim = start_sim("--log-size", 10 * TARGETS, "--enforce-quota")
    accounts.open(sim, *names)
    sim.control("imports", [{"id": new_id(), "owner": access_key(name)} for name in names])
    daemon = start_daemon(
        {name: {**target(sim, profile=name), **RATES} for name in names}, environment=accounts.environment)

    process = ctl_of(daemon).start("--json", "stop", "--all", "--all-targets")
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    final = {}
    for line in output.splitlines()[1:]:
        job = json.loads(line)["job"]
        final[job["id"]] = job
    assert {job["target"] for job in final.values()} == {*names}
    assert [job["state"] for job in final.values()] == ["stopped"] * TARGETS

    assert len({(call["accessKey"], call["operation"]) for call in sim.calls()}) == 3 * TARGETS
    assert sim.counts()["operations"] == {"ListImports": 2 * TARGETS, "StopImport": TARGETS,
                                          "GetImport": 2 * TARGETS}
    assert not sim.counts()["errors"]
