# SPDX-License-Identifier: Apache-2.0
"""Whatever ends the daemon, no accepted job is lost, and nothing is asked of CloudTrail twice."""

import contextlib
import os
import sqlite3
import stat
import subprocess
import time
from pathlib import Path

import pytest

from harness.daemon import target
from harness.sim import new_id
from harness.varlink import Closed, VarlinkError, encode


def statuses(daemon, jobs):
    return {daemon.job(job["id"])["state"] for job in jobs}


# kill -9


def test_a_job_not_yet_asked_for_survives(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    done, waiting = sim.add_many(2)
    daemon.stopped(done)
    job = daemon.stop(waiting)  # its turn comes in 100 s
    daemon.kill()
    assert sim.calls(import_id=waiting) == []

    daemon.start()
    entry = daemon.journal.wait("import-stopped", job=job["id"])
    assert entry["TRAILSTOP_IMPORT_ID"] == waiting
    assert len(sim.calls("StopImport", waiting)) == 1


def test_what_was_acknowledged_is_there_whenever_the_power_goes(start_daemon, sim):
    daemon = start_daemon()
    acknowledged = []
    for replies in (1, 7, 50, 150):
        with daemon.connect() as connection:
            connection.send_raw(b"".join(encode("Stop", {"importId": new_id()}) for _ in range(200)))
            acknowledged += [connection.reply()["job"]["id"] for _ in range(replies)]
            daemon.kill()
        daemon.start()
        for job_id in acknowledged:
            assert daemon.job(job_id)["id"] == job_id


def test_an_accepted_stop_is_not_asked_for_again(daemon, sim):
    import_id = sim.add_endless()
    job = daemon.stop(import_id, reason="survives")
    daemon.journal.wait("stop-accepted", job=job["id"])
    sim.wait_calls(2, "GetImport")
    polls = daemon.job(job["id"])["polls"]
    daemon.kill()

    daemon.start()
    sim.wait_calls(len(sim.calls("GetImport")) + 2, "GetImport")
    after = daemon.job(job["id"])
    assert after["state"] == "polling" and after["reason"] == "survives"
    assert after["requestedAt"] == job["requestedAt"] and after["requester"] == job["requester"]
    assert after["polls"] >= polls
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=job["id"])
    assert len(sim.calls("StopImport")) == 1


@pytest.mark.parametrize("end, counted", [("kill", 0), ("terminate", 1)])
def test_polls_in_flight_are_counted_unless_the_daemon_is_killed(daemon, sim, end, counted):
    sim.fault("hang", operation="GetImport", calls=1)
    import_id = sim.add(stop_polls=1)
    job = daemon.stop(import_id)
    sim.wait_calls(1, "GetImport")
    getattr(daemon, end)()

    daemon.start()
    daemon.journal.wait("import-stopped", job=job["id"])
    assert len(sim.calls("GetImport", import_id)) == 2
    assert daemon.job(job["id"])["polls"] == counted + 1


def test_a_stop_whose_answer_never_came_is_looked_at_before_anything_is_stopped(daemon, sim):
    """It took effect: the import is found as it is, and not asked to stop a second time."""
    import_id = sim.add(stop_polls=0, ended_stop="OperationNotPermittedException")
    sim.fault("hang", operation="StopImport", calls=1, apply=True)
    job = daemon.stop(import_id)
    sim.wait_calls(1, "StopImport")
    daemon.kill()

    daemon.start()
    daemon.journal.wait("import-stopped", job=job["id"])
    after = daemon.job(job["id"])
    assert after["state"] == "stopped" and after["alreadyStopped"] is False
    assert after["attempts"] == 1 and after["polls"] == 1
    assert [call["operation"] for call in sim.calls()] == ["StopImport", "GetImport"]


@pytest.mark.parametrize("answer", ["IN_PROGRESS", "ImportNotFoundException", "AccessDeniedException"])
def test_a_stop_that_did_not_get_through_is_asked_for_after_the_question(daemon, sim, answer):
    import_id = sim.add(stop_polls=1)
    sim.fault("hang", operation="StopImport", calls=1)
    if answer != "IN_PROGRESS":
        sim.fault("error", operation="GetImport", code=answer, calls=1)
    job = daemon.stop(import_id)
    sim.wait_calls(1, "StopImport")
    daemon.kill()

    daemon.start()
    daemon.journal.wait("import-stopped", job=job["id"])
    assert [call["operation"] for call in sim.calls()] == ["StopImport", "GetImport", "StopImport", "GetImport"]
    assert daemon.job(job["id"])["attempts"] == 2


def test_many_jobs_in_every_state_go_on(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, stop_rate=200, read_rate=200)})
    imports = sim.add_many(100, stop_polls=3)
    with daemon.connect() as connection:
        jobs = [connection.call("Stop", {"importId": import_id})["job"] for import_id in imports]
        daemon.journal.wait("stop-accepted", count=30)
        daemon.kill()
    daemon.start()
    with daemon.connect() as connection:
        ends = {}
        for reply in connection.call_more("Watch", {"ids": [job["id"] for job in jobs]}):
            ends[reply["job"]["id"]] = reply["job"]["state"]
    assert set(ends.values()) == {"stopped"}
    # What was in flight may be asked for again; what was answered, never.
    accepted = [entry["TRAILSTOP_IMPORT_ID"] for entry in daemon.journal.find("stop-accepted")]
    assert len(accepted) == len(set(accepted))


def test_final_jobs_are_remembered(daemon, sim):
    job = daemon.stopped(sim.add())
    daemon.kill()
    daemon.start()
    assert daemon.job(job["id"]) == job
    assert [listed["id"] for listed in daemon.call("ListJobs")["jobs"]] == [job["id"]]


def test_final_jobs_are_forgotten_after_keep_finished_and_others_never(daemon, sim):
    old, running = daemon.stopped(sim.add()), daemon.stop(sim.add_endless())
    daemon.terminate()
    daemon.configure({"default": target(sim)}, daemon={"keep-finished": "1ms"})
    daemon.start()
    assert [job["id"] for job in daemon.call("ListJobs")["jobs"]] == [running["id"]]
    with pytest.raises(VarlinkError) as caught:
        daemon.job(old["id"])
    assert caught.value.short_name == "JobNotFound"


@pytest.mark.parametrize("since", ["the start", "a reload"])
def test_a_final_job_is_forgotten_while_the_daemon_runs(start_daemon, sim, since):
    daemon = start_daemon(daemon={"keep-finished": "1s" if since == "the start" else "1h"})
    if since == "a reload":
        daemon.configure({"default": target(sim)}, daemon={"keep-finished": "1s"})
        daemon.reload()
    daemon.stopped(sim.add())
    end = time.monotonic() + 5
    while daemon.call("ListJobs")["jobs"]:
        assert time.monotonic() < end
        time.sleep(0.01)  # nobody is told of it


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_a_deadline_holds_over_a_restart(daemon, sim, end):
    import_id = sim.add_endless()
    job = daemon.stop(import_id, timeout=2)
    daemon.journal.wait("stop-accepted")
    getattr(daemon, end)()
    daemon.start()
    after = daemon.job(job["id"])
    assert after["deadline"] == job["deadline"]
    daemon.journal.wait("job-expired", job=job["id"])
    assert daemon.job(job["id"])["finishedAt"] >= job["deadline"]


# SIGTERM


def test_SIGTERM_lets_a_StopImport_in_flight_finish(daemon, sim):
    sim.fault("slow", delay_seconds=1, operation="StopImport", calls=1)
    import_id = sim.add_endless()
    job = daemon.stop(import_id)
    sim.wait_calls(1, "StopImport")
    daemon.terminate()
    assert daemon.journal.find("stop-accepted", job=job["id"]), "its outcome was seen"

    daemon.start()
    assert daemon.job(job["id"])["state"] == "polling"
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=job["id"])
    assert len(sim.calls("StopImport")) == 1


def test_SIGTERM_does_not_wait_for_what_only_waits(start_daemon, sim):
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    polling, queued = (daemon.stop(sim.add_endless()) for _ in range(2))
    daemon.journal.wait("stop-accepted", job=polling["id"])
    sim.fault("hang", operation="GetImport")
    began = time.monotonic()
    daemon.terminate()
    assert time.monotonic() - began < 5
    daemon.start()
    assert statuses(daemon, [polling]) == {"polling"}
    assert daemon.job(queued["id"])["attempts"] <= 1


def test_SIGTERM_answers_the_calls_already_read_and_takes_no_new_ones(daemon, sim):
    sim.fault("slow", delay_seconds=1, operation="StopImport", calls=1)
    with daemon.connect() as follower, daemon.connect() as idle:
        follower.send("Stop", {"importId": sim.add_endless()}, more=True)
        job = follower.reply()["job"]
        idle.call("ListTargets")
        sim.wait_calls(1, "StopImport")
        daemon.signal(15)
        daemon.wait_notification("STOPPING=1")
        with contextlib.suppress(BrokenPipeError):
            idle.send("Stop", {"importId": new_id()})
            daemon.signal(15)
        with pytest.raises((ConnectionRefusedError, FileNotFoundError, Closed, BrokenPipeError)):
            daemon.call("ListTargets")
        idle.assert_closed()
        assert daemon.wait() == 0
        with pytest.raises(Closed):
            while True:
                assert follower.reply()["job"]["id"] == job["id"]
    assert len(daemon.journal.find("stopping")) == len(daemon.journal.find("request-accepted")) == 1
    assert not daemon.socket.exists(), "a socket of its own is removed"


def test_SIGINT_is_as_good_as_SIGTERM(daemon):
    daemon.signal(2)
    assert daemon.wait() == 0


def test_a_socket_left_behind_is_not_an_obstacle_but_a_second_daemon_is(daemon, new_daemon, sim):
    daemon.kill()
    assert daemon.socket.exists()
    daemon.start()
    second = new_daemon({"default": target(sim)}, daemon={"socket": daemon.socket})
    second.spawn()
    assert second.wait() != 0
    assert daemon.call("ListTargets")


# The store


def store_of(daemon):
    return daemon.state / "jobs.sqlite3"


def test_state_and_socket_are_private(daemon):
    assert stat.S_IMODE(daemon.state.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in daemon.state.iterdir()} == {0o600}
    assert stat.S_IMODE(daemon.socket.stat().st_mode) == 0o660


def assert_refuses_to_start(daemon, store):
    before, names = store.read_bytes(), sorted(store.parent.iterdir())
    daemon.spawn()
    assert daemon.wait() not in (0, -6, -11)
    entry = daemon.journal.find("store-failed")[0]
    assert str(store.parent) in entry["MESSAGE"]
    assert entry["PRIORITY"] == "2"
    assert store.read_bytes() == before and sorted(store.parent.iterdir()) == names
    return entry["MESSAGE"]


@pytest.mark.parametrize("damage", ["no database at all", "a page overwritten", "cut off"])
def test_a_damaged_store_is_left_untouched(daemon, sim, damage):
    for import_id in sim.add_many(5):
        daemon.stopped(import_id, reason="r" * 2000)
    daemon.terminate()
    store = store_of(daemon)
    if damage == "no database at all":
        store.write_bytes(b"this is not a database\n" * 1000)
    elif damage == "a page overwritten":
        with open(store, "r+b") as file:
            file.seek(4096)
            file.write(b"\xff" * 4096)
    else:
        os.truncate(store, store.stat().st_size // 2)
    assert_refuses_to_start(daemon, store)


def test_a_store_of_a_newer_version_is_left_untouched(daemon):
    daemon.terminate()
    store = store_of(daemon)
    with sqlite3.connect(store) as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    assert "newer" in assert_refuses_to_start(daemon, store)


def test_a_store_that_lacks_a_column_is_left_untouched(daemon, sim):
    daemon.stopped(sim.add())
    daemon.terminate()
    store = store_of(daemon)
    with sqlite3.connect(store) as database:
        database.execute("ALTER TABLE jobs RENAME COLUMN gid TO group_id")
    database.close()
    assert "no such column: gid" in assert_refuses_to_start(daemon, store)


SMALL_DISK = """
cp -a "$1" "$1.before" && mount -t tmpfs -o size=1M,mode=0700 tmpfs "$1" && cp -a "$1.before/." "$1" || exit
[ "$2" = empty ] || dd if=/dev/zero of="$1/ballast" 2>/dev/null
shift 2
exec "$@"
"""
needs_mounts = pytest.mark.skipif(
    subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL).returncode != 0,
    reason="needs to be allowed to mount")


def move_to_small_disk(daemon, state):
    """For a daemon that has ended: from the next start on its store is on a disk of its own, empty or full."""
    daemon.command = ["unshare", "--mount", "sh", "-c", SMALL_DISK, "sh", daemon.state, state, *daemon.command]


def ballast_of(daemon):
    """A file on the small disk of a running daemon, which alone sees it."""
    return Path(f"/proc/{daemon.process.pid}/root") / daemon.state.relative_to("/") / "ballast"


def fill(path):
    with pytest.raises(OSError, match="No space left"), open(path, "wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@needs_mounts
def test_a_full_disk_is_said_once(daemon, sim):
    """Also where nobody asks for anything, and only an old job is to be forgotten."""
    job = daemon.stopped(sim.add())
    daemon.terminate()
    with sqlite3.connect(store_of(daemon)) as database:
        database.execute("UPDATE jobs SET finished_usec = 1")
    database.close()
    move_to_small_disk(daemon, "full")
    daemon.start()
    for _ in range(3):
        daemon.reload()
    assert len(daemon.journal.find("store-failed")) == 1

    ballast_of(daemon).unlink()
    daemon.reload()
    with pytest.raises(VarlinkError) as caught:
        daemon.job(job["id"])
    assert caught.value.short_name == "JobNotFound"
    assert daemon.stopped(sim.add())
    assert len(daemon.journal.find("store-failed")) == 1


@needs_mounts
def test_no_stop_goes_out_that_could_not_be_written_down(start_daemon, sim):
    """Else the daemon would not know after a crash that it was the one who stopped the import."""
    daemon = start_daemon({"default": target(sim, stop_rate=0.01)})
    daemon.terminate()
    move_to_small_disk(daemon, "empty")
    daemon.start()
    daemon.stopped(sim.add())
    import_id = sim.add()
    job = daemon.stop(import_id)
    fill(ballast_of(daemon))
    daemon.configure({"default": target(sim)})
    daemon.reload()
    daemon.journal.wait("store-failed")
    assert daemon.call("ListImports")["imports"], "others are served meanwhile"
    assert sim.calls("StopImport", import_id) == []
    assert daemon.job(job["id"])["state"] == "queued"

    ballast_of(daemon).unlink()
    ended = daemon.journal.wait("import-stopped", job=job["id"])
    assert ended["TRAILSTOP_ATTEMPTS"] == "1"
    assert len(sim.calls("StopImport", import_id)) == 1
    assert daemon.job(job["id"])["alreadyStopped"] is False
    assert daemon.call("GetStatistics")["statistics"]["stopImportAttempts"] == 2

    sim.fault("http", operation="StopImport", status=503, calls=3)
    daemon.stopped(sim.add())
    assert daemon.journal.wait("outage-ended"), "nothing of the job was left among those that call"


@needs_mounts
def test_a_start_without_room_may_be_tried_again(new_daemon, sim):
    daemon = new_daemon({"default": target(sim)})
    daemon.state.mkdir()
    move_to_small_disk(daemon, "full")
    daemon.spawn()
    assert daemon.wait() == os.EX_IOERR


def test_an_unreachable_state_directory_is_said(new_daemon, sim, tmp_path):
    obstacle = tmp_path / "file"
    obstacle.write_text("not a directory")
    daemon = new_daemon({"default": target(sim)}, daemon={"state-directory": obstacle / "state"}).spawn()
    assert daemon.wait() not in (0, -6, -11)
    assert str(obstacle) in daemon.journal.text()


def test_a_refused_job_stays_refused(daemon, sim):
    with pytest.raises(VarlinkError) as caught:
        daemon.stopped(new_id())
    job = caught.value.parameters["job"]
    daemon.restart()
    assert daemon.job(job["id"])["state"] == "refused"
    assert daemon.job(job["id"])["lastError"] == job["lastError"]
