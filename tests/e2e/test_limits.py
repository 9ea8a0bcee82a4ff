# SPDX-License-Identifier: Apache-2.0
"""CloudTrail's quotas hold for an account and region, so targets of the same account share one limiter."""

import pytest

from harness.accounts import Accounts, access_key
from harness.credentials import ACCOUNT, Sources
from harness.daemon import assert_in_turn, target
from harness.sim import assert_spaced, new_id

RARELY = 0.01  # calls a second: the second one goes after all that a test does


@pytest.fixture
def accounts(tmp_path, sim):
    accounts = Accounts(tmp_path)
    accounts.open(sim, "one", "other")
    return accounts


def stop_some(daemon, sim, *names, count, **spec):
    """Has so many imports stopped in each target, in turns, and waits until they are."""
    import_ids = iter(sim.add_many(count * len(names), **spec))
    with daemon.connect() as connection:
        jobs = [connection.call("Stop", {"importId": next(import_ids), "target": name})["job"]["id"]
                for _ in range(count) for name in names]
        final = {reply["job"]["id"]: reply["job"]["state"] for reply in connection.call_more("Watch", {"ids": jobs})}
    assert final == dict.fromkeys(jobs, "stopped")


def calls_of(sim, *operations):
    return [call for call in sim.calls() if call["operation"] in operations]


def test_targets_of_one_account_and_region_keep_to_its_quota_together(start_daemon, sim):
    daemon = start_daemon({name: target(sim, stop_rate=RARELY) for name in ("a", "b", "c")})
    daemon.stopped(sim.add(), target="a")
    assert_in_turn(daemon, [daemon.stop(sim.add(), target=name) for name in ("b", "c", "a", "b")], rate=RARELY)


def test_the_same_account_by_other_ways(start_daemon, sim, accounts):
    """The access key names the account, wherever it came from."""
    daemon = start_daemon(
        {"default": target(sim, stop_rate=RARELY), "profile": target(sim, stop_rate=RARELY, profile="same")},
        environment={**accounts.environment, "AWS_CONFIG_FILE": write_profile(accounts, sim)})
    daemon.stopped(sim.add())
    jobs = [daemon.stop(sim.add(), target=name) for name in ("profile", "default")]
    daemon.journal.wait("credentials-obtained", target="profile")
    assert_in_turn(daemon, jobs, rate=RARELY)


def write_profile(accounts, sim):
    """A configuration file whose profile `same` has the keys of the environment."""
    path = accounts.path.with_name("config")
    path.write_text(f"[profile same]\naws_access_key_id = {sim.ACCESS_KEY}\n"
                    f"aws_secret_access_key = {sim.SECRET_KEY}\n")
    return str(path)


def test_the_lowest_rate_of_those_who_share_it_holds(start_daemon, sim):
    daemon = start_daemon({"slow": target(sim, stop_rate=RARELY), "fast": target(sim, stop_rate=1000)})
    daemon.stopped(sim.add(), target="slow")  # from the first call on it is known whose account it is
    assert_in_turn(daemon, [daemon.stop(sim.add(), target="fast") for _ in range(3)], rate=RARELY)


def test_other_accounts_do_not_wait_for_it(start_daemon, sim, accounts):
    daemon = start_daemon({name: target(sim, profile=name, stop_rate=RARELY) for name in ("one", "other")},
                          environment=accounts.environment)
    stop_some(daemon, sim, "one", "other", count=1)


def test_other_regions_do_not_wait_for_it(start_daemon, sim):
    """Also where one endpoint serves them all."""
    regions = ("eu-west-1", "us-east-1")
    daemon = start_daemon({region: target(sim, region=region, stop_rate=RARELY) for region in regions})
    stop_some(daemon, sim, *regions, count=1)


def test_other_endpoints_do_not_wait_for_it(start_daemon, start_sim, sim):
    elsewhere = start_sim()
    daemon = start_daemon({"here": target(sim, stop_rate=RARELY), "there": target(elsewhere, stop_rate=RARELY)})
    for place, name in ((sim, "here"), (elsewhere, "there")):
        daemon.stopped(place.add(), target=name)


def test_questions_and_jobs_share_the_quota_of_reads(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, read_rate=4), "again": target(sim, read_rate=4)})
    job = daemon.stop(sim.add_endless())
    sim.wait_calls(1, "GetImport")
    with daemon.connect() as connection:
        for name in ("default", "again"):
            connection.send("ListImports", {"target": name})
            connection.send("GetImport", {"importId": new_id(), "target": name})
            connection.send("ListImportFailures", {"importId": job["importId"], "target": name})
        for _ in range(6):
            connection.receive()
    assert_spaced(calls_of(sim, "GetImport", "ListImports", "ListImportFailures"), rate=4)


def test_retries_count(start_daemon, sim):
    sim.fault("reset", operation="StopImport", calls=2)
    daemon = start_daemon({name: target(sim, stop_rate=2) for name in ("a", "b")})
    stop_some(daemon, sim, "a", "b", count=1)
    stops = sim.calls("StopImport")
    assert len(stops) == 4
    assert_spaced(stops, rate=2)


@pytest.fixture
def start_role(new_daemon, sim):
    """A factory of daemons whose targets get sessions, each of which has an access key of its own."""
    def start(source="role_of_profile", **targets):
        daemon = new_daemon({})
        sources = Sources(daemon, sim)
        getattr(sources, source)()
        sources.targets(**targets)
        return daemon.start()

    return start


@pytest.mark.parametrize("source", ["role_of_profile", "container"])
def test_renewed_credentials_start_no_new_quota(start_role, sim, source):
    daemon = start_role(source, default={"stop_rate": 2})
    sim.fault("expired-token", operation="StopImport", skip=1, calls=1)
    stop_some(daemon, sim, "default", count=3, owner=ACCOUNT)
    stops = sim.calls("StopImport")
    assert len(stops) == 4
    assert len({call["accessKey"] for call in stops}) == 2
    assert_spaced(stops, rate=2)


def test_sessions_of_one_account_share_its_quota(start_role, sim):
    daemon = start_role(a={"stop_rate": RARELY}, b={"stop_rate": RARELY})
    daemon.stopped(sim.add(owner=ACCOUNT), target="a")
    jobs = [daemon.stop(sim.add(owner=ACCOUNT), target=name) for name in ("b", "a")]
    daemon.journal.wait("credentials-obtained", target="b")
    assert len({session["accessKey"] for session in sim.sessions()}) == 2
    assert_in_turn(daemon, jobs, rate=RARELY)


def test_a_reload_changes_the_rates_of_calls_that_wait(start_daemon, sim):
    daemon = start_daemon({"a": target(sim, stop_rate=RARELY), "b": target(sim, stop_rate=RARELY)})
    daemon.stopped(sim.add(), target="a")
    jobs = [daemon.stop(sim.add(), target=name) for name in "abab"]
    daemon.configure({"a": target(sim, stop_rate=2), "b": target(sim, stop_rate=2)})
    daemon.reload()
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])
    assert_spaced(sim.calls("StopImport"), rate=2)


def test_the_rate_of_a_target_that_is_gone_does_not_hold_any_more(start_daemon, sim):
    daemon = start_daemon({"slow": target(sim, stop_rate=RARELY), "fast": target(sim, stop_rate=20)})
    daemon.stopped(sim.add(), target="slow")
    job = daemon.stop(sim.add(), target="fast")
    sim.wait_calls(1, "StopImport")
    daemon.configure({"fast": target(sim, stop_rate=20)})
    daemon.reload()
    daemon.journal.wait("import-stopped", job=job["id"])


def test_a_reload_starts_no_new_quota(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, stop_rate=2)})
    for _ in range(3):
        daemon.stopped(sim.add())
        daemon.reload()
    assert_spaced(sim.calls("StopImport"), rate=2)


def test_a_reload_starts_no_new_quota_of_a_role(start_role, sim):
    daemon = start_role(default={"stop_rate": 2})
    for _ in range(3):
        daemon.stopped(sim.add(owner=ACCOUNT))
        daemon.reload()
    stops = sim.calls("StopImport")
    assert len({call["accessKey"] for call in stops}) == 3
    assert_spaced(stops, rate=2)


def test_other_keys_after_a_reload_are_another_account(start_daemon, sim, accounts):
    """As when keys are rotated: the limiter of the old ones holds up nobody any more."""
    daemon = start_daemon({"default": target(sim, profile="one", stop_rate=RARELY)}, environment=accounts.environment)
    daemon.stopped(sim.add())
    daemon.configure({"default": target(sim, profile="other", stop_rate=RARELY)})
    daemon.reload()
    daemon.stopped(sim.add())
    assert [call["accessKey"] for call in sim.calls("StopImport")] == [access_key("one"), access_key("other")]


def test_what_jobs_ask_goes_before_what_clients_ask(start_daemon, sim):
    """Nobody's questions, however many, keep a job from being polled."""
    n_questions = 200
    daemon = start_daemon({"default": target(sim, read_rate=20)}, polling={"first": "100ms", "longest": "100ms"})
    asked_about, import_id = sim.add(), sim.add(stop_polls=3)
    with daemon.connect() as connection:
        for _ in range(n_questions):
            connection.send("GetImport", {"importId": asked_about})
        sim.wait_calls(1, "GetImport", asked_about)
        assert daemon.stopped(import_id)["state"] == "stopped"
        # Between polls a few go, at this rate; a process that stands still for a second adds some.
        assert len(sim.calls("GetImport", asked_about)) < n_questions / 2


def test_what_clients_ask_is_answered_beside_many_jobs(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, read_rate=100)}, polling={"first": "10ms", "longest": "10ms"})
    asked_about = sim.add()
    jobs = [daemon.stop(import_id) for import_id in sim.add_many(20, stop_polls=10**6)]
    sim.wait_calls(20, "GetImport")
    assert daemon.call("GetImport", importId=asked_about)["import"]["ImportId"] == asked_about
    assert {daemon.job(job["id"])["state"] for job in jobs} == {"polling"}


def test_questions_that_are_not_answered_leave_connections_to_jobs(start_daemon, sim):
    daemon = start_daemon(calls={"max-connections": 4})
    asked_about = sim.add()
    sim.fault("hang", import_id=asked_about)
    with daemon.connect() as connection:
        for _ in range(100):
            connection.send("GetImport", {"importId": asked_about})
        sim.wait_calls(3, "GetImport", asked_about)
        assert daemon.stopped(sim.add())["state"] == "stopped"
        assert len(sim.calls("GetImport", asked_about)) == 3
