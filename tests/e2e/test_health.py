# SPDX-License-Identifier: Apache-2.0
"""trailstopctl targets, targets --test and health: what an operator and a monitoring job are shown."""

import shutil

import pytest

from harness.ctl import Ctl
from harness.daemon import target

DEAD = {"endpoint-url": "http://127.0.0.1:1"}
QUICK = {"calls": {"max-attempts": 1, "connect-timeout": "1s"}}


@pytest.fixture
def pair(new_daemon, sim):
    """A daemon with a target that answers and one that cannot be reached."""
    return new_daemon({"default": target(sim, sts_endpoint_url=sim.url),
                       "dead": {**target(sim, sts_endpoint_url=sim.url), **DEAD}}, **QUICK).start()


def run(build, daemon, tmp_path, *arguments):
    result = Ctl(build, daemon.socket, tmp_path)(*arguments)
    return result.returncode, result.stdout, result.stderr


def test_health_is_quiet_about_what_is_well(build, daemon, tmp_path):
    assert run(build, daemon, tmp_path, "health") == (0, "The target answers, and the store can be written\n", "")


def test_health_asks_each_target_and_has_a_line_for_each_that_does_not_answer(build, pair, sim, tmp_path):
    code, output, errors = run(build, pair, tmp_path, "health")
    assert (code, errors) == (1, "")
    lines = output.splitlines()
    assert len(lines) == 1 and lines[0].startswith("dead: unreachable: ") and "127.0.0.1" in lines[0]
    assert [call["operation"] for call in sim.calls()] == ["ListImports"]


def test_health_takes_a_no_for_an_answer(build, daemon, sim, tmp_path):
    sim.fault("error", code="AccessDeniedException", status=400)
    assert run(build, daemon, tmp_path, "health")[0] == 0


def test_health_sees_an_outage_end(build, start_daemon, sim, tmp_path):
    daemon = start_daemon(**QUICK)
    sim.fault("throttle")
    code, output, _ = run(build, daemon, tmp_path, "health")
    assert code == 1 and "default: throttled" in output
    sim.clear_faults()
    assert run(build, daemon, tmp_path, "health")[0] == 0


def test_health_without_credentials(build, new_daemon, sim, tmp_path):
    daemon = new_daemon({"default": target(sim)}, environment={
        "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}).start()
    code, output, _ = run(build, daemon, tmp_path, "health")
    assert code == 1 and "default: no credentials" in output


def test_health_does_not_wait_for_ever_for_a_target(build, daemon, sim, tmp_path):
    sim.fault("hang")
    code, output, _ = run(build, daemon, tmp_path, "health")
    assert code == 1 and "default: no answer" in output


def test_health_of_a_store_that_is_gone(build, daemon, tmp_path):
    shutil.rmtree(daemon.state)
    code, output, _ = run(build, daemon, tmp_path, "health")
    assert code == 1 and "store: cannot be written" in output


def test_health_as_json_is_what_was_learned(build, pair, tmp_path):
    code, documents = Ctl(build, pair.socket, tmp_path).json("health")
    assert code == 1 and [list(document) for document in documents] == [["targets"], ["statistics"]]
    assert {each["name"]: each["state"] for each in documents[0]["targets"]} == {"default": "ok", "dead": "unreachable"}


def test_7_health_of_no_daemon(build, runtime, tmp_path):
    result = Ctl(build, runtime / "nobody", tmp_path)("health")
    assert result.returncode == 7 and result.stderr and not result.stdout


def test_targets_show_what_is_wrong_within_80_columns(build, pair, tmp_path):
    run(build, pair, tmp_path, "health")
    code, output, _ = run(build, pair, tmp_path, "targets")
    heading, *rows = output.splitlines()
    assert code == 0 and heading.split()[:4] == ["TARGET", "STATE", "SINCE", "ERROR"]
    assert rows[0].split()[:2] == ["default", "ok"]
    assert rows[1].split()[:2] == ["dead", "unreachable"] and "ConnectionFailed" in rows[1][:80]
    assert heading.index("REGION") < 80


def test_targets_that_are_tested_say_who_they_are(build, daemon, sim, start_daemon, tmp_path):
    tested = start_daemon({"default": target(sim, sts_endpoint_url=sim.url)})
    code, output, errors = run(build, tested, tmp_path, "targets", "--test")
    assert (code, errors) == (0, "")
    heading, row = output.splitlines()
    assert heading.split() == ["TARGET", "ACCOUNT", "ARN"] and row.split()[0] == "default"
    assert row.split()[2].startswith("arn:aws:iam::")


def test_a_target_that_fails_its_test_is_named_with_the_step_and_the_others_are_shown(build, pair, tmp_path):
    code, output, errors = run(build, pair, tmp_path, "targets", "--test")
    assert code == 1 and "default" in output and "dead" not in output
    assert errors.startswith("trailstopctl: dead: ") and "cloudtrail:ListImports" in errors


def test_a_target_that_may_not_is_exit_status_5(build, start_daemon, sim, tmp_path):
    daemon = start_daemon({"default": target(sim, sts_endpoint_url=sim.url)})
    sim.fault("error", code="AccessDeniedException", status=400, operation="ListImports")
    assert run(build, daemon, tmp_path, "targets", "--test")[0] == 5
