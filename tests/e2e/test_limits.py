"""CloudTrail's quotas hold for an account and region, so targets of the same account share one limiter."""

import pytest

from harness.accounts import Accounts, access_key
from harness.credentials import ACCOUNT, Sources
from harness.daemon import target
from harness.sim import assert_spaced, new_id

IMPORTS = 5  # for each target


@pytest.fixture
def accounts(tmp_path, sim):
    accounts = Accounts(tmp_path)
    accounts.open(sim, "one", "other")
    return accounts


def stop_some(daemon, sim, *names, count=IMPORTS, **spec):
    """Has so many imports stopped in each target, in turns, and waits until they are."""
    import_ids = iter(sim.add_many(count * len(names), **spec))
    with daemon.connect() as connection:
        jobs = [connection.call("Stop", {"importId": next(import_ids), "target": name})["job"]["id"]
                for _ in range(count) for name in names]
        final = {reply["job"]["id"]: reply["job"]["state"] for reply in connection.call_more("Watch", {"ids": jobs})}
    assert final == dict.fromkeys(jobs, "stopped")


def calls_of(sim, *operations):
    return [call for call in sim.calls() if call["operation"] in operations]


def seconds(calls):
    return (calls[-1]["receivedUsec"] - calls[0]["receivedUsec"]) / 1e6


def test_targets_of_one_account_and_region_keep_to_its_quota_together(start_daemon, sim):
    daemon = start_daemon({name: target(sim, stop_rate=20, read_rate=50) for name in ("a", "b", "c")})
    stop_some(daemon, sim, "a", "b", "c")
    assert_spaced(sim.calls("StopImport"), rate=20)
    assert_spaced(sim.calls("GetImport"), rate=50)
    # Fifteen at 20 a second: 14 intervals, where each for itself would have taken 4.
    assert seconds(sim.calls("StopImport")) >= 14 / 20 - 0.05


def test_the_same_account_by_other_ways(start_daemon, sim, accounts):
    """The access key tells the account, wherever it came from."""
    daemon = start_daemon(
        {"default": target(sim, stop_rate=20), "profile": target(sim, stop_rate=20, profile="same")},
        environment={**accounts.environment, "AWS_CONFIG_FILE": write_profile(accounts, sim)})
    stop_some(daemon, sim, "default", "profile")
    assert len({call["accessKey"] for call in sim.calls()}) == 1
    assert_spaced(sim.calls("StopImport"), rate=20)


def write_profile(accounts, sim):
    """A configuration file whose profile `same` has the keys of the environment."""
    path = accounts.path.with_name("config")
    path.write_text(f"[profile same]\naws_access_key_id = {sim.ACCESS_KEY}\n"
                    f"aws_secret_access_key = {sim.SECRET_KEY}\n")
    return str(path)


def test_the_lowest_rate_of_those_who_share_it_holds(start_daemon, sim):
    daemon = start_daemon({"slow": target(sim, stop_rate=10, read_rate=40),
                           "fast": target(sim, stop_rate=1000, read_rate=20)})
    daemon.stopped(sim.add(), target="slow")  # from the first call on it is known whose account it is
    stop_some(daemon, sim, "fast", count=8)
    assert_spaced(sim.calls("StopImport"), rate=10)
    assert_spaced(sim.calls("GetImport"), rate=20)
    assert seconds(sim.calls("StopImport")) >= 8 / 10 - 0.05


def test_other_accounts_do_not_wait_for_it(start_daemon, sim, accounts):
    daemon = start_daemon({"one": target(sim, profile="one", stop_rate=2),
                           "other": target(sim, profile="other", stop_rate=2)}, environment=accounts.environment)
    stop_some(daemon, sim, "one", "other", count=3)
    for name in ("one", "other"):
        assert_spaced([call for call in sim.calls("StopImport") if call["accessKey"] == access_key(name)], rate=2)
    # Two for each, half a second apart, at the same time: one quota for both would have taken 2.5 s.
    assert seconds(sim.calls("StopImport")) < 2


def test_other_endpoints_do_not_wait_for_it(start_daemon, start_sim, sim):
    elsewhere = start_sim()
    daemon = start_daemon({"here": target(sim, stop_rate=2), "there": target(elsewhere, stop_rate=2)})
    for place, name in ((sim, "here"), (elsewhere, "there")):
        for import_id in place.add_many(3):
            daemon.stop(import_id, target=name)
    daemon.journal.wait("import-stopped", count=6)
    calls = sim.calls("StopImport") + elsewhere.calls("StopImport")
    assert seconds(sorted(calls, key=lambda call: call["receivedUsec"])) < 2


def test_questions_and_jobs_share_the_quota_of_reads(start_daemon, sim):
    sim.settings(page_size=1)
    daemon = start_daemon({"default": target(sim, read_rate=20), "again": target(sim, read_rate=20)})
    job = daemon.stop(sim.add_endless())
    sim.wait_calls(1, "GetImport")
    sim.add_many(4)
    with daemon.connect() as connection:
        for name in ("default", "again"):
            connection.send("ListImports", {"target": name})
            connection.send("GetImport", {"importId": new_id(), "target": name})
            connection.send("ListImportFailures", {"importId": job["importId"], "target": name})
        for _ in range(6):
            connection.receive()
    reads = calls_of(sim, "GetImport", "ListImports", "ListImportFailures")
    assert len(sim.calls("ListImports")) == 10
    assert_spaced(reads, rate=20)


def test_retries_count(start_daemon, sim):
    sim.fault("reset", operation="StopImport", calls=2)
    daemon = start_daemon({name: target(sim, stop_rate=10) for name in ("a", "b")})
    stop_some(daemon, sim, "a", "b", count=2)
    stops = sim.calls("StopImport")
    assert len(stops) == 6
    assert_spaced(stops, rate=10)


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
def test_renewed_credentials_start_no_quota_anew(start_role, sim, source):
    daemon = start_role(source, default={"stop_rate": 4})
    sim.fault("expired-token", operation="StopImport", skip=2, calls=1)
    stop_some(daemon, sim, "default", count=6, owner=ACCOUNT)
    stops = sim.calls("StopImport")
    assert len(stops) == 7
    assert len({call["accessKey"] for call in stops}) == 2
    assert_spaced(stops, rate=4)


def test_sessions_of_one_account_share_its_quota(start_role, sim):
    daemon = start_role(a={"stop_rate": 10}, b={"stop_rate": 10})
    stop_some(daemon, sim, "a", "b", owner=ACCOUNT)
    stops = sim.calls("StopImport")
    assert len({call["accessKey"] for call in stops}) == 2
    assert_spaced(stops, rate=10)


def test_a_reload_changes_the_rates_of_calls_that_wait(start_daemon, sim):
    daemon = start_daemon({"a": target(sim, stop_rate=0.01), "b": target(sim, stop_rate=0.01)})
    first, *waiting = sim.add_many(6)
    daemon.stopped(first, target="a")
    jobs = [daemon.stop(import_id, target=name) for import_id, name in zip(waiting, "ababa")]
    daemon.configure({"a": target(sim, stop_rate=20), "b": target(sim, stop_rate=20)})
    daemon.reload()
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])
    assert_spaced(sim.calls("StopImport"), rate=20)


def test_the_rate_of_a_target_that_is_gone_does_not_hold_any_more(start_daemon, sim):
    daemon = start_daemon({"slow": target(sim, stop_rate=0.01), "fast": target(sim, stop_rate=20)})
    daemon.stopped(sim.add(), target="slow")
    job = daemon.stop(sim.add(), target="fast")
    sim.wait_calls(1, "StopImport")
    daemon.configure({"fast": target(sim, stop_rate=20)})
    daemon.reload()
    daemon.journal.wait("import-stopped", job=job["id"])


def test_a_reload_starts_no_quota_anew(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, stop_rate=2)})
    for _ in range(3):
        daemon.stopped(sim.add())
        daemon.reload()
    assert_spaced(sim.calls("StopImport"), rate=2)


def test_a_reload_starts_no_quota_of_a_role_anew(start_role, sim):
    daemon = start_role(default={"stop_rate": 2})
    for _ in range(3):
        daemon.stopped(sim.add(owner=ACCOUNT))
        daemon.reload()
    stops = sim.calls("StopImport")
    assert len({call["accessKey"] for call in stops}) == 3
    assert_spaced(stops, rate=2)


def test_other_keys_after_a_reload_are_another_account(start_daemon, sim, accounts):
    """As when keys are rotated: the limiter of the old ones holds up nobody any more."""
    daemon = start_daemon({"default": target(sim, profile="one", stop_rate=0.01)}, environment=accounts.environment)
    daemon.stopped(sim.add())
    daemon.configure({"default": target(sim, profile="other", stop_rate=0.01)})
    daemon.reload()
    daemon.stopped(sim.add())
    assert [call["accessKey"] for call in sim.calls("StopImport")] == [access_key("one"), access_key("other")]
