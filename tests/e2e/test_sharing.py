# SPDX-License-Identifier: Apache-2.0
"""Several clients: who asks for the same import shares one job, and whoever goes away takes nothing along."""

import pytest

from harness.daemon import target
from harness.varlink import VarlinkError, encode


def test_two_clients_one_import_one_job(daemon, sim):
    import_id = sim.add_endless()
    with daemon.connect() as first, daemon.connect() as second:
        streams = [client.call_more("Stop", {"importId": import_id}) for client in (first, second)]
        jobs = [next(stream)["job"] for stream in streams]
        assert jobs[0]["id"] == jobs[1]["id"]
        sim.finish(import_id)
        assert [list(stream)[-1]["job"]["state"] for stream in streams] == ["stopped", "stopped"]
    assert len(sim.calls("StopImport")) == 1
    daemon.journal.wait("request-accepted", count=1, job=jobs[0]["id"])
    daemon.journal.wait("request-joined", count=1, job=jobs[0]["id"])
    daemon.journal.wait("import-stopped", count=1, job=jobs[0]["id"])
    assert len(daemon.journal.find("request-accepted")) == 1
    assert len(daemon.journal.find("import-stopped")) == 1


def test_requests_of_the_same_moment_share_one_job(daemon, sim):
    import_id = sim.add_endless()
    with daemon.connect() as connection:
        connection.send_raw(encode("Stop", {"importId": import_id}) * 100)
        assert len({connection.reply()["job"]["id"] for _ in range(100)}) == 1
    sim.wait_calls(1, "GetImport")
    assert len(sim.calls("StopImport")) == 1


def test_the_same_id_in_another_target_is_another_import(start_daemon, sim):
    daemon = start_daemon({"default": target(sim), "other": target(sim, region="eu-west-1")})
    import_id = sim.add_endless()
    assert daemon.stop(import_id)["id"] != daemon.stop(import_id, target="other")["id"]
    sim.wait_calls(2, "StopImport")


def test_a_final_job_is_not_joined(daemon, sim):
    import_id = sim.add()
    assert daemon.stopped(import_id)["id"] != daemon.stopped(import_id)["id"]


def test_joins_a_job_of_before_the_restart(daemon, sim):
    import_id = sim.add_endless()
    job = daemon.stop(import_id)
    daemon.journal.wait("stop-accepted")
    daemon.kill()
    daemon.start()
    assert daemon.stop(import_id)["id"] == job["id"]
    sim.wait_calls(len(sim.calls("GetImport")) + 1, "GetImport")
    assert len(sim.calls("StopImport")) == 1


@pytest.mark.parametrize("how", ["close", "reset"])
def test_a_client_that_goes_away_takes_no_job_with_it(daemon, sim, how):
    import_id = sim.add_endless()
    with daemon.connect() as leaver:
        leaver.send("Stop", {"importId": import_id}, more=True)
        job = leaver.reply()["job"]
        getattr(leaver, how)()
    daemon.journal.wait("stop-accepted", job=job["id"])
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=job["id"])


def test_a_client_may_leave_before_its_answer(daemon, sim):
    import_id = sim.add()
    with daemon.connect() as leaver:
        leaver.send("Stop", {"importId": import_id})
    daemon.journal.wait("import-stopped", import_id=import_id)


def test_a_client_that_is_done_speaking_gets_its_answers(daemon, sim):
    import_id = sim.add_endless()
    with daemon.connect() as connection:
        connection.send("ListTargets")
        connection.send("Stop", {"importId": import_id}, more=True)
        connection.half_close()
        assert connection.reply()["targets"]
        job = connection.reply()["job"]
        daemon.journal.wait("stop-accepted", job=job["id"])
        sim.finish(import_id)
        assert [reply["job"]["state"] for reply in connection.replies()][-1] == "stopped"
        connection.assert_closed()


def test_a_half_message_at_the_end_is_nothing(daemon, sim):
    with daemon.connect() as connection:
        connection.send_raw(encode("ListTargets") + encode("Stop", {"importId": sim.add()})[:-1])
        connection.half_close()
        assert connection.reply()["targets"]
        connection.assert_closed()
    assert daemon.call("ListJobs")["jobs"] == []


def test_a_cancel_is_shown_to_all_that_follow(daemon, sim):
    import_id = sim.add_endless()
    with daemon.connect() as first, daemon.connect() as second:
        streams = [client.call_more("Stop", {"importId": import_id}) for client in (first, second)]
        job = [next(stream)["job"] for stream in streams][0]
        daemon.call("Cancel", id=job["id"])
        for stream in streams:
            with pytest.raises(VarlinkError) as caught:
                list(stream)
            assert caught.value.short_name == "JobCancelled"


def test_a_watcher_that_does_not_read_gets_the_latest_of_each_job(start_daemon, sim):
    """Each job passes four states of some 20 kB each: far more than any buffer between the two holds."""
    daemon = start_daemon()
    count, reason = 300, "r" * 20_000
    imports = sim.add_many(count)
    with daemon.connect() as watcher, daemon.connect() as operator:
        watcher.send("Watch", more=True)
        for import_id in imports:
            operator.send("Stop", {"importId": import_id, "reason": reason}, oneway=True)
        daemon.journal.wait("import-stopped", count=count)
        assert operator.call("ListTargets"), "others are served meanwhile"

        states, replies = {}, 0
        while list(states.values()).count("stopped") < count:
            job = watcher.receive()["parameters"]["job"]
            states[job["importId"]] = job["state"]
            replies += 1
    assert states.keys() == set(imports)
    assert replies < 2 * count, "the latest state of each, not every step"


def test_a_client_that_does_not_read_its_replies_is_not_waited_for(daemon, sim):
    for import_id in sim.add_many(20):
        daemon.stopped(import_id, reason="r" * 20_000)
    with daemon.connect() as sleeper:
        for _ in range(50):
            sleeper.send("ListJobs")  # 400 kB each
        assert daemon.stopped(sim.add())["state"] == "stopped"
        assert len(sleeper.reply()["jobs"]) >= 20
