# SPDX-License-Identifier: Apache-2.0
"""What the running daemon knows of its targets, and how it is asked: ListTargets, TestTarget, the status of systemd."""

import time
from datetime import datetime, timedelta, timezone

import pytest

from harness import DEADLINE
from harness.daemon import target
from harness.sim import new_id
from harness.varlink import VarlinkError

QUICK = {"calls": {"max-attempts": 1, "connect-timeout": "1s"}}


def wait_target(daemon, name="default", **expected):
    """The target, once it is as expected."""
    end = time.monotonic() + DEADLINE
    while True:
        found = {each["name"]: each for each in daemon.call("ListTargets")["targets"]}[name]
        if all(found.get(key) == value for key, value in expected.items()):
            return found
        assert time.monotonic() < end, found


def test_a_target_that_answers_is_ok(daemon, sim):
    before = datetime.now(timezone.utc)
    found = wait_target(daemon, state="ok")
    assert before - timedelta(minutes=1) < datetime.fromisoformat(found["since"]) <= datetime.now(timezone.utc)
    assert not {"nextTryAt", "lastError", "credentialsExpireAt"} & set(found)
    daemon.stopped(sim.add())
    assert wait_target(daemon)["since"] == found["since"]


@pytest.mark.parametrize("fault, members, state, code", [
    ("http", {"status": 503}, "unreachable", "UnexpectedStatus"),
    ("close", {}, "unreachable", "ConnectionFailed"),
    ("throttle", {}, "throttled", "ThrottlingException"),
])
def test_a_job_that_waits_shows_in_its_target_and_an_answer_takes_it_back(
        start_daemon, sim, fault, members, state, code):
    daemon = start_daemon(**QUICK)
    ok = wait_target(daemon, state="ok")
    sim.fault(fault, **members)
    job = daemon.stop(sim.add())
    found = wait_target(daemon, state=state)
    assert found["lastError"]["code"] == code and found["since"] > ok["since"]
    end = time.monotonic() + DEADLINE
    while "nextTryAt" not in found:  # it is just trying
        assert time.monotonic() < end
        found = wait_target(daemon, state=state)
    sim.clear_faults()
    recovered = wait_target(daemon, state="ok")
    assert "lastError" not in recovered and "nextTryAt" not in recovered and recovered["since"] >= found["since"]
    assert daemon.job(job["id"])["target"] == "default"


def test_a_question_that_finds_nobody_shows_in_its_target_alone(new_daemon, sim):
    daemon = new_daemon({"default": target(sim), "dead": {**target(sim), "endpoint-url": "http://127.0.0.1:1"}},
                        **QUICK).start()
    with pytest.raises(VarlinkError):
        daemon.call("ListImports", target="dead")
    assert wait_target(daemon, "dead", state="unreachable")["lastError"]["code"] == "ConnectionFailed"
    wait_target(daemon, state="ok")


def test_one_imports_own_trouble_is_not_its_targets(start_daemon, sim):
    daemon = start_daemon(**QUICK)
    import_id = sim.add()
    sim.fault("http", status=503, import_id=import_id)
    with pytest.raises(VarlinkError):
        daemon.call("GetImport", importId=import_id)
    assert wait_target(daemon)["state"] == "ok"


def test_a_no_is_an_answer(start_daemon, sim):
    daemon = start_daemon()
    with pytest.raises(VarlinkError):
        daemon.call("GetImport", importId=new_id())
    sim.fault("error", code="AccessDeniedException", status=400)
    with pytest.raises(VarlinkError):
        daemon.call("ListImports")
    assert wait_target(daemon)["state"] == "ok"


def test_a_target_without_credentials_says_so_before_anything_is_asked(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)}, environment={
        "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}).start()
    assert wait_target(daemon, state="noCredentials")["lastError"]["code"] == "CredentialsUnavailable"


def test_keys_that_aws_rejects_are_no_credentials(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)}, environment={"AWS_SECRET_ACCESS_KEY": "another"}).start()
    with pytest.raises(VarlinkError):
        daemon.call("ListImports")
    wait_target(daemon, state="noCredentials")


def test_when_credentials_expire(start_daemon, sim):
    role = sim.role("audit")
    daemon = start_daemon({"default": target(sim, role_arn=role, sts_endpoint_url=sim.url)})
    assert "credentialsExpireAt" not in wait_target(daemon)
    daemon.call("ListImports")
    left = datetime.fromisoformat(wait_target(daemon)["credentialsExpireAt"]) - datetime.now(timezone.utc)
    assert timedelta(minutes=50) < left < timedelta(minutes=61)


def test_a_reload_keeps_what_is_known(start_daemon, sim):
    daemon = start_daemon(**QUICK)
    sim.fault("close")
    daemon.stop(sim.add())
    known = wait_target(daemon, state="unreachable")
    daemon.reload()
    assert wait_target(daemon, state="unreachable")["since"] == known["since"]


def test_the_status_of_systemd_counts_the_targets_that_do_not_answer(new_daemon, sim):
    daemon = new_daemon({"default": target(sim), "dead": {**target(sim), "endpoint-url": "http://127.0.0.1:1"},
                         "fine": target(sim)}, **QUICK).start()
    daemon.stop(sim.add(), target="dead")
    daemon.wait_notification("STATUS=Jobs: 0 queued, 1 stopping, 0 polling; 1 of 3 targets unreachable")


# TestTarget

def test_a_target_is_asked_who_it_is_and_for_its_imports(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, sts_endpoint_url=sim.url)})
    identity = daemon.call("TestTarget")
    assert set(identity) == {"account", "arn"} and identity["account"] in identity["arn"]
    assert [call["operation"] for call in sim.calls()] == ["GetCallerIdentity", "ListImports"]


def test_a_role_is_tested_as_the_role(start_daemon, sim):
    role = sim.role("audit")
    daemon = start_daemon({"paris": target(sim, role_arn=role, sts_endpoint_url=sim.url)})
    identity = daemon.call("TestTarget", target="paris")
    assert identity["account"] == "111122223333" and ":assumed-role/audit/" in identity["arn"]


@pytest.mark.parametrize("operation, step", [("GetCallerIdentity", "sts:GetCallerIdentity"),
                                             ("ListImports", "cloudtrail:ListImports")])
def test_a_test_that_fails_says_at_which_step(start_daemon, sim, operation, step):
    daemon = start_daemon({"default": target(sim, sts_endpoint_url=sim.url)})
    sim.fault("error", operation=operation, code="AccessDeniedException", status=400, message="not you")
    with pytest.raises(VarlinkError) as failure:
        daemon.call("TestTarget")
    assert failure.value.name == "io.trailstop.Imports.CallFailed"
    cause = failure.value.parameters["cause"]
    assert cause["code"] == "AccessDeniedException" and cause["message"].startswith(f"{step}: ")


def test_a_test_without_credentials_fails_and_names_no_target_that_is_not_there(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)}, environment={
        "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}).start()
    with pytest.raises(VarlinkError) as failure:
        daemon.call("TestTarget")
    assert failure.value.parameters["cause"]["code"] == "CredentialsUnavailable"
    with pytest.raises(VarlinkError) as failure:
        daemon.call("TestTarget", target="mars")
    assert failure.value.name == "io.trailstop.Imports.TargetNotFound"


def test_a_client_that_leaves_takes_its_test_along(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, sts_endpoint_url=sim.url)})
    sim.fault("hang", operation="GetCallerIdentity")
    with daemon.connect() as connection:
        connection.send("TestTarget", {})
        sim.wait_calls(1, "GetCallerIdentity")
    daemon.call("ListTargets")
