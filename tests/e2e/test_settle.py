# SPDX-License-Identifier: Apache-2.0
"""Final statistics: AWS's lag behind right after a stop, and are brought up to date some time later."""

import pytest

from harness.varlink import VarlinkError

SETTLE = {"settle": "100ms"}
GETS = {"cloudtrail": "GetImport", "logs": "DescribeImportTasks"}


def settled(daemon, job):
    daemon.journal.wait("statistics-settled", job=job["id"])
    return daemon.job(job["id"])


def test_job_and_journal_get_the_final_statistics(start_daemon, sim):
    daemon = start_daemon(polling=SETTLE)
    job = daemon.stopped(sim.add(events_completed="0..5000", settle_polls=1))
    early = job["import"]["ImportStatistics"]["EventsCompleted"]
    after = settled(daemon, job)
    assert early < after["import"]["ImportStatistics"]["EventsCompleted"] == 5000
    entry = daemon.journal.wait("statistics-settled")
    assert entry["TRAILSTOP_EVENTS_COMPLETED"] == "5000" and "5000 events" in entry["MESSAGE"]
    assert after["state"] == "stopped" and after["finishedAt"] == job["finishedAt"]
    assert after["polls"] == job["polls"] + 1


def test_of_a_task_too(start_daemon, sim):
    daemon = start_daemon(polling=SETTLE)
    job = daemon.stopped(sim.add(bytes_imported="0..5000", settle_polls=1, service="logs"), service="logs")
    assert settled(daemon, job)["task"]["importStatistics"]["bytesImported"] == 5000


def test_whoever_watches_all_jobs_sees_it(start_daemon, sim):
    daemon = start_daemon(polling=SETTLE)
    with daemon.connect() as watcher:
        watcher.send("Watch", more=True)
        job = daemon.stopped(sim.add(events_completed="0..5000", settle_polls=1))
        settled(daemon, job)
        while True:
            seen = watcher.receive()["parameters"]["job"]
            if seen.get("import", {}).get("ImportStatistics", {}).get("EventsCompleted") == 5000:
                break
    assert seen["id"] == job["id"] and seen["state"] == "stopped"


def test_a_crash_loses_no_look(start_daemon, sim):
    daemon = start_daemon(polling={"settle": "2s"})
    jobs = [daemon.stopped(import_id) for import_id in sim.add_many(3)]
    daemon.kill()
    daemon.start()
    for job in jobs:
        settled(daemon, job)
    daemon.kill()
    daemon.start()
    settled(daemon, daemon.stopped(sim.add()))
    assert [len(daemon.journal.find("statistics-settled", job=job["id"])) for job in jobs] == [1, 1, 1]


def test_a_look_that_fails_is_repeated(start_daemon, sim):
    daemon = start_daemon(polling=SETTLE, calls={"max-attempts": 1})
    import_id = sim.add(events_completed="0..5000", settle_polls=1)
    job = daemon.stopped(import_id)
    sim.fault("error", operation="GetImport", calls=2)
    assert settled(daemon, job)["import"]["ImportStatistics"]["EventsCompleted"] == 5000


@pytest.mark.parametrize("status", ["COMPLETED", "FAILED"])
def test_only_what_was_stopped_is_looked_at_again(start_daemon, sim, status):
    daemon = start_daemon(polling=SETTLE)
    ended = sim.add(status=status, ended_stop="OperationNotPermittedException")
    waited = sim.add(status="STOPPED")
    with pytest.raises(VarlinkError):
        daemon.stopped(ended)
    with daemon.connect() as connection, pytest.raises(VarlinkError):
        list(connection.call_more("Wait", {"importId": waited}))
    settled(daemon, daemon.stopped(sim.add()))  # which comes after them
    assert len(sim.calls("GetImport", ended)) == len(sim.calls("GetImport", waited)) == 1


def test_an_import_that_goes_on_again_changes_no_job(start_daemon, sim):
    daemon = start_daemon(polling={"settle": "2s"})
    import_id = sim.add()
    job = daemon.stopped(import_id)
    sim.add_endless(id=import_id)
    sim.wait_calls(job["polls"] + 1, "GetImport", import_id)
    settled(daemon, daemon.stopped(sim.add()))
    assert daemon.job(job["id"])["import"]["ImportStatus"] == "STOPPED"
    assert daemon.journal.find("statistics-settled", job=job["id"]) == []


def test_none_is_looked_at_where_settle_is_0(start_daemon, sim):
    daemon = start_daemon(polling={"settle": "0"})
    job = daemon.stopped(sim.add())
    daemon.configure({"default": {"region": "us-east-1", "endpoint-url": sim.url}}, polling=SETTLE)
    daemon.reload()
    settled(daemon, daemon.stopped(sim.add()))
    assert daemon.journal.find("statistics-settled", job=job["id"]) == []
