# SPDX-License-Identifier: Apache-2.0
"""Many accounts, many imports: every target keeps to its own quota and waits for no other."""

import sqlite3
from collections import defaultdict

from harness.daemon import target
from harness.sim import assert_spaced

TARGETS = 20
IMPORTS = 200
STOP_RATE = 5
READ_RATE = 10


def test_200_imports_on_20_targets(start_daemon, sim):
    regions = {f"account{number}": f"eu-west-{number}" for number in range(1, TARGETS + 1)}
    daemon = start_daemon({
        name: target(sim, region=region, stop_rate=STOP_RATE, read_rate=READ_RATE)
        for name, region in regions.items()})
    where = dict(zip(sim.add_many(IMPORTS), list(regions) * (IMPORTS // TARGETS)))

    with daemon.connect() as connection:
        jobs = [connection.call("Stop", {"importId": import_id, "target": name})["job"]["id"]
                for import_id, name in where.items()]
        final = {}
        for reply in connection.call_more("Watch", {"ids": jobs}):
            final[reply["job"]["id"]] = reply["job"]
    assert len(set(jobs)) == IMPORTS
    assert {job["state"] for job in final.values()} == {"stopped"} and final.keys() == set(jobs)
    assert {job["importId"]: job["target"] for job in final.values()} == where

    calls = sim.calls()
    by_region = defaultdict(list)
    for call in calls:
        assert call["region"] == regions[where[call["importId"]]]
        by_region[call["region"], call["operation"]].append(call)
    for (_, operation), group in by_region.items():
        assert_spaced(group, STOP_RATE if operation == "StopImport" else READ_RATE)
    assert sim.counts()["operations"] == {"StopImport": IMPORTS, "GetImport": 2 * IMPORTS}
    daemon.journal.wait("import-stopped", count=IMPORTS)
    assert len(daemon.journal.find("import-stopped")) == IMPORTS

    # Side by side, not one target after the other: all 20 began before the first had done its ten.
    stops = [call for call in calls if call["operation"] == "StopImport"]
    first_done = min(group[-1]["receivedUsec"] for (_, operation), group in by_region.items()
                     if operation == "StopImport")
    assert len({call["region"] for call in stops if call["receivedUsec"] <= first_done}) == TARGETS


def test_connections_are_kept_and_bounded(start_daemon, sim):
    daemon = start_daemon(calls={"max-connections": 4})
    sim.fault("slow", delay_seconds=0.05)
    with daemon.connect() as connection:
        jobs = [connection.call("Stop", {"importId": import_id})["job"]["id"] for import_id in sim.add_many(40)]
        for _ in connection.call_more("Watch", {"ids": jobs}):
            pass
    assert len({call["peer"] for call in sim.calls()}) <= 4


def test_a_list_of_jobs_is_bounded_whatever_its_limit(daemon, sim):
    daemon.stopped(sim.add())
    daemon.terminate()
    with sqlite3.connect(daemon.state / "jobs.sqlite3") as database:
        columns = ", ".join(name for _, name, *_ in database.execute("PRAGMA table_info(jobs)")
                            if name not in ("number", "id"))
        database.execute(f"""
            WITH RECURSIVE copies (n) AS (VALUES (2) UNION ALL SELECT n + 1 FROM copies WHERE n < 10005)
            INSERT INTO jobs (number, id, {columns}) SELECT n, 'copy' || n, {columns} FROM jobs, copies""")
    database.close()
    daemon.start()
    newest = [f"copy{number}" for number in range(10005, 5, -1)]
    with daemon.connect() as connection:
        assert [job["id"] for job in connection.call("ListJobs", {"limit": 2**63 - 1})["jobs"]] == newest
        pages = [reply["jobs"] for reply in connection.call_more("ListJobs", {"limit": 2**63 - 1})]
    assert sum(map(len, pages)) == 10005 and max(map(len, pages)) == 1000
    assert [job["id"] for page in pages for job in page][:10000] == newest
