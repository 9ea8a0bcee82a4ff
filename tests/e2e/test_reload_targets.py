# SPDX-License-Identifier: Apache-2.0
"""Targets that a reload adds, changes and removes while their jobs are under way."""

import signal

import pytest

from harness.accounts import Accounts, access_key
from harness.daemon import assert_in_turn, target
from harness.sim import new_id
from harness.varlink import VarlinkError


@pytest.fixture
def accounts(tmp_path, sim):
    accounts = Accounts(tmp_path)
    accounts.open(sim, "one", "other")
    return accounts


def names(daemon):
    return [listed["name"] for listed in daemon.call("ListTargets")["targets"]]


def reload_with(daemon, targets, **sections):
    daemon.configure(targets, **sections)
    daemon.reload()
    daemon.journal.wait("reloaded")


def begin(daemon, sim, **parameters):
    """A job that polls an import that goes on until finish(): the job."""
    job = daemon.stop(sim.add_endless(), **parameters)
    daemon.journal.wait("stop-accepted", job=job["id"])
    return job


def finish(daemon, sim, job):
    sim.finish(job["importId"])
    daemon.journal.wait("import-stopped", job=job["id"])


# Added


def test_targets_are_added_before_between_and_after(daemon, sim, start_sim):
    new = start_sim()
    job = begin(daemon, sim)
    reload_with(daemon, {"a": target(new), "default": target(sim), "z": target(new)})
    assert names(daemon) == ["a", "default", "z"]
    assert daemon.stopped(new.add(), target="a")["target"] == "a"
    assert daemon.stopped(new.add(), target="z")["target"] == "z"
    finish(daemon, sim, job)
    assert len(sim.calls("StopImport")) == 1


def test_the_default_may_be_added(start_daemon, sim):
    daemon = start_daemon({"only": target(sim)})
    with pytest.raises(VarlinkError) as caught:
        daemon.stop(sim.add())
    assert caught.value.short_name == "TargetNotFound"
    reload_with(daemon, {"only": target(sim), "default": target(sim)})
    assert daemon.stopped(sim.add())["target"] == "default"


# Removed


def test_the_jobs_of_a_target_that_is_removed_end_as_refused(start_daemon, sim, start_sim):
    doomed = start_sim()
    daemon = start_daemon({"default": target(sim), "doomed": target(doomed)})
    kept = begin(daemon, sim)
    jobs = [begin(daemon, doomed, target="doomed") for _ in range(3)]
    with daemon.connect() as follower:
        updates = follower.call_more("Stop", {"importId": jobs[0]["importId"], "target": "doomed"})
        next(updates)
        reload_with(daemon, {"default": target(sim)})
        with pytest.raises(VarlinkError) as caught:
            list(updates)
    assert caught.value.short_name == "CallFailed"
    assert caught.value.parameters["cause"]["code"] == "TargetRemoved"
    for job in jobs:
        entry = daemon.journal.wait("job-refused", job=job["id"])
        assert entry["TRAILSTOP_AWS_ERROR"] == "TargetRemoved"
        ended = daemon.job(job["id"])
        assert ended["state"] == "refused" and ended["finishedAt"] and ended["target"] == "doomed"
        assert ended["lastError"]["code"] == "TargetRemoved" and ended["lastError"]["message"]
        assert "nextCallAt" not in ended
    # Nobody asks for them any more; the others go on.
    calls = doomed.counts()["calls"]
    finish(daemon, sim, kept)
    daemon.stopped(sim.add(stop_polls=5))
    assert doomed.counts()["calls"] == calls
    assert names(daemon) == ["default"]


def test_many_jobs_of_a_target_that_is_removed_end_in_several_turns(start_daemon, sim, start_sim):
    """To save an end takes its time: more of them than a turn has time for are saved in several."""
    doomed = start_sim()
    daemon = start_daemon({"default": target(sim), "doomed": target(doomed, stop_rate=0.01)})
    doomed.fault("hang")
    with daemon.connect() as client:
        jobs = [client.call("Stop", {"importId": new_id(), "target": "doomed"})["job"]["id"] for _ in range(600)]
        before = client.call("GetStatistics")["statistics"]["storeCommits"]
        reload_with(daemon, {"default": target(sim)})
        daemon.journal.wait("job-refused", job=jobs[-1])
        after = client.call("GetStatistics")["statistics"]["storeCommits"]
    assert daemon.stopped(sim.add())["state"] == "stopped"
    assert {daemon.job(job)["lastError"]["code"] for job in jobs} == {"TargetRemoved"}
    assert after - before >= 3


@pytest.mark.parametrize("fault", ["hang", "slow"])
def test_a_target_may_go_while_its_calls_are_on_the_wire(start_daemon, sim, start_sim, fault):
    doomed = start_sim()
    daemon = start_daemon({"default": target(sim), "doomed": target(doomed)})
    doomed.fault(fault, **({"delay_seconds": 0.5} if fault == "slow" else {}))
    jobs = [daemon.stop(import_id, target="doomed") for import_id in doomed.add_many(3)]
    with daemon.connect() as asking:
        asking.send("GetImport", {"importId": jobs[0]["importId"], "target": "doomed"})
        doomed.wait_calls(4)
        reload_with(daemon, {"default": target(sim)})
        for job in jobs:
            daemon.journal.wait("job-refused", job=job["id"])
        assert daemon.stopped(sim.add())["state"] == "stopped"


def test_a_target_may_go_while_it_is_out(start_daemon, sim, start_sim):
    doomed = start_sim()
    daemon = start_daemon({"default": target(sim), "doomed": target(doomed)}, calls={"max-attempts": 1})
    doomed.fault("http", status=503)
    jobs = [daemon.stop(import_id, target="doomed") for import_id in doomed.add_many(3)]
    daemon.journal.wait("outage-began", target="doomed")
    reload_with(daemon, {"default": target(sim)})
    for job in jobs:
        daemon.journal.wait("job-refused", job=job["id"])
    assert {daemon.job(job["id"])["lastError"]["code"] for job in jobs} == {"TargetRemoved"}


def test_a_target_may_go_while_its_calls_wait_for_the_limiter(start_daemon, sim, start_sim):
    doomed = start_sim()
    daemon = start_daemon({"default": target(sim), "doomed": target(doomed, stop_rate=0.01)})
    daemon.stopped(doomed.add(), target="doomed")
    jobs = [daemon.stop(import_id, target="doomed") for import_id in doomed.add_many(5)]
    reload_with(daemon, {"default": target(sim)})
    for job in jobs:
        daemon.journal.wait("job-refused", job=job["id"])
    assert len(doomed.calls("StopImport")) == 1


def test_a_target_that_comes_back_takes_new_requests(start_daemon, sim):
    daemon = start_daemon({"default": target(sim), "away": target(sim)})
    job = begin(daemon, sim, target="away")
    reload_with(daemon, {"default": target(sim)})
    daemon.journal.wait("job-refused", job=job["id"])
    with pytest.raises(VarlinkError) as caught:
        daemon.stop(job["importId"], target="away")
    assert caught.value.short_name == "TargetNotFound"
    assert caught.value.parameters == {"target": "away"}
    reload_with(daemon, {"default": target(sim), "away": target(sim)})
    again = daemon.stop(job["importId"], target="away")
    assert again["id"] != job["id"]
    finish(daemon, sim, again)


def test_a_target_that_was_removed_before_the_start(start_daemon, sim):
    """The same as by a reload."""
    daemon = start_daemon({"default": target(sim), "doomed": target(sim)})
    job = begin(daemon, sim, target="doomed")
    daemon.terminate()
    daemon.configure({"default": target(sim)})
    daemon.start()
    daemon.journal.wait("job-refused", job=job["id"])
    assert daemon.job(job["id"])["lastError"]["code"] == "TargetRemoved"


# Changed


def test_jobs_go_on_at_the_new_endpoint(daemon, sim, start_sim):
    """As when an import is followed through another network: what was accepted is not asked for again."""
    job = begin(daemon, sim)
    new = start_sim()
    new.add_endless(id=job["importId"])
    reload_with(daemon, {"default": target(new)})
    new.wait_calls(1, "GetImport", job["importId"])
    finish(daemon, new, job)
    assert new.calls("StopImport") == []
    assert len(sim.calls("StopImport")) == 1
    assert daemon.call("ListTargets")["targets"][0]["endpoint"].rstrip("/") == new.url


def test_jobs_go_on_in_the_new_region(daemon, sim):
    job = begin(daemon, sim)
    reload_with(daemon, {"default": target(sim, region="eu-central-1")})
    polls = len(sim.calls("GetImport"))
    calls = sim.wait_calls(polls + 2, "GetImport")
    assert calls[-1]["region"] == "eu-central-1"
    finish(daemon, sim, job)


def test_jobs_go_on_with_the_new_profile(start_daemon, sim, accounts):
    daemon = start_daemon({"default": target(sim, profile="one")}, environment=accounts.environment)
    job = begin(daemon, sim)
    reload_with(daemon, {"default": target(sim, profile="other")})
    polls = len(sim.calls("GetImport"))
    calls = sim.wait_calls(polls + 2, "GetImport")
    assert calls[-1]["accessKey"] == access_key("other")
    finish(daemon, sim, job)
    assert [call["accessKey"] for call in sim.calls("StopImport")] == [access_key("one")]


def test_rotated_keys_are_read_with_a_reload(start_daemon, sim, accounts):
    daemon = start_daemon({"default": target(sim, profile="one")}, environment=accounts.environment)
    daemon.stopped(sim.add())
    accounts.path.write_text(accounts.path.read_text().replace("[one]", "[old]").replace("[other]", "[one]"))
    daemon.reload()
    daemon.stopped(sim.add())
    assert [call["accessKey"] for call in sim.calls("StopImport")] == [access_key("one"), access_key("other")]


def test_the_rates_change(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, stop_rate=1000)})
    daemon.stopped(sim.add())
    reload_with(daemon, {"default": target(sim, stop_rate=0.01)})
    assert_in_turn(daemon, [daemon.stop(import_id) for import_id in sim.add_many(3)], rate=0.01)


@pytest.mark.parametrize("moved", [{"region": "eu-west-1"}, {"profile": "other"}])
def test_a_target_that_is_moved_holds_up_nobody_where_it_was(start_daemon, sim, accounts, moved):
    one = {"profile": "one", "stop_rate": 0.01}
    fast = target(sim, profile="one")
    daemon = start_daemon({"slow": target(sim, **one), "fast": fast}, environment=accounts.environment)
    daemon.stopped(sim.add(), target="slow")
    reload_with(daemon, {"slow": target(sim, **{**one, **moved}), "fast": fast})
    for _ in range(2):
        daemon.stopped(sim.add(), target="fast")


def test_a_stop_on_the_wire_is_not_repeated(start_daemon, sim, start_sim):
    """It ends as it began, and what comes after it is asked of the new endpoint."""
    daemon = start_daemon()
    import_id = sim.add_endless()
    sim.fault("slow", operation="StopImport", delay_seconds=0.5)
    job = daemon.stop(import_id)
    sim.wait_calls(1, "StopImport")
    new = start_sim()
    new.add_endless(id=import_id)
    reload_with(daemon, {"default": target(new)})
    daemon.journal.wait("stop-accepted", job=job["id"])
    new.wait_calls(1, "GetImport", import_id)
    finish(daemon, new, job)
    assert len(sim.calls("StopImport")) == 1 and new.calls("StopImport") == []
    assert daemon.job(job["id"])["attempts"] == 1


def test_reloads_repeat_no_call(daemon, sim):
    sim.fault("slow", operation="StopImport", delay_seconds=0.3)
    jobs = [daemon.stop(import_id) for import_id in sim.add_many(5)]
    sim.wait_calls(5, "StopImport")
    for _ in range(5):
        daemon.reload()
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])
    assert len(sim.calls("StopImport")) == 5


def test_stops_that_wait_for_their_turn_go_to_the_new_endpoint(start_daemon, sim, start_sim):
    """Only what is on the wire already ends as it began."""
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    daemon.stopped(sim.add())
    new = start_sim()
    jobs = [daemon.stop(import_id) for import_id in new.add_many(3)]
    reload_with(daemon, {"default": target(new)})
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])
    assert len(sim.calls("StopImport")) == 1


def test_stops_that_wait_for_their_turn_go_with_the_new_keys(start_daemon, sim, accounts):
    """Those that the old ones were replaced for may be refused for good."""
    daemon = start_daemon({"default": target(sim, profile="one", stop_rate=0.01)}, environment=accounts.environment)
    daemon.stopped(sim.add())
    jobs = [daemon.stop(import_id) for import_id in sim.add_many(3)]
    sim.fault("error", access_key=access_key("one"), status=400, code="AccessDenied")
    reload_with(daemon, {"default": target(sim, profile="other")})
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])


def test_a_target_that_is_out_is_tried_again_at_its_new_endpoint(start_daemon, start_sim, sim):
    gone = start_sim()
    daemon = start_daemon({"default": target(gone)}, calls={"max-attempts": 1})
    gone.close()
    import_id = sim.add()
    job = daemon.stop(import_id)
    daemon.journal.wait("outage-began", target="default")
    reload_with(daemon, {"default": target(sim)})
    daemon.journal.wait("import-stopped", job=job["id"])
    daemon.journal.wait("outage-ended", target="default")


def test_a_target_that_had_no_credentials_has_them_after_a_reload(start_daemon, sim, accounts):
    daemon = start_daemon({"default": target(sim, profile="one")}, environment=accounts.environment)
    right = accounts.path.read_text()
    accounts.path.write_text("[one]\nregion = us-east-1\n")
    daemon.reload()
    job = daemon.stop(sim.add())
    daemon.journal.wait("outage-began", target="default")
    accounts.path.write_text(right)
    daemon.reload()
    daemon.journal.wait("import-stopped", job=job["id"])


def test_a_reload_that_is_refused_changes_no_target(daemon, sim):
    job = begin(daemon, sim)
    daemon.configure({"default": target(sim), "wrong": {**target(sim), "stop-rate": "fast"}})
    daemon.reload()
    daemon.journal.wait("reload-refused")
    assert names(daemon) == ["default"]
    finish(daemon, sim, job)


# Many


def many(sim):
    return {"default": target(sim), **{f"t{number}": target(sim) for number in range(4000)}}


def turns(daemon):
    return daemon.call("GetStatistics")["statistics"]["turns"]


def test_a_reload_of_many_targets_takes_many_short_turns(start_daemon, sim):
    daemon = start_daemon(many(sim))
    for _ in range(2):
        before = turns(daemon)
        daemon.reload()
        assert turns(daemon) - before >= 8
    assert len(names(daemon)) == 4001
    reload_with(daemon, {"default": target(sim)})
    assert names(daemon) == ["default"]
    assert daemon.stopped(sim.add())["state"] == "stopped"


def test_a_reload_while_another_is_under_way_is_not_lost(start_daemon, sim):
    daemon = start_daemon(many(sim))
    for last in ({"late": target(sim)}, many(sim)):
        daemon.signal(signal.SIGHUP)
        daemon.configure({"default": target(sim), **last})
        daemon.signal(signal.SIGHUP)
        sim.wait_until(lambda: set(last) <= set(names(daemon)))
    daemon.configure({"wrong": {"rate": "none"}})
    daemon.reload()
    daemon.journal.wait("reload-refused")
    assert len(names(daemon)) == 4001


def test_the_daemon_may_end_while_it_reloads(new_daemon, sim):
    daemon = new_daemon(many(sim))
    for _ in range(3):
        daemon.start()
        daemon.signal(signal.SIGHUP)
        daemon.terminate()


def test_two_targets_change_places(start_daemon, sim, start_sim):
    other = start_sim()
    daemon = start_daemon({"a": target(sim), "b": target(other)})
    jobs = {name: begin(daemon, place, target=name) for name, place in (("a", sim), ("b", other))}
    for import_id, place in ((jobs["a"]["importId"], other), (jobs["b"]["importId"], sim)):
        place.add_endless(id=import_id)
    reload_with(daemon, {"b": target(sim), "a": target(other)})
    finish(daemon, other, jobs["a"])
    finish(daemon, sim, jobs["b"])
    assert len(sim.calls("StopImport")) == len(other.calls("StopImport")) == 1


def test_reloads_of_everything_while_jobs_run(start_daemon, sim, start_sim):
    """Two states of the configuration, back and forth: every job of a target that stays ends well."""
    other = start_sim()
    for place in (sim, other):
        place.settings(page_size=3)
    first = {"default": target(sim), "b": target(sim), "c": target(sim)}
    second = {"d": target(other), "default": target(other, region="eu-west-1"), "b": target(sim, stop_rate=100)}
    daemon = start_daemon(first)
    ids = sim.add_many(20, stop_polls=10)
    other.control("imports", [{"id": import_id, "stopPolls": 10} for import_id in ids])
    jobs = []
    for number, import_id in enumerate(ids):
        jobs.append(daemon.stop(import_id, target=("default", "b")[number % 2]))
        daemon.configure((second, first)[number % 2])
        daemon.reload()
    for place in (sim, other):
        place.control("imports", [{"id": import_id, "status": "STOPPED"} for import_id in ids])
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])
