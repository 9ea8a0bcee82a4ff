# SPDX-License-Identifier: Apache-2.0
"""The configuration of a running daemon: what a reload takes over, and that a wrong one changes nothing."""

import os
import signal

import pytest

from harness.daemon import target
from harness.varlink import VarlinkError


def names(daemon):
    return [listed["name"] for listed in daemon.call("ListTargets")["targets"]]


def test_a_reload_adds_a_target(daemon, sim):
    daemon.configure({"default": target(sim), "more": target(sim)})
    daemon.reload()
    daemon.journal.wait("reloaded")
    assert names(daemon) == ["default", "more"]
    assert daemon.stopped(sim.add(), target="more")["target"] == "more"


def test_a_reload_holds_up_no_job(daemon, sim):
    import_id = sim.add_endless()
    job = daemon.stop(import_id)
    daemon.journal.wait("stop-accepted")
    for _ in range(3):
        daemon.reload()
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=job["id"])
    assert len(sim.calls("StopImport")) == 1


def test_a_reload_changes_where_a_target_leads(daemon, sim, start_sim):
    elsewhere = start_sim()
    daemon.configure({"default": target(elsewhere)})
    daemon.reload()
    daemon.stopped(elsewhere.add())
    assert sim.calls() == []


def test_a_reload_takes_new_limits(daemon, sim):
    daemon.configure({"default": target(sim)}, daemon={"max-jobs": 1, "log-level": "debug"})
    daemon.reload()
    daemon.stop(sim.add_endless())
    with pytest.raises(VarlinkError) as caught:
        daemon.stop(sim.add_endless())
    assert caught.value.parameters == {"limit": 1}


def test_a_reload_takes_another_log_level(daemon, sim):
    daemon.configure({"default": target(sim)}, daemon={"log-level": "err"})
    daemon.reload()
    daemon.stopped(sim.add())
    daemon.terminate()
    assert [entry["TRAILSTOP_EVENT"] for entry in daemon.journal.entries] == ["started"]


def test_a_reload_makes_room_for_more_connections_to_AWS(start_daemon, sim):
    patient = {"timeout": "10min"}
    daemon = start_daemon(calls={**patient, "max-connections": 1})
    sim.fault("hang")
    with daemon.connect() as client:
        for _ in range(3):
            client.send("ListImports")
        sim.wait_calls(1)
        daemon.configure({"default": target(sim)}, calls={**patient, "max-connections": 3})
        daemon.reload()
        sim.wait_calls(3)


def test_a_target_that_is_gone_ends_its_jobs_and_says_why(daemon, sim):
    daemon.configure({"default": target(sim), "doomed": target(sim)})
    daemon.reload()
    job = daemon.stop(sim.add_endless(), target="doomed")
    daemon.journal.wait("stop-accepted", job=job["id"])
    daemon.configure({"default": target(sim)})
    daemon.reload()
    daemon.journal.wait("job-refused", job=job["id"])
    assert daemon.job(job["id"])["lastError"]["code"] == "TargetRemoved"
    with pytest.raises(VarlinkError) as caught:
        daemon.stop(sim.add(), target="doomed")
    assert caught.value.short_name == "TargetNotFound"


def test_lists_its_targets_with_what_they_come_to(daemon, sim):
    role = "arn:aws:iam::111122223333:role/stop-imports"
    daemon.configure({"default": target(sim), "audit": {**target(sim), "region": "sa-east-1", "role-arn": role}})
    daemon.reload()
    default, audit = daemon.call("ListTargets")["targets"]
    assert default.pop("since") and audit.pop("since")
    assert default == {"name": "default", "region": target(sim)["region"], "endpoint": sim.url,
                       "credentials": "environment", "state": "ok"}
    assert audit == {**default, "name": "audit", "region": "sa-east-1", "roleArn": role,
                     "credentials": f"role {role} with those of environment"}


WRONG = {
    "an unknown key": ("[daemon]\nmax-jobs = 5\nmax-fun = 5\n", 3),
    "an unknown section": ("[daemon]\n\n[demon]\n", 3),
    "a value out of range": ("[polling]\ngrowth = 11\n", 2),
    "no number": ("[calls]\nmax-attempts = three\n", 2),
    "no line of a configuration": ("[daemon]\nwhat is this\n", 2),
    "a key without a section": ("socket = /run/x\n", 1),
    "a path that is not absolute": ("[daemon]\nstate-directory = state\n", 2),
    "plain http to another host": ("[target a]\nregion = us-east-1\nendpoint-url = http://example.com/\n", 3),
}


@pytest.mark.parametrize("text, line", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_file_stops_the_start_with_file_and_line(new_daemon, sim, text, line):
    daemon = new_daemon({"default": target(sim)})
    daemon.config.write_text(text)
    daemon.arguments = ["--log", "text"]
    daemon.spawn()
    assert daemon.wait() == 1
    assert f"{daemon.config}:{line}: " in daemon.journal.text()
    assert not daemon.state.exists()


@pytest.mark.parametrize("text, line", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_reload_keeps_the_old_configuration(daemon, sim, text, line):
    right = daemon.config.read_text()
    daemon.config.write_text(text)
    daemon.reload()
    entry = daemon.journal.wait("reload-refused")
    assert f"{daemon.config}:{line}: " in entry["MESSAGE"]
    assert names(daemon) == ["default"]
    assert daemon.stopped(sim.add())["state"] == "stopped"

    daemon.config.write_text(right)
    daemon.reload()
    daemon.journal.wait("reloaded")


def test_drop_ins_are_read_in_name_order_and_the_last_value_wins(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)})
    drop_ins = daemon.config.with_name(daemon.config.name + ".d")
    drop_ins.mkdir()
    (drop_ins / "20-last.conf").write_text("[target default]\nregion = eu-west-2\n")
    (drop_ins / "10-first.conf").write_text("[target default]\nregion = eu-west-1\n[target b]\nregion = eu-west-1\n")
    (drop_ins / "30-ignored.txt").write_text("nonsense")
    daemon.start()
    assert [(listed["name"], listed["region"]) for listed in daemon.call("ListTargets")["targets"]] == [
        ("default", "eu-west-2"), ("b", "eu-west-1")]


def test_a_drop_in_that_leads_nowhere_is_said(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)})
    drop_ins = daemon.config.with_name(daemon.config.name + ".d")
    drop_ins.mkdir()
    (drop_ins / "10-gone.conf").symlink_to("nowhere")
    daemon.spawn()
    assert daemon.wait() == 1
    assert "10-gone.conf" in daemon.journal.text()


def test_a_reload_says_when_it_began(daemon):
    daemon.notifications.forget()
    daemon.signal(signal.SIGHUP)
    daemon.wait_notification("RELOADING=1")
    daemon.wait_notification("READY=1")
    reloading = next(lines for lines in daemon.notifications.received if "RELOADING=1" in lines)
    assert any(line.startswith("MONOTONIC_USEC=") for line in reloading)


@pytest.mark.skipif(os.getuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_said(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)})
    daemon.config.chmod(0)
    daemon.spawn()
    assert daemon.wait() == 1
    assert str(daemon.config) in daemon.journal.text()
