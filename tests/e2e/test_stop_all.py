# SPDX-License-Identifier: Apache-2.0
"""Stop everything that runs, in one target or in all of them; what fails in one is told beside what the others did."""

import json
import os

import pytest

from harness.accounts import LAKE, POND, access_key, accounts, add_to, ids, start_with_accounts
from harness.daemon import target
from harness.sim import NEVER, new_id
from harness.varlink import INTERFACE, SERVICE, VarlinkError, call_as


def job_ids(reply):
    return {job["importId"] for job in reply["jobs"]}


def refusal(daemon, **parameters):
    with daemon.connect() as connection:
        return connection.refusal("StopAll", parameters)


def wait_stopped(daemon, reply):
    for job in reply["jobs"]:
        daemon.journal.wait("import-stopped", job=job["id"])


# Which imports


def test_stops_whatever_runs_in_the_default_target(daemon, sim):
    running = {*sim.add_many(3), sim.add(status="INITIALIZING")}
    for status in ("STOPPED", "COMPLETED", "FAILED"):
        sim.add(status=status)
    reply = daemon.call("StopAll", reason="wrong bucket")
    assert ids(reply["imports"]) == job_ids(reply) == running
    assert reply["failures"] == []
    for job in reply["jobs"]:
        assert job["target"] == "default" and job["reason"] == "wrong bucket"
        assert job["requester"] == {"uid": os.getuid(), "gid": os.getgid(), "pid": os.getpid()}
        assert "deadline" in job
    wait_stopped(daemon, reply)
    assert {call["importId"] for call in sim.calls("StopImport")} == running
    assert len(sim.calls("StopImport")) == len(running)


def test_nothing_runs(daemon, sim):
    sim.add(status="STOPPED")
    assert daemon.call("StopAll") == {"jobs": [], "imports": [], "tasks": [], "failures": []}


def test_an_import_that_is_found_is_shown(daemon, sim):
    import_id = sim.add(destination=LAKE)
    found, = daemon.call("StopAll", dryRun=True)["imports"]
    assert found["ImportId"] == import_id and found["ImportStatus"] == "IN_PROGRESS"
    assert found["Destinations"] == [LAKE]


def test_all_pages(daemon, sim):
    sim.settings(page_size=2)
    running = {*sim.add_many(7), *sim.add_many(3, status="INITIALIZING")}
    reply = daemon.call("StopAll")
    assert job_ids(reply) == running
    wait_stopped(daemon, reply)


def test_only_those_of_a_destination(daemon, sim):
    wanted = {*sim.add_many(2, destination=LAKE)}
    other = sim.add(destination=POND)
    reply = daemon.call("StopAll", destination=LAKE)
    assert ids(reply["imports"]) == job_ids(reply) == wanted
    wait_stopped(daemon, reply)
    assert sim.calls("StopImport", other) == []


def test_only_the_targets_that_are_named(start_with_accounts, sim):
    daemon = start_with_accounts("default", "a", "b", "c")
    imports = {name: add_to(sim, name)[0] for name in ("default", "a", "b", "c")}
    reply = daemon.call("StopAll", targets=["c", "a"])
    assert {job["target"]: job["importId"] for job in reply["jobs"]} == {
        name: imports[name] for name in ("a", "c")}
    wait_stopped(daemon, reply)
    assert {call["accessKey"] for call in sim.calls()} == {access_key("a"), access_key("c")}


def test_a_target_named_twice_is_asked_once(start_with_accounts, sim):
    daemon = start_with_accounts("default", "a")
    add_to(sim, "a")
    reply = daemon.call("StopAll", targets=["a", "a", "a"])
    assert len(reply["jobs"]) == len(reply["imports"]) == 1
    assert len(sim.calls("ListImports")) == 2, "one list of each status that runs"


def test_a_star_is_all_targets(start_with_accounts, sim):
    daemon = start_with_accounts("default", "a", "b")
    imports = {name: add_to(sim, name)[0] for name in ("default", "a", "b")}
    reply = daemon.call("StopAll", targets=["*"])
    assert {job["target"]: job["importId"] for job in reply["jobs"]} == imports
    wait_stopped(daemon, reply)


def test_two_targets_of_one_account_find_an_import_once(start_daemon, sim):
    daemon = start_daemon({"default": target(sim), "again": target(sim)})
    import_id = sim.add()
    reply = daemon.call("StopAll", targets=["*"])
    assert [job["importId"] for job in reply["jobs"]] == [import_id]
    assert ids(reply["imports"]) == {import_id} and len(reply["imports"]) == 1
    wait_stopped(daemon, reply)
    assert len(sim.calls("StopImport")) == 1


@pytest.mark.parametrize("follower", ["default", "again"])
def test_whichever_of_them_finds_it_joins_the_job_of_the_other(start_daemon, sim, follower):
    daemon = start_daemon({"default": target(sim), "again": target(sim)})
    import_id = sim.add_endless()
    job = daemon.stop(import_id, target=follower)
    assert [found["id"] for found in daemon.call("StopAll", targets=["*"])["jobs"]] == [job["id"]]
    sim.finish(import_id)
    daemon.journal.wait("import-stopped", job=job["id"])
    assert len(sim.calls("StopImport")) == 1


def test_a_job_of_a_target_that_was_not_named_is_not_joined(start_daemon, sim):
    daemon = start_daemon({"default": target(sim), "again": target(sim)})
    import_id = sim.add_endless()
    daemon.stop(import_id, target="again")
    assert [job["target"] for job in daemon.call("StopAll", targets=["default"])["jobs"]] == ["default"]


def test_however_many_targets_that_were_not_named_follow_an_import(start_daemon, sim):
    followers = [f"t{i}" for i in range(40)]
    daemon = start_daemon({name: target(sim) for name in ("default", *followers)})
    import_ids = [sim.add_endless() for _ in range(3)]
    with daemon.connect() as connection:
        for name in followers:
            for import_id in import_ids:
                connection.send("Stop", {"importId": import_id, "target": name})
        jobs = [connection.receive()["parameters"]["job"] for _ in range(3 * len(followers))]
    found = daemon.call("StopAll", targets=["default"])["jobs"]
    assert sorted((job["importId"], job["target"]) for job in found) == sorted(
        (import_id, "default") for import_id in import_ids)
    joined = daemon.call("StopAll", targets=[followers[7], "default"])["jobs"]
    known = {job["id"] for job in found} | {job["id"] for job in jobs if job["target"] == followers[7]}
    assert len(joined) == 3 and {job["id"] for job in joined} <= known


# What it may not do


@pytest.mark.parametrize("named", [["moon"], ["default", "moon"], ["*", "moon"]])
def test_a_target_that_is_not_there_and_nothing_is_done(daemon, sim, named):
    sim.add()
    name, parameters = refusal(daemon, targets=named)
    assert name == f"{INTERFACE}.TargetNotFound"
    assert parameters["target"] in ("moon", "*")
    assert sim.calls() == []
    assert daemon.call("ListJobs")["jobs"] == []


def test_no_default_target(start_daemon, sim):
    daemon = start_daemon({"only": target(sim)})
    sim.add()
    assert refusal(daemon) == (f"{INTERFACE}.TargetNotFound", {"target": "default"})
    assert len(daemon.call("StopAll", targets=["*"])["jobs"]) == 1


@pytest.mark.parametrize("parameters, wrong", [
    ({"targets": "default"}, "targets"), ({"targets": [7]}, "targets"), ({"targets": [None]}, "targets"),
    ({"dryRun": "yes"}, "dryRun"), ({"dryRun": 1}, "dryRun"), ({"timeout": -1}, "timeout"),
    ({"timeout": "1h"}, "timeout"), ({"destination": 5}, "destination"), ({"importId": new_id()}, "importId"),
    ({"reason": "a\0b"}, "reason"),
])
def test_a_wrong_parameter_is_named_and_nothing_is_done(daemon, sim, parameters, wrong):
    sim.add()
    assert refusal(daemon, **parameters) == (f"{SERVICE}.InvalidParameter", {"parameter": wrong})
    assert sim.calls() == []


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to be another user")
@pytest.mark.parametrize("dry_run", [False, True])
def test_it_is_for_operators(daemon, sim, dry_run):
    sim.add()
    daemon.socket.chmod(0o666)
    assert call_as(54321, 54321, daemon.socket, "StopAll", {"dryRun": dry_run}) == ("error", "NotAuthorized", {})
    assert "StopAll" in daemon.journal.wait("request-denied")["MESSAGE"]
    assert sim.calls() == []


# A rehearsal


def test_a_dry_run_finds_and_stops_nothing(daemon, sim):
    running = {*sim.add_many(3)}
    reply = daemon.call("StopAll", dryRun=True)
    assert ids(reply["imports"]) == running
    assert reply["jobs"] == [] and reply["failures"] == []
    assert daemon.call("ListJobs")["jobs"] == []
    # One that is stopped for real comes after whatever the rehearsal might have begun.
    other = sim.add()
    daemon.stopped(other)
    assert [call["importId"] for call in sim.calls("StopImport")] == [other]


def test_a_dry_run_needs_no_room_for_jobs(start_daemon, sim):
    daemon = start_daemon(daemon={"max-jobs": 1})
    running = {*sim.add_many(3)}
    reply = daemon.call("StopAll", dryRun=True)
    assert ids(reply["imports"]) == running and reply["failures"] == []


# The jobs


def test_joins_jobs_that_are_under_way(daemon, sim):
    known, new = sim.add_endless(), sim.add()
    job = daemon.stop(known, reason="mine")
    daemon.journal.wait("stop-accepted", job=job["id"])
    reply = daemon.call("StopAll", reason="theirs")
    by_import = {found["importId"]: found for found in reply["jobs"]}
    assert by_import.keys() == {known, new}
    assert by_import[known]["id"] == job["id"] and by_import[known]["reason"] == "mine"
    daemon.journal.wait("request-joined", job=job["id"])
    sim.finish(known)
    wait_stopped(daemon, reply)
    assert len(sim.calls("StopImport", known)) == 1


def test_a_timeout_for_all_of_them(daemon, sim):
    sim.add_many(2, stop_polls=NEVER)
    reply = daemon.call("StopAll", timeout=1)
    for job in reply["jobs"]:
        daemon.journal.wait("job-expired", job=job["id"])


def test_no_deadline_for_any_of_them(daemon, sim):
    sim.add_many(2, stop_polls=NEVER)
    assert all("deadline" not in job for job in daemon.call("StopAll", timeout=0)["jobs"])


def test_more_jobs_than_there_may_be(start_daemon, sim):
    """As many as there is room for, and that it was not enough."""
    daemon = start_daemon(daemon={"max-jobs": 2})
    running = {*sim.add_many(5, stop_polls=NEVER)}
    reply = daemon.call("StopAll")
    assert ids(reply["imports"]) == running
    assert len(reply["jobs"]) == 2
    failure, = reply["failures"]
    assert failure["target"] == "default" and failure["cause"]["code"] == "QueueFull"
    for job in reply["jobs"]:
        daemon.journal.wait("stop-accepted", job=job["id"])
    assert len(sim.calls("StopImport")) == 2


def test_accepted_jobs_outlive_the_daemon(daemon, sim):
    running = {*sim.add_many(20, stop_polls=NEVER)}
    reply = daemon.call("StopAll")
    daemon.kill()
    daemon.start()
    assert {job["importId"] for job in daemon.call("ListJobs")["jobs"]} == running
    for import_id in running:
        sim.finish(import_id)
    wait_stopped(daemon, reply)


def test_oneway(daemon, sim):
    running = {*sim.add_many(3)}
    with daemon.connect() as connection:
        connection.send("StopAll", oneway=True)
        assert connection.call("ListTargets")["targets"], "the first answer is that of the next call"
        daemon.journal.wait("import-stopped", count=len(running))
    assert {job["importId"] for job in daemon.call("ListJobs")["jobs"]} == running


def test_more_is_answered_once(daemon, sim):
    sim.add_many(2)
    with daemon.connect() as connection:
        reply, = connection.call_more("StopAll")
    assert len(reply["jobs"]) == 2


def test_a_client_that_goes_away_takes_no_job_with_it(daemon, sim):
    sim.settings(page_size=1)
    running = {*sim.add_many(4)}
    sim.fault("slow", operation="ListImports", delay_seconds=0.2, calls=2)
    connection = daemon.connect()
    connection.send("StopAll")
    sim.wait_calls(1, "ListImports")
    connection.close()
    daemon.journal.wait("import-stopped", count=len(running))
    assert {job["importId"] for job in daemon.call("ListJobs", state="stopped")["jobs"]} == running


def test_others_are_served_while_it_asks(daemon, sim):
    sim.fault("hang", operation="ListImports", calls=2)
    with daemon.connect() as waiting:
        waiting.send("StopAll")
        sim.wait_calls(2, "ListImports")
        import_id = sim.add()
        assert daemon.stopped(import_id)["state"] == "stopped"
        waiting.assert_silent()


def test_replies_come_in_the_order_of_the_calls(daemon, sim):
    running = sim.add()
    sim.fault("slow", operation="ListImports", delay_seconds=0.2)
    with daemon.connect() as connection:
        connection.send("StopAll", {"dryRun": True})
        connection.send("GetImport", {"importId": running})
        assert ids(connection.reply()["imports"]) == {running}
        assert connection.reply()["import"]["ImportId"] == running


# A target that fails


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "UnsupportedOperationException"])
def test_a_target_that_may_not_is_reported_beside_the_others(start_with_accounts, sim, code):
    daemon = start_with_accounts("default", "a", "b")
    imports = {name: add_to(sim, name)[0] for name in ("default", "a", "b")}
    sim.fault("error", access_key=access_key("a"), status=400, code=code, message="No")
    reply = daemon.call("StopAll", targets=["*"])
    assert {job["target"]: job["importId"] for job in reply["jobs"]} == {
        name: imports[name] for name in ("default", "b")}
    failure, = reply["failures"]
    assert failure["target"] == "a"
    assert (failure["cause"]["code"], failure["cause"]["message"]) == (code, "No")
    assert failure["cause"]["requestId"]
    wait_stopped(daemon, reply)


def test_a_target_nobody_answers_for_is_reported_beside_the_others(start_daemon, sim, start_sim):
    gone = start_sim()
    daemon = start_daemon({"default": target(sim), "gone": target(gone)})
    gone.close()
    import_id = sim.add()
    reply = daemon.call("StopAll", targets=["*"])
    assert job_ids(reply) == {import_id}
    failure, = reply["failures"]
    assert failure["target"] == "gone" and failure["cause"]["code"] == "ConnectionFailed"
    wait_stopped(daemon, reply)


def test_a_target_without_credentials_is_reported_beside_the_others(start_daemon, sim, accounts):
    accounts.open(sim, "there")
    accounts.path.write_text(accounts.path.read_text() + "[empty]\nregion = us-east-1\n")
    daemon = start_daemon({"default": target(sim, profile="there"), "locked-out": target(sim, profile="empty")},
                          environment=accounts.environment)
    import_id, = add_to(sim, "there")
    reply = daemon.call("StopAll", targets=["*"])
    assert job_ids(reply) == {import_id}
    assert [failure["target"] for failure in reply["failures"]] == ["locked-out"]
    assert reply["failures"][0]["cause"]["message"]


def test_all_targets_fail(start_with_accounts, sim):
    daemon = start_with_accounts("default", "a")
    sim.fault("error", status=400, code="AccessDenied")
    reply = daemon.call("StopAll", targets=["*"])
    assert reply["jobs"] == reply["imports"] == []
    assert {failure["target"] for failure in reply["failures"]} == {"default", "a"}


def test_a_target_that_fails_once_is_reported_once(daemon, sim):
    """One of its two lists is refused, the other stands."""
    running, beginning = sim.add(), sim.add(status="INITIALIZING")
    sim.fault("error", operation="ListImports", calls=1, status=400, code="AccessDenied")
    reply = daemon.call("StopAll")
    assert len(reply["failures"]) == 1
    assert len(reply["jobs"]) == 1 and job_ids(reply) < {running, beginning}
    wait_stopped(daemon, reply)


def test_a_slow_target_holds_up_no_other(start_with_accounts, sim):
    daemon = start_with_accounts("default", "a")
    add_to(sim, "default"), add_to(sim, "a")
    sim.fault("hang", operation="ListImports", access_key=access_key("a"), calls=2)
    with daemon.connect() as connection:
        connection.send("StopAll", {"targets": ["*"]})
        daemon.journal.wait("import-stopped", target="default")
        connection.assert_silent()


def test_a_target_that_a_reload_removes_meanwhile(start_with_accounts, sim):
    daemon = start_with_accounts("default", "a")
    imports = {name: add_to(sim, name)[0] for name in ("default", "a")}
    sim.fault("slow", operation="ListImports", access_key=access_key("a"), delay_seconds=0.5)
    with daemon.connect() as connection:
        connection.send("StopAll", {"targets": ["*"]})
        sim.wait_calls(4, "ListImports")
        daemon.configure({"default": target(sim, profile="default")})
        daemon.reload()
        reply = connection.reply()
    assert job_ids(reply) == {imports["default"]}
    failure, = reply["failures"]
    assert failure["target"] == "a" and failure["cause"]["code"] == "TargetRemoved"
    assert sim.calls("StopImport", imports["a"]) == []
    wait_stopped(daemon, reply)


def test_it_is_answered_before_the_daemon_ends(daemon, sim):
    running = sim.add(stop_polls=NEVER)
    sim.fault("slow", operation="ListImports", delay_seconds=0.3)
    with daemon.connect() as connection:
        connection.send("StopAll")
        sim.wait_calls(2, "ListImports")
        daemon.terminate()
        reply = connection.reply()
        connection.assert_closed()
    # Whatever it says was accepted goes on after the next start.
    assert job_ids(reply) <= {running}
    assert reply["jobs"] or reply["failures"]
    daemon.start()
    assert {job["id"] for job in daemon.call("ListJobs")["jobs"]} == {job["id"] for job in reply["jobs"]}


# Lists that are not as they should be


def page(token, *import_ids):
    return json.dumps({"Imports": [{"ImportId": name, "ImportStatus": "IN_PROGRESS"} for name in import_ids],
                       "NextToken": token})


@pytest.mark.parametrize("tokens", [["same"], ["a", "b"], ["a", "b", "c"]], ids=len)
def test_a_list_whose_tokens_come_back_is_given_up_with_an_error(daemon, sim, tokens):
    for token in 8 * tokens:
        sim.fault("http", operation="ListImports", status=200, body=page(token), calls=1)
    with pytest.raises(VarlinkError, match="CallFailed") as caught:
        daemon.call("ListImports")
    assert caught.value.parameters["cause"]["code"] == "EndlessList"
    sim.clear_faults()
    for token in 20 * tokens:
        sim.fault("http", operation="ListImports", status=200, body=page(token), calls=1)
    reply = daemon.call("StopAll")
    assert [failure["cause"]["code"] for failure in reply["failures"]] == ["EndlessList"]
    assert reply["jobs"] == []


def test_a_listed_import_that_cannot_be_named_is_a_failure_beside_the_others(daemon, sim):
    import_id = sim.add()
    odd = ["arn:aws:cloudtrail:us-east-1:111122223333:import/1", "", "x" * 300]
    sim.fault("http", operation="ListImports", status=200, body=json.dumps(
        {"Imports": [{"ImportId": name} for name in [*odd, import_id]]}))
    reply = daemon.call("StopAll")
    assert job_ids(reply) == {import_id}
    assert [failure["target"] for failure in reply["failures"]] == 3 * ["default"]
    assert all(name[:128] in failure["cause"]["message"] for name, failure in zip(odd, reply["failures"]))


@pytest.mark.parametrize("member", ["", '"ImportId": 7,', '"ImportId": null,'], ids=["missing", "a number", "null"])
def test_a_listed_import_without_an_id_is_a_failure(daemon, sim, member):
    import_id = sim.add()
    sim.fault("http", operation="ListImports", status=200, body="""{"Imports": [
        {%s "ImportStatus": "IN_PROGRESS"}, {"ImportId": "%s", "ImportStatus": "IN_PROGRESS"}]}""" % (member, import_id))
    reply = daemon.call("StopAll")
    assert job_ids(reply) == {import_id}
    assert [failure["cause"]["code"] for failure in reply["failures"]] == ["InvalidImportId"]


@pytest.mark.parametrize("destination", ["", "lake", "arn:aws:cloudtrail"])
def test_a_destination_that_is_not_an_arn_is_refused(daemon, sim, destination):
    for method in ("StopAll", "ListImports"):
        with pytest.raises(VarlinkError, match="InvalidParameter") as caught:
            daemon.call(method, destination=destination)
        assert caught.value.parameters == {"parameter": "destination"}
    assert sim.calls() == []
