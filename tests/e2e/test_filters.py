# SPDX-License-Identifier: Apache-2.0
"""StopAll by filters, each alone and together, and what a rehearsal shows: every import as GetImport describes it."""

import time

import pytest

from harness.daemon import target
from harness.sim import NEVER
from harness.varlink import SERVICE

HOUR = 3600
LOGS = {"service": "logs"}
LAKE = "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/"
GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:"

# For each service: filters, an import that they hold for, one that they do not hold for.
FILTERS = [
    ("cloudtrail", {"olderThan": HOUR}, {"created": -2 * HOUR}, {"created": -HOUR / 2}),
    ("cloudtrail", {"minFailedEntries": 5}, {"failed_entries": 5}, {"failed_entries": 4}),
    ("cloudtrail", {"minEvents": 10**12}, {"events_completed": 10**12}, {"events_completed": 10**12 - 1}),
    ("cloudtrail", {"source": "s3://a/*"}, {"source": "s3://a/b/c/"}, {"source": "s3://b/a/"}),
    ("cloudtrail", {"source": "s3://[ab]/?"}, {"source": "s3://b/x"}, {"source": "s3://b/xy"}),
    ("cloudtrail", {"source": "s3://?/[üß]"}, {"source": "s3://日/ü"}, {"source": "s3://日本/ü"}),
    ("logs", {"olderThan": HOUR}, {"created": -2 * HOUR}, {"created": -HOUR / 2}),
    ("logs", {"minBytes": 2**40}, {"bytes_imported": 2**40}, {"bytes_imported": 2**40 - 1}),
    ("logs", {"source": LAKE + "A*"}, {"source": LAKE + "A-1"}, {"source": LAKE + "a-1"}),
]


def spec_of(service, spec):
    created = {"created": round(time.time() + spec["created"], 3)} if "created" in spec else {}
    return {"service": service, **spec, **created}


def found(reply):
    return {item.get("ImportId", item.get("importId")) for item in [*reply["imports"], *reply["tasks"]]}


def job_ids(reply):
    return {job["importId"] for job in reply["jobs"]}


def wait_stopped(daemon, reply):
    for job in reply["jobs"]:
        daemon.journal.wait("import-stopped", job=job["id"])


def stopped(sim):
    return {call["importId"] for call in sim.calls() if call["operation"] in ("StopImport", "CancelImportTask")}


def looks(sim):
    return [call["importId"] for call in sim.calls("GetImport")]


@pytest.mark.parametrize("service, filters, meant, other", FILTERS)
def test_only_what_a_filter_holds_for_is_stopped(daemon, sim, service, filters, meant, other):
    wanted = {*sim.add_many(2, **spec_of(service, meant))}
    sim.add(**spec_of(service, other))
    rehearsed = daemon.call("StopAll", service=service, dryRun=True, **filters)
    assert found(rehearsed) == wanted and rehearsed["jobs"] == rehearsed["failures"] == []
    reply = daemon.call("StopAll", service=service, **filters)
    assert found(reply) == job_ids(reply) == wanted and reply["failures"] == []
    wait_stopped(daemon, reply)
    assert stopped(sim) == wanted


def test_all_filters_must_hold(daemon, sim):
    meant = {"created": -2 * HOUR, "failed_entries": 9, "events_completed": 9, "source": "s3://a/b", "destination": LAKE + "a"}
    others = {"created": -HOUR / 2, "failed_entries": 1, "events_completed": 1, "source": "s3://z/b",
              "destination": LAKE + "b"}
    wanted = sim.add(**spec_of("cloudtrail", meant))
    for name, value in others.items():
        sim.add(**spec_of("cloudtrail", {**meant, name: value}))
    reply = daemon.call("StopAll", olderThan=HOUR, minFailedEntries=9, minEvents=9, source="s3://a/*",
                        destination=LAKE + "a")
    assert found(reply) == job_ids(reply) == {wanted}
    wait_stopped(daemon, reply)
    assert stopped(sim) == {wanted}


def test_all_filters_of_logs_must_hold(daemon, sim):
    meant = {"created": -2 * HOUR, "bytes_imported": 9, "source": LAKE + "a", "destination": GROUP + "a"}
    others = {"created": -HOUR / 2, "bytes_imported": 8, "source": LAKE + "b", "destination": GROUP + "b"}
    wanted = sim.add(**spec_of("logs", meant))
    for name, value in others.items():
        sim.add(**spec_of("logs", {**meant, name: value}))
    reply = daemon.call("StopAll", olderThan=HOUR, minBytes=9, source="*/a", destination=GROUP + "a", **LOGS)
    assert found(reply) == job_ids(reply) == {wanted}
    wait_stopped(daemon, reply)


@pytest.mark.parametrize("filters", [{"olderThan": 0}, {"minEvents": 0}, {"minFailedEntries": 0}, {"source": "*"}])
def test_what_AWS_leaves_out_counts_as_nothing(daemon, sim, filters):
    wanted = sim.add(omit=["ImportStatistics", "ImportSource", "CreatedTimestamp"])
    assert found(daemon.call("StopAll", dryRun=True, **filters)) == {wanted}


@pytest.mark.parametrize("filters", [{"olderThan": 1}, {"minEvents": 1}, {"minFailedEntries": 1}, {"source": "s*"}])
def test_what_AWS_leaves_out_is_not_enough(daemon, sim, filters):
    sim.add(omit=["ImportStatistics", "ImportSource", "CreatedTimestamp"])
    assert found(daemon.call("StopAll", dryRun=True, **filters)) == set()


def test_a_rehearsal_shows_imports_whole(daemon, sim):
    sim.add(source="s3://a/b/", failed_entries=3, events_completed=4)
    shown, = daemon.call("StopAll", dryRun=True)["imports"]
    assert shown["ImportSource"]["S3"]["S3LocationUri"] == "s3://a/b/"
    assert shown["ImportStatistics"]["FailedEntries"] == 3 and shown["ImportStatistics"]["EventsCompleted"] == 4
    sim.add(source=LAKE + "x", bytes_imported=5, **LOGS)
    task, = daemon.call("StopAll", dryRun=True, **LOGS)["tasks"]
    assert task["importSourceArn"] == LAKE + "x" and task["importStatistics"] == {"bytesImported": 5}


def test_imports_stopped_by_a_filter_are_shown_whole(daemon, sim):
    sim.add(failed_entries=3)
    reply = daemon.call("StopAll", minFailedEntries=1)
    assert reply["imports"][0]["ImportStatistics"]["FailedEntries"] == 3
    wait_stopped(daemon, reply)


def test_none_is_looked_at_where_nothing_asks_for_it(daemon, sim):
    sim.add(stop_polls=0)
    reply = daemon.call("StopAll", destination=None, olderThan=None, source=None)
    wait_stopped(daemon, reply)
    first = next(call["operation"] for call in sim.calls() if call["operation"] != "ListImports")
    assert first == "StopImport"


def test_each_is_looked_at_once(daemon, sim):
    sim.settings(page_size=3)
    running = [*sim.add_many(10), *sim.add_many(5, status="INITIALIZING")]
    reply = daemon.call("StopAll", dryRun=True)
    assert found(reply) == {*running}
    assert sorted(looks(sim)) == sorted(running)


def test_an_import_that_has_ended_meanwhile_is_left_alone(daemon, sim):
    ended, running = sim.add(), sim.add()
    sim.fault("http", operation="GetImport", import_id=ended, status=200, content_type="application/x-amz-json-1.1",
              body='{"ImportId":"%s","ImportStatus":"COMPLETED"}' % ended)
    reply = daemon.call("StopAll", minEvents=0)
    assert job_ids(reply) == {running}
    wait_stopped(daemon, reply)


@pytest.mark.parametrize("service, parameter", [
    ("cloudtrail", "minBytes"), ("logs", "minEvents"), ("logs", "minFailedEntries")])
@pytest.mark.parametrize("value", [0, 1])
def test_a_filter_that_the_service_does_not_have(daemon, sim, service, parameter, value):
    sim.add(service=service)
    for order in ({"service": service, parameter: value}, {parameter: value, "service": service}):
        with daemon.connect() as connection:
            assert connection.refusal("StopAll", order) == (f"{SERVICE}.InvalidParameter", {"parameter": parameter})
    assert sim.calls() == []


@pytest.mark.parametrize("parameter, value", [
    *[(name, value) for name in ("olderThan", "minEvents", "minFailedEntries") for value in (-1, "1", 1.5, True, -2**63)],
    ("source", ""), ("source", 1), ("source", "a\0b"), ("source", "x" * 2049),
])
def test_what_is_not_a_filter(daemon, sim, parameter, value):
    sim.add()
    with daemon.connect() as connection:
        assert connection.refusal("StopAll", {parameter: value}) == (
            f"{SERVICE}.InvalidParameter", {"parameter": parameter})
    assert sim.calls() == []


@pytest.mark.parametrize("parameter", ["olderThan", "minEvents", "minFailedEntries"])
def test_the_largest_number_is_one(daemon, sim, parameter):
    sim.add()
    assert found(daemon.call("StopAll", **{parameter: 2**63 - 1})) == set()


def test_a_pattern_that_is_hard_to_match_costs_no_time(daemon, sim):
    sim.add(source="s3://" + "a" * 1000)
    assert found(daemon.call("StopAll", source="s3://" + "*a" * 1000 + "b")) == set()


# What fails


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("service, look", [("cloudtrail", "GetImport"), ("logs", "DescribeImportTasks")])
def test_an_import_that_cannot_be_looked_at_is_a_failure_that_names_it(daemon, sim, service, look, dry_run):
    bad, good = sim.add_many(2, service=service)
    sim.fault("error", operation=look, import_id=bad, status=400, code="AccessDeniedException", message="Not yours")
    reply = daemon.call("StopAll", service=service, olderThan=0, dryRun=dry_run)
    assert found(reply) == {good} and job_ids(reply) == (set() if dry_run else {good})
    failure, = reply["failures"]
    assert failure["target"] == "default" and failure["cause"]["code"] == "AccessDeniedException"
    assert bad in failure["cause"]["message"] and "Not yours" in failure["cause"]["message"]
    wait_stopped(daemon, reply)
    assert bad not in stopped(sim)


def test_each_of_several_that_cannot_be_looked_at_is_named(daemon, sim):
    running = sim.add_many(9)
    sim.fault("error", operation="GetImport", status=400, code="AccessDenied", message="No")
    reply = daemon.call("StopAll", dryRun=True)
    assert found(reply) == set() and len(reply["failures"]) == 9
    assert all(any(import_id in failure["cause"]["message"] for failure in reply["failures"]) for import_id in running)


def test_a_target_removed_while_its_imports_are_looked_at(start_daemon, sim):
    daemon = start_daemon({"default": target(sim), "other": target(sim)})
    sim.add_many(20)
    sim.fault("hang", operation="GetImport", calls=4)
    with daemon.connect() as connection:
        connection.send("StopAll", {"targets": ["other"], "dryRun": True})
        sim.wait_calls(4, "GetImport")
        daemon.configure({"default": target(sim)})
        daemon.reload()
        reply = connection.reply()
    assert [failure["cause"]["code"] for failure in reply["failures"]] == ["TargetRemoved"]
    assert len(reply["imports"]) == 4, "looks under way end as they began"


def test_a_failure_of_a_target_stands_beside_those_of_its_imports(start_daemon, sim):
    daemon = start_daemon(daemon={"max-jobs": 1})
    bad, *_ = sim.add_many(4, stop_polls=NEVER)
    sim.fault("error", operation="GetImport", import_id=bad, status=400, code="AccessDenied", message="No")
    reply = daemon.call("StopAll", olderThan=0)
    assert sorted(failure["cause"]["code"] for failure in reply["failures"]) == ["AccessDenied", "QueueFull"]
    assert len(found(reply)) == 3 and len(reply["jobs"]) == 1


def test_looks_are_few_at_a_time_and_end_with_a_rehearsals_client(daemon, sim):
    sim.add_many(50)
    sim.fault("hang", operation="GetImport")
    connection = daemon.connect()
    connection.send("StopAll", {"dryRun": True})
    assert len(sim.wait_calls(4, "GetImport")) == 4
    connection.close()
    job = daemon.stop(sim.add(stop_polls=0))
    daemon.journal.wait("stop-accepted", job=job["id"])
    assert len(looks(sim)) <= 4 + 1, "four of the rehearsal, and a poll of the job"


def test_what_was_asked_for_stands_when_the_client_has_gone(daemon, sim):
    running = {*sim.add_many(3, failed_entries=1)}
    sim.fault("slow", operation="GetImport", delay_seconds=0.2, calls=3)
    connection = daemon.connect()
    connection.send("StopAll", {"minFailedEntries": 1})
    sim.wait_calls(1, "GetImport")
    connection.close()
    daemon.journal.wait("import-stopped", count=3)
    assert stopped(sim) == running


def test_others_are_served_while_imports_are_looked_at(daemon, sim):
    sim.add_many(9)
    sim.fault("hang", operation="GetImport", calls=4)
    with daemon.connect() as waiting:
        waiting.send("StopAll", {"dryRun": True})
        sim.wait_calls(4, "GetImport")
        assert daemon.stopped(sim.add())["state"] == "stopped"
        waiting.assert_silent()


@pytest.mark.parametrize("service, filters", [("cloudtrail", {}), ("cloudtrail", {"minEvents": 0}), ("logs", {})])
@pytest.mark.parametrize("count", [5, 150])
def test_imports_that_there_is_no_room_for_are_named(start_daemon, sim, service, filters, count):
    """The first hundred of them; that they are not among the jobs shows the others."""
    daemon = start_daemon(daemon={"max-jobs": 2})
    running = {*sim.add_many(count, stop_polls=NEVER, service=service)}
    reply = daemon.call("StopAll", service=service, **filters)
    assert found(reply) == running and len(reply["jobs"]) == 2
    failure, = reply["failures"]
    assert (failure["target"], failure["cause"]["code"]) == ("default", "QueueFull")
    named = {import_id for import_id in running if import_id in failure["cause"]["message"]}
    assert len(named) == min(count - 2, 100) and not named & job_ids(reply)
    assert failure["cause"]["message"].endswith(" and 48 more") == (count == 150)
