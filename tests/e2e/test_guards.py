# SPDX-License-Identifier: Apache-2.0
"""Guards: the daemon looks by itself for imports that are as a section of its configuration says, and logs or stops them.

Each look but the first is one that a reload brings, so that no test waits for the time between two."""

import os
import time

import pytest

from harness.accounts import Accounts, access_key
from harness.daemon import target

HOUR = 3600
LAKE = "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/"
STOPS = {"cloudtrail": "StopImport", "logs": "CancelImportTask"}

# For each service: options of a guard, an import that is meant, one that is not, what the message says.
OPTIONS = [
    ("cloudtrail", {"older-than": "1h"}, {"created": -2 * HOUR}, {"created": -HOUR / 2}, "old (at least 1h)"),
    ("cloudtrail", {"min-failed-entries": 5}, {"failed_entries": 7}, {"failed_entries": 4},
     "7 failed entries (at least 5)"),
    ("cloudtrail", {"min-events": 10**12}, {"events_completed": 10**12}, {"events_completed": 10**12 - 1},
     f"{10**12} events (at least {10**12})"),
    ("cloudtrail", {"source": "s3://a/*"}, {"source": "s3://a/b/c/"}, {"source": "s3://b/a/"}, "source like s3://a/*"),
    ("cloudtrail", {"destination": LAKE + "a"}, {"destination": LAKE + "a"}, {"destination": LAKE + "b"},
     f"destination {LAKE}a"),
    ("logs", {"older-than": "1h"}, {"created": -2 * HOUR}, {"created": -HOUR / 2}, "old (at least 1h)"),
    ("logs", {"min-bytes": "1K"}, {"bytes_imported": 1024}, {"bytes_imported": 1023}, "1024 bytes (at least 1024)"),
    ("logs", {"source": LAKE + "A*"}, {"source": LAKE + "A-1"}, {"source": LAKE + "a-1"}, f"source like {LAKE}A*"),
]


def spec_of(service, spec):
    created = {"created": round(time.time() + spec["created"], 3)} if "created" in spec else {}
    return {"service": service, **spec, **created}


def running(sim, service="cloudtrail", **spec):
    """An import that runs until it is stopped."""
    return sim.add(**spec_of(service, spec))


def look_again(daemon, sim, options, name="g", targets=None, **spec):
    """A look that a reload brings, of this guard alone: waits until it reports an import that is added for it, and
    returns that import's id."""
    import_id = running(sim, options.get("service", "cloudtrail"), **spec)
    daemon.configure(targets or {"default": target(sim)}, guards={name: options})
    daemon.reload()
    daemon.journal.wait("guard-matched", guard=name, import_id=import_id)
    return import_id


def matched(daemon, **fields):
    return [entry["TRAILSTOP_IMPORT_ID"] for entry in daemon.journal.find("guard-matched", **fields)]


def stops(sim, service="cloudtrail"):
    return [call["importId"] for call in sim.calls(STOPS[service])]


@pytest.mark.parametrize("service, options, meant, other, said", OPTIONS)
def test_reports_what_every_option_describes(start_daemon, sim, service, options, meant, other, said):
    wanted = running(sim, service, **meant)
    running(sim, service, **other)
    daemon = start_daemon(guards={"runaway": {"service": service, **options}})
    entry = daemon.journal.wait("guard-matched")
    assert entry["PRIORITY"] == "4" and entry["TRAILSTOP_GUARD"] == "runaway"
    assert (entry["TRAILSTOP_TARGET"], entry["TRAILSTOP_SERVICE"]) == ("default", service)
    assert entry["TRAILSTOP_IMPORT_ID"] == wanted and said in entry["MESSAGE"]
    look_again(daemon, sim, {"service": service, **options}, name="runaway", **meant)
    assert matched(daemon)[0] == wanted and len(matched(daemon)) == 2
    assert stops(sim, service) == [] and daemon.call("ListJobs")["jobs"] == []


@pytest.mark.parametrize("service, options, meant, other, said", OPTIONS)
def test_stops_what_every_option_describes(start_daemon, sim, service, options, meant, other, said):
    wanted = running(sim, service, **meant)
    running(sim, service, **other)
    daemon = start_daemon(guards={"runaway": {"service": service, "action": "stop", **options}})
    entry = daemon.journal.wait("import-stopped")
    job = daemon.job(entry["TRAILSTOP_JOB"])
    assert job["importId"] == wanted and job["guard"] == entry["TRAILSTOP_GUARD"] == "runaway"
    assert job["requester"] == {"uid": os.getuid(), "gid": os.getgid(), "pid": daemon.process.pid}
    assert said in job["reason"] and "guard runaway" in entry["MESSAGE"]
    assert {call for call in stops(sim, service)} == {wanted}
    for event in ("request-accepted", "stop-accepted"):
        assert daemon.journal.find(event, job=job["id"])[0]["TRAILSTOP_GUARD"] == "runaway"


def test_all_that_is_set_must_hold(start_daemon, sim):
    meant = {"created": -2 * HOUR, "failed_entries": 9, "events_completed": 9, "source": "s3://a/b"}
    others = {"created": -HOUR / 2, "failed_entries": 1, "events_completed": 1, "source": "s3://z/b"}
    for name, value in others.items():
        running(sim, **{**meant, name: value})
    wanted = running(sim, **meant)
    options = {"older-than": "1h", "min-failed-entries": 9, "min-events": 9, "source": "s3://a/*"}
    daemon = start_daemon(guards={"g": options})
    daemon.journal.wait("guard-matched", import_id=wanted)
    second = look_again(daemon, sim, options, **meant)
    assert matched(daemon) == [wanted, second]


def test_a_match_is_logged_once_however_often_it_is_seen(start_daemon, sim):
    options = {"g": {"min-events": 5}, "h": {"min-failed-entries": 1}}
    wanted = running(sim, events_completed=5, failed_entries=1)
    daemon = start_daemon(guards=options)
    for guard in options:
        daemon.journal.wait("guard-matched", guard=guard)
    for _ in range(2):
        seen = look_again(daemon, sim, {"min-events": 5}, events_completed=6)
    assert seen in matched(daemon, guard="g")
    assert matched(daemon, guard="g").count(wanted) == matched(daemon, guard="h").count(wanted) == 1


def test_what_matches_again_is_logged_again(start_daemon, sim):
    guard = {"min-events": 5}
    import_id = running(sim, events_completed=5)
    daemon = start_daemon(guards={"g": guard})
    daemon.journal.wait("guard-matched", import_id=import_id)
    sim.finish(import_id)
    look_again(daemon, sim, guard, events_completed=5)
    # The target of a look is forgotten at its end, which comes before the next one begins.
    look_again(daemon, sim, guard, events_completed=5)
    sim.add(id=import_id, events_completed=5)
    look_again(daemon, sim, guard, events_completed=5)
    daemon.journal.wait("guard-matched", count=2, import_id=import_id)


def test_only_imports_that_run_are_meant(start_daemon, sim):
    for status in ("STOPPED", "COMPLETED", "FAILED"):
        sim.add(status=status, events_completed=9)
    wanted = running(sim, events_completed=9)
    daemon = start_daemon(guards={"g": {"min-events": 5, "action": "stop"}})
    daemon.journal.wait("import-stopped")
    assert matched(daemon) == stops(sim) == [wanted]


def test_a_job_under_way_is_not_asked_for_again(start_daemon, sim):
    options = {"min-events": 5, "action": "stop"}
    import_id = sim.add_endless(events_completed=9)
    daemon = start_daemon(guards={"g": options})
    daemon.journal.wait("stop-accepted", import_id=import_id)
    for _ in range(2):
        look_again(daemon, sim, options, events_completed=9)
    assert stops(sim).count(import_id) == 1
    assert daemon.journal.find("request-joined") == []
    assert len([job for job in daemon.call("ListJobs")["jobs"] if job["importId"] == import_id]) == 1


def test_what_another_has_asked_for_keeps_its_requester(start_daemon, sim):
    daemon = start_daemon()
    job = daemon.stop(sim.add_endless(events_completed=9))
    daemon.journal.wait("stop-accepted", job=job["id"])
    look_again(daemon, sim, {"min-events": 5, "action": "stop"}, events_completed=9)
    assert "guard" not in daemon.job(job["id"])
    assert daemon.journal.find("request-joined") == []


def test_a_refused_stop_is_asked_for_again_with_the_next_look(start_daemon, sim):
    options = {"min-events": 5, "action": "stop"}
    import_id = running(sim, events_completed=9)
    sim.fault("error", operation="StopImport", calls=1, code="AccessDeniedException", status=400)
    daemon = start_daemon(guards={"g": options})
    daemon.journal.wait("job-refused", import_id=import_id)
    look_again(daemon, sim, options, events_completed=9)
    daemon.journal.wait("import-stopped", import_id=import_id)
    assert matched(daemon).count(import_id) == 1


@pytest.fixture
def two_accounts(tmp_path, sim):
    accounts = Accounts(tmp_path)
    accounts.open(sim, "one", "other")
    return accounts


def test_only_its_targets_are_looked_at(start_daemon, sim, two_accounts):
    targets = {name: target(sim, profile=name) for name in ("one", "other")}
    running(sim, events_completed=9, owner=access_key("one"))
    wanted = running(sim, events_completed=9, owner=access_key("other"))
    options = {"targets": "other", "min-events": 5}
    daemon = start_daemon(targets, environment=two_accounts.environment, guards={"g": options})
    daemon.journal.wait("guard-matched", import_id=wanted)
    second = look_again(daemon, sim, options, targets=targets, events_completed=9, owner=access_key("other"))
    assert matched(daemon) == [wanted, second]
    assert {entry["TRAILSTOP_TARGET"] for entry in daemon.journal.find("guard-matched")} == {"other"}


def test_all_targets_are_looked_at_unless_some_are_named(start_daemon, sim, two_accounts):
    targets = {name: target(sim, profile=name) for name in ("one", "other")}
    imports = {name: running(sim, events_completed=9, owner=access_key(name)) for name in targets}
    daemon = start_daemon(targets, environment=two_accounts.environment,
                          guards={"g": {"min-events": 5, "action": "stop"}})
    for name, import_id in imports.items():
        daemon.journal.wait("guard-matched", import_id=import_id, target=name)
        daemon.journal.wait("import-stopped", import_id=import_id, target=name)


def test_targets_of_one_account_stop_an_import_once(start_daemon, sim):
    targets = {name: target(sim) for name in ("a", "b", "c", "d", "e", "f")}
    options = {"min-events": 5, "action": "stop"}
    import_id = sim.add_endless(events_completed=9)
    daemon = start_daemon(targets, guards={"g": options})
    daemon.journal.wait("stop-accepted", import_id=import_id)
    look_again(daemon, sim, options, targets=targets, events_completed=9)
    assert matched(daemon).count(import_id) == stops(sim).count(import_id) == 1


@pytest.mark.parametrize("status, skip", [("IN_PROGRESS", 0), ("INITIALIZING", 1)])
def test_nothing_is_stopped_where_a_list_failed(start_daemon, sim, start_sim, status, skip):
    """Whichever of its lists it was. The other targets of the guard are seen to all the same."""
    good = start_sim()
    targets = {"default": target(sim), "good": target(good)}
    running(sim, events_completed=9, status=status)
    other = running(good, events_completed=9)
    sim.fault("error", operation="ListImports", skip=skip, code="AccessDeniedException", status=400)
    daemon = start_daemon(targets, guards={"g": {"min-events": 5, "action": "stop"}})
    entry = daemon.journal.wait("guard-failed")
    assert entry["TRAILSTOP_GUARD"] == "g" and entry["TRAILSTOP_TARGET"] == "default"
    assert entry["TRAILSTOP_AWS_ERROR"] == "AccessDeniedException" and "stops none of them" in entry["MESSAGE"]
    daemon.journal.wait("import-stopped", import_id=other)
    seen = len(sim.calls("ListImports"))
    daemon.reload()
    sim.wait_calls(seen + 1, "ListImports")
    assert stops(sim) == [] and matched(daemon) == [other]
    sim.clear_faults()
    daemon.reload()
    daemon.journal.wait("import-stopped", target="default")
    assert len(daemon.journal.find("guard-failed")) == 1


def test_an_import_that_cannot_be_looked_at_holds_up_no_other(start_daemon, sim):
    odd = running(sim, events_completed=9)
    good = running(sim, events_completed=9)
    sim.fault("error", operation="GetImport", import_id=odd, code="AccessDeniedException", status=400)
    daemon = start_daemon(guards={"g": {"min-events": 5, "action": "stop"}})
    daemon.journal.wait("import-stopped", import_id=good)
    entry = daemon.journal.wait("guard-failed")
    assert "could not deal with all imports" in entry["MESSAGE"] and stops(sim) == [good]


def test_a_reload_takes_a_guard_away_and_changes_one(start_daemon, sim):
    first = running(sim, events_completed=9)
    daemon = start_daemon(guards={"g": {"min-events": 5}, "gone": {"min-events": 5}})
    daemon.journal.wait("guard-matched", guard="gone")
    daemon.journal.wait("guard-matched", guard="g")
    second = look_again(daemon, sim, {"min-events": 5, "action": "stop"}, events_completed=9)
    for import_id in (first, second):
        daemon.journal.wait("import-stopped", import_id=import_id)
    assert matched(daemon, guard="gone") == [first] and matched(daemon, guard="g") == [first, second]


def test_a_wrong_guard_keeps_the_old_configuration(start_daemon, sim):
    daemon = start_daemon(guards={"g": {"min-events": 5}})
    daemon.configure({"default": target(sim)}, guards={"g": {"min-events": 5, "targets": "nowhere"}})
    daemon.reload()
    entry = daemon.journal.wait("reload-refused")
    assert 'there is no target "nowhere"' in entry["MESSAGE"] and f"{daemon.config}:" in entry["MESSAGE"]


def test_shutdown_in_the_middle_of_a_look(start_daemon, sim):
    running(sim, events_completed=9)
    sim.fault("hang", operation="ListImports")
    daemon = start_daemon(guards={"g": {"min-events": 5, "action": "stop"}})
    sim.wait_calls(1, "ListImports")
    daemon.terminate()


def test_reload_in_the_middle_of_a_look(start_daemon, sim):
    running(sim, events_completed=9)
    sim.fault("hang", operation="ListImports")
    daemon = start_daemon(guards={"g": {"min-events": 5, "action": "stop"}})
    sim.wait_calls(1, "ListImports")
    sim.clear_faults()
    daemon.reload()
    daemon.journal.wait("import-stopped")


def test_the_guard_of_a_job_survives_a_crash(start_daemon, sim):
    import_id = sim.add_endless(events_completed=9)
    daemon = start_daemon(guards={"g": {"min-events": 5, "action": "stop"}})
    entry = daemon.journal.wait("stop-accepted", import_id=import_id)
    daemon.kill()
    daemon.configure({"default": target(sim)})
    daemon.start()
    sim.finish(import_id)
    end = daemon.journal.wait("import-stopped", import_id=import_id)
    assert end["TRAILSTOP_JOB"] == entry["TRAILSTOP_JOB"] and end["TRAILSTOP_GUARD"] == "g"
    assert daemon.job(end["TRAILSTOP_JOB"])["guard"] == "g"
