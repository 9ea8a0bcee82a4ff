# SPDX-License-Identifier: Apache-2.0
"""How fetches of credentials are shared, repeated and kept to themselves, with the real daemon."""

import pytest

from harness.credentials import ACCOUNT, BASE, fetches, role, sources, stop
from harness.varlink import VarlinkError


# Sharing


def test_all_who_wait_share_one_fetch(sources, sim, role):
    sim.fault("slow", operation="AssumeRole", delay_seconds=0.3)
    daemon = sources.daemon.start()
    jobs = [daemon.stop(import_id) for import_id in sim.add_many(50, owner=ACCOUNT)]
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])
    assert fetches(sim) == 1 == len(sim.sessions(role))
    assert len(daemon.journal.find("credentials-obtained")) == 1


def test_a_failed_fetch_releases_all_who_wait(sources, sim, role):
    sim.fault("error", operation="AssumeRole", code="AccessDenied", delay_seconds=0.3, calls=1)
    daemon = sources.daemon.start()
    import_id = sim.add(owner=ACCOUNT)
    connections = [daemon.connect() for _ in range(20)]
    for connection in connections:
        connection.send("GetImport", {"importId": import_id})
    for connection in connections:
        with pytest.raises(VarlinkError) as error:
            connection.reply()
        assert error.value.short_name == "CallFailed"
        assert "AccessDenied" in error.value.parameters["cause"]["message"]
    assert fetches(sim) == 1
    for connection in connections:
        assert connection.call("GetImport", {"importId": import_id})["import"]["ImportId"] == import_id
        connection.close()
    assert fetches(sim) == 2


def test_targets_fetch_for_themselves(sources, sim):
    other = "444455556666"
    for name, account in (("one", ACCOUNT), ("two", other)):
        sim.role(name, account, principals=[BASE])
    sources.shared_file(BASE)
    sources.environment["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:1"  # the target's own comes before it
    sources.targets(one={"role_arn": f"arn:aws:iam::{ACCOUNT}:role/one", "sts_endpoint_url": sim.url},
                    two={"role_arn": f"arn:aws:iam::{other}:role/two", "sts_endpoint_url": sim.url})
    daemon = sources.daemon.start()
    sim.fault("error", operation="AssumeRole", code="AccessDenied", calls=1)
    with pytest.raises(VarlinkError):
        daemon.call("GetImport", importId=sim.add(owner=ACCOUNT), target="one")
    assert daemon.stopped(sim.add(owner=other), target="two")["state"] == "stopped"
    assert daemon.stopped(sim.add(owner=ACCOUNT), target="one")["state"] == "stopped"


def test_an_expired_token_in_an_answer_leads_to_one_fresh_fetch(sources, sim, role):
    daemon = sources.daemon.start()
    stop(sources)
    [old] = sim.sessions(role)
    sim.control("accounts", {**old, "expiresInSeconds": -1})
    jobs = [daemon.stop(import_id) for import_id in sim.add_many(20, owner=ACCOUNT)]
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])
    assert fetches(sim) == 2
    assert daemon.journal.find("outage-began") == []


def test_credentials_that_stay_expired_are_fetched_once_per_call(sources, sim, role):
    """Then it is a no: AWS's, with its code."""
    daemon = sources.daemon.start()
    sim.fault("expired-token", operation="GetImport")
    with pytest.raises(VarlinkError) as error:
        daemon.call("GetImport", importId=sim.add(owner=ACCOUNT))
    assert error.value.parameters["cause"]["code"] == "ExpiredTokenException"
    assert (fetches(sim), fetches(sim, "GetImport")) == (2, 2)


@pytest.mark.parametrize("offset", [-7200, 7200])
def test_a_host_whose_clock_is_wrong_gets_its_role_all_the_same(sources, sim, role, offset):
    """By its own clock the session has expired when it comes, or lasts for hours."""
    sim.settings(clock_offset_seconds=offset)
    daemon = sources.daemon.start()
    stop(sources)
    assert fetches(sim) == 2, "the first was refused for its time"
    assert sim.counts()["errors"] == {"SignatureDoesNotMatch": 1, "InvalidSignatureException": 1}
    assert daemon.journal.find("credentials-failed") == []


# Refresh


@pytest.mark.parametrize("source", ["role_of_profile", "web_identity_of_profile", "container", "instance"])
def test_sessions_of_a_second_serve_a_job_that_outlives_them(sources, sim, source):
    getattr(sources, source)()
    sim.settings(session_seconds=1)
    daemon = sources.daemon.start()
    import_id = sim.add_endless(owner=ACCOUNT)
    job = daemon.stop(import_id)
    wait_until(lambda: len({call["accessKey"] for call in sim.calls("GetImport")}) >= 3, sim)
    sim.finish(import_id, owner=ACCOUNT)
    daemon.journal.wait("import-stopped", job=job["id"])
    errors = sim.counts()["errors"]  # a call may leave just before the end of its session and arrive after it
    assert errors.keys() <= {"ExpiredTokenException"} and sum(errors.values()) <= len(sim.sessions())
    assert daemon.journal.find("outage-began") == [] == daemon.journal.find("credentials-failed")
    assert sim.counts()["operations"]["StopImport"] == 1


def wait_until(condition, sim):
    """For what the simulator saw: it is asked after each call of GetImport."""
    while not condition():
        sim.wait_calls(len(sim.calls("GetImport")) + 1, "GetImport")


def test_old_credentials_serve_until_they_expire_and_the_outage_ends_with_new_ones(sources, sim, role):
    sim.settings(session_seconds=4)
    daemon = sources.daemon.start()
    import_id = sim.add_endless(owner=ACCOUNT)
    job = daemon.stop(import_id)
    sim.wait_calls(1, "GetImport")
    sim.fault("error", operation="AssumeRole", status=503, code="ServiceUnavailable")
    daemon.journal.wait("credentials-failed")
    assert daemon.journal.find("outage-began") == []
    daemon.journal.wait("outage-began")

    keys = [session["accessKey"] for session in sim.sessions(role)]
    refused = [call for call in sim.calls("AssumeRole") if call["status"] == 503]
    served = [call for call in sim.calls("GetImport") if call["status"] == 200]
    assert served[-1]["accessKey"] == keys[-1]
    assert served[-1]["receivedUsec"] > refused[0]["answeredUsec"], "used after the first refresh had failed"
    assert served[-1]["receivedUsec"] - served[0]["receivedUsec"] > 1.9e6, "for about as long as it lasts"
    assert sim.counts()["errors"].get("ExpiredTokenException", 0) <= 1
    assert len({call["invocationId"] for call in refused}) <= 5, "not at every call"

    sim.clear_faults()
    daemon.journal.wait("outage-ended")
    sim.finish(import_id, owner=ACCOUNT)
    daemon.journal.wait("import-stopped", job=job["id"])
    assert len(daemon.journal.find("credentials-failed")) == 1


def test_a_refresh_under_way_holds_nobody_up(sources, sim, role):
    """Calls go on with the old credentials while STS takes its time."""
    sim.settings(session_seconds=600)  # within the quarter of an hour before the end: refreshed from the start
    daemon = sources.daemon.start()
    import_id = sim.add_endless(owner=ACCOUNT)
    job = daemon.stop(import_id)
    sim.wait_calls(1, "GetImport")
    sim.fault("hang", operation="AssumeRole")
    sim.wait_calls(2, "AssumeRole")
    before = len(sim.calls("GetImport"))
    sim.wait_calls(before + 10, "GetImport")
    sim.finish(import_id, owner=ACCOUNT)
    daemon.journal.wait("import-stopped", job=job["id"])
    assert len(sim.sessions(role)) == 1


def test_an_expiration_in_the_past_is_left_to_aws_to_judge(sources, sim):
    """A host whose clock is ahead would else have no credentials at all."""
    output = sources.file("output", sources.process_output(Expiration="2020-01-01T00:00:00Z"))
    sources.shared("config", {"default": {"credential_process": f"cat {output}"}})
    sources.daemon.start()
    assert stop(sources)["state"] == "stopped"
