# SPDX-License-Identifier: Apache-2.0
"""Where credentials come from: every source with the real daemon, from its first fetch to its failures."""

import os
import re
import time
from pathlib import Path

import pytest

from harness.credentials import ACCOUNT, BASE, CONTAINER_TOKEN, WEB_TOKEN, fetches, role, sources, stop
from harness.sim import Sim
from harness.varlink import VarlinkError

SOURCES = {
    "environment_keys": "environment",
    "systemd_credential": "/aws-credentials",
    "role_of_profile": "role",
    "chain_of_roles": "role",
    "role_with_environment": "role",
    "role_with_container": "role",
    "role_with_instance": "role",
    "role_with_process": "role",
    "web_identity_of_environment": "web identity",
    "web_identity_of_profile": "web identity",
    "shared_file": "/.aws/credentials",
    "process": "credential_process",
    "config_file": "/.aws/config",
    "container": "container",
    "container_with_token": "container",
    "instance": "instance",
}
every_source = pytest.mark.parametrize("source", SOURCES)


def header(call, name):
    return {key.lower(): value for key, value in call["headers"]}.get(name.lower())


def last_call(sim, operation):
    return sim.calls(operation)[-1]


# Every source


@every_source
def test_credentials_of_every_source_stop_imports(sources, sim, source):
    getattr(sources, source)()
    daemon = sources.daemon.start()
    assert stop(sources)["state"] == "stopped"
    assert {call["accountId"] for call in sim.calls("StopImport") + sim.calls("GetImport")} == {ACCOUNT}
    assert sim.counts()["errors"] == {}
    [listed] = daemon.call("ListTargets")["targets"]
    assert SOURCES[source] in listed["credentials"]
    obtained = daemon.journal.wait("credentials-obtained")
    assert obtained["TRAILSTOP_TARGET"] == "default" and listed["credentials"] in obtained["MESSAGE"]


@every_source
def test_a_role_of_the_target_comes_on_top_of_every_source(sources, sim, source):
    getattr(sources, source)()
    profile = {"profile": "default"} if source == "role_with_environment" else {}
    top = sim.role("on-top", "888899990000", principals=[ACCOUNT], external_id="id-of-the-target")
    sources.targets(default={"role_arn": top, "external_id": "id-of-the-target", "role_session_name": "top",
                             "duration": "15min", **profile})
    daemon = sources.daemon.start()
    assert stop(sources, sim.add(owner="888899990000"))["state"] == "stopped"
    assert last_call(sim, "StopImport")["accountId"] == "888899990000"
    bodies = [call["body"] for call in sim.calls("AssumeRole")]  # sessions so short are renewed at once
    assert any("RoleSessionName=top" in body and "DurationSeconds=900" in body for body in bodies)
    [listed] = daemon.call("ListTargets")["targets"]
    assert listed["roleArn"] == top and top in listed["credentials"]


@every_source
def test_no_secret_of_any_source_leaves_the_daemon(sources, sim, source):
    """Through success, refusals and rejected tokens, at the most talkative level."""
    getattr(sources, source)()
    daemon = sources.daemon.start()
    stop(sources)
    sim.fault("expired-token", operation="StopImport", calls=1)
    stop(sources)
    quote_secrets_of_callers(sim)
    for operation in ("InstanceCredentials", "ContainerCredentials"):
        sim.fault("wrong-types", operation=operation, calls=1)
    sim.fault("expired-token", operation="GetImport", calls=1)
    stop(sources)
    process = Path(f"/proc/{daemon.process.pid}")
    arguments, environment = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
    replies = repr([daemon.call("ListTargets"), daemon.call("ListJobs"), daemon.call("GetStatistics")]).encode()
    daemon.terminate()

    secrets = secrets_of(sim)
    assert len(secrets) >= 3 and sim.counts()["faults"]["expired-token"] == 2
    written = b"\n".join(path.read_bytes() for path in [daemon.journal.path, *daemon.state.rglob("*")]
                         if path.is_file())
    for secret in secrets:
        assert secret.encode() not in written + arguments + replies
        if secret not in sources.environment.values():
            assert secret.encode() not in environment


def quote_secrets_of_callers(sim):
    """In errors of STS, as it does where a signature is wrong."""
    sim.fault("error", operation="AssumeRoleWithWebIdentity", code="AccessDenied", calls=1,
              message=f"The request was WebIdentityToken={WEB_TOKEN}&Action=...")
    for account in sim.control("accounts"):
        if account["accessKey"] not in (Sim.ACCESS_KEY, *(session["accessKey"] for session in sim.sessions())):
            sim.fault("error", operation="AssumeRole", access_key=account["accessKey"], code="AccessDenied", calls=1,
                      message=f"The String-to-Sign should have been {account['secretKey']}")


def secrets_of(sim):
    """All that the simulator ever gave out, took or was shown: keys, tokens, signatures."""
    secrets = {WEB_TOKEN, CONTAINER_TOKEN}
    for account in sim.control("accounts"):
        secrets |= {account["secretKey"], account.get("sessionToken", account["secretKey"])}
    for call in sim.calls():
        secrets |= set(re.findall("Signature=([0-9a-f]{64})", header(call, "Authorization") or ""))
        secrets |= {header(call, "X-aws-ec2-metadata-token")} - {None}
    return secrets


def test_what_is_asked_of_sts(sources, sim, role):
    sources.daemon.start()
    stop(sources)
    [call] = sim.calls("AssumeRole")
    assert call["accessKey"] == "AKIDSOURCE" and call["region"] == "us-east-1"
    for parameter in ("Version=2011-06-15", "RoleSessionName=on-call", "DurationSeconds=1800"):
        assert parameter in call["body"].split("&")
    [session] = sim.sessions(role)
    assert last_call(sim, "StopImport")["accessKey"] == session["accessKey"]


def test_a_chain_is_assumed_link_by_link(sources, sim):
    sources.chain_of_roles()
    sources.daemon.start()
    stop(sources)
    names = [session["roleArn"].rpartition("/")[2] for session in sim.sessions()]
    assert names == ["first", "second", "third"]
    keys = [session["accessKey"] for session in sim.sessions()]
    assert [call["accessKey"] for call in sim.calls("AssumeRole")] == ["AKIDSOURCE", *keys[:2]]


def test_a_web_identity_is_not_signed_and_its_token_read_at_every_fetch(sources, sim):
    sources.web_identity_of_environment()
    sources.daemon.start()
    stop(sources)
    renewed = "eyJhbGciOi.another-token.c2lnbmF0dXJl"
    sim.role("web", ACCOUNT, web_identity_tokens=[renewed], expired_web_identity_tokens=[WEB_TOKEN])
    sources.file("web-token", renewed + " \n\n")
    sim.fault("expired-token", operation="StopImport", calls=1)
    stop(sources)
    first, second = sim.calls("AssumeRoleWithWebIdentity")
    assert header(first, "Authorization") is None
    assert f"WebIdentityToken={WEB_TOKEN}" in first["body"] and "RoleSessionName=a-pod" in first["body"]
    assert f"WebIdentityToken={renewed}" in second["body"].split("&")


def test_the_container_comes_before_the_instance_and_both_after_files(sources, sim):
    sources.container()
    sources.instance(BASE)
    sources.daemon.start()
    stop(sources)
    assert fetches(sim, "ContainerCredentials") == 1 and fetches(sim, "InstanceToken") == 0


def test_a_token_of_the_instance_serves_several_fetches(sources, sim):
    sources.instance()
    sources.daemon.start()
    for _ in range(3):
        sim.fault("expired-token", operation="StopImport", calls=1)
        stop(sources)
    assert (fetches(sim, "InstanceToken"), fetches(sim, "InstanceCredentials")) == (1, 4)
    assert header(sim.calls("InstanceToken")[0], "X-aws-ec2-metadata-token-ttl-seconds") == "21600"


def test_a_token_that_the_instance_refuses_is_renewed(sources, sim):
    sources.instance()
    sources.daemon.start()
    stop(sources)
    sim.fault("http", operation="InstanceRole", status=401, calls=1)
    sim.fault("expired-token", operation="StopImport", calls=1)
    stop(sources)
    assert fetches(sim, "InstanceToken") == 2


# Failures


FAILURES = {
    # source: the fault of the simulator, and what the journal says
    "role_of_profile": ({"fault": "error", "operation": "AssumeRole", "code": "AccessDenied"}, "AccessDenied"),
    "chain_of_roles": ({"fault": "error", "operation": "AssumeRole", "code": "ExpiredToken", "skip": 2},
                       "third"),
    "web_identity_of_profile": ({"fault": "error", "operation": "AssumeRoleWithWebIdentity",
                                 "code": "InvalidIdentityToken"}, "InvalidIdentityToken"),
    "web_identity_of_environment": ({"fault": "error", "operation": "AssumeRoleWithWebIdentity",
                                     "code": "IDPCommunicationError"}, "IDPCommunicationError"),
    "container": ({"fault": "error", "operation": "ContainerCredentials", "status": 404, "code": "NoSuchTask"},
                  "NoSuchTask"),
    "container_with_token": ({"fault": "not-json", "operation": "ContainerCredentials"}, "JSON"),
    "instance": ({"fault": "http", "operation": "InstanceToken", "status": 403}, "403"),
    "role_with_instance": ({"fault": "http", "operation": "InstanceCredentials", "status": 404}, "404"),
}


@pytest.mark.parametrize("source", FAILURES)
def test_a_job_waits_while_a_source_fails_and_goes_on_when_it_recovers(sources, sim, source):
    fault, told = FAILURES[source]
    getattr(sources, source)()
    sim.control("faults", fault)
    daemon = sources.daemon.start()
    job = daemon.stop(sim.add(owner=ACCOUNT))
    failed = daemon.journal.wait("credentials-failed", target="default")
    assert told in failed["MESSAGE"]
    daemon.journal.wait("outage-began", target="default")
    waiting = daemon.job(job["id"])
    assert waiting["state"] in ("queued", "stopping") and waiting["lastError"]["message"]
    assert fetches(sim, "StopImport") == 0
    sim.clear_faults()
    daemon.journal.wait("import-stopped", job=job["id"])
    daemon.journal.wait("outage-ended", target="default")
    assert len(daemon.journal.find("credentials-failed")) == 1


@pytest.mark.parametrize("kind", ["reset", "close", "truncated", "error"])
@pytest.mark.parametrize("source, operation", [
    ("role_of_profile", "AssumeRole"), ("web_identity_of_profile", "AssumeRoleWithWebIdentity"),
    ("container", "ContainerCredentials"), ("instance", "InstanceToken"), ("instance", "InstanceCredentials")])
def test_a_passing_trouble_is_not_even_noticed(sources, sim, kind, source, operation):
    getattr(sources, source)()
    sim.fault(kind, operation=operation, calls=2)
    daemon = sources.daemon.start()
    stop(sources)
    assert fetches(sim, operation) == 3
    assert daemon.journal.find("credentials-failed") == []


@pytest.mark.parametrize("source, operation", [("container", "ContainerCredentials"), ("instance", "InstanceRole")])
def test_a_metadata_service_that_hangs_is_asked_again(sources, sim, source, operation):
    getattr(sources, source)()
    sim.fault("hang", operation=operation, calls=1)
    sources.daemon.start()
    stop(sources)
    first, second = sim.calls(operation)
    assert second["receivedUsec"] - first["receivedUsec"] >= 0.9e6


def test_without_any_source_it_says_so(sources, sim):
    daemon = sources.daemon.start()
    with pytest.raises(VarlinkError) as error:
        daemon.call("GetImport", importId=sim.add())
    assert error.value.short_name == "CallFailed"
    assert "AWS_EC2_METADATA_DISABLED" in error.value.parameters["cause"]["message"]
    [listed] = daemon.call("ListTargets")["targets"]
    assert "credentials" not in listed


def test_an_instance_that_gets_a_role_later(sources, sim):
    sources.instance()
    sim.instance()
    daemon = sources.daemon.start()
    job = daemon.stop(sim.add(owner=ACCOUNT))
    assert "role" in daemon.journal.wait("credentials-failed")["MESSAGE"]
    sim.instance(role=f"arn:aws:iam::{ACCOUNT}:role/host")
    daemon.journal.wait("import-stopped", job=job["id"])


def test_files_that_are_put_right_need_no_restart(sources, sim):
    """What `--check` would call wrong keeps the daemon neither from its start nor from a reload."""
    sources.environment["AWS_PROFILE"] = "audit"
    daemon = sources.daemon
    sources.shared("credentials", {"audit": {"aws_access_key_id": "AKIDAUDIT"}})
    daemon.start().reload()
    assert daemon.journal.wait("reloaded")
    job = daemon.stop(sim.add(owner=ACCOUNT))
    assert "audit" in daemon.journal.wait("credentials-failed")["MESSAGE"]
    sources.shared("credentials", {"audit": sources.keys("audit")})
    daemon.journal.wait("import-stopped", job=job["id"])
    assert last_call(sim, "StopImport")["accessKey"] == "AKIDAUDIT"


def test_a_half_written_shared_file_disturbs_no_target(sources, sim):
    """Rewritten in place while keys are fetched again and the configuration is read again."""
    sources.shared_file()
    daemon = sources.daemon.start()
    stop(sources)
    sources.file(".aws/credentials", "[default]\naws_access_key_id")
    sim.fault("error", access_key="AKIDFILE", code="UnrecognizedClientException", calls=1)
    stop(sources)
    warning = daemon.journal.wait("shared-files-warning")["MESSAGE"]
    assert "/.aws/credentials:2: " in warning and "AKID" not in warning
    daemon.reload()
    assert daemon.journal.wait("reloaded")
    stop(sources)
    assert daemon.journal.find("credentials-failed") == [] == daemon.journal.find("outage-began")
    sources.shared("credentials", {"default": sources.keys("rotated")})
    sim.fault("error", access_key="AKIDFILE", code="UnrecognizedClientException")
    stop(sources)
    assert last_call(sim, "StopImport")["accessKey"] == "AKIDROTATED"


def test_rejected_keys_are_read_again_from_their_file(sources, sim):
    """Rotated on the host, and the old ones deactivated."""
    sources.shared_file()
    daemon = sources.daemon.start()
    stop(sources)
    sources.shared("credentials", {"default": sources.keys("rotated")})
    sim.fault("error", access_key="AKIDFILE", code="UnrecognizedClientException")
    stop(sources)
    assert last_call(sim, "StopImport")["accessKey"] == "AKIDROTATED"
    assert len(daemon.journal.find("credentials-obtained")) == 2


def test_a_fetch_under_way_does_not_hold_up_the_end(sources, sim, role):
    sim.fault("hang", operation="AssumeRole")
    daemon = sources.daemon.start()
    job = daemon.stop(sim.add(owner=ACCOUNT))
    sim.wait_calls(1, "AssumeRole")
    started = time.monotonic()
    daemon.terminate()
    assert time.monotonic() - started < 5, "half of what one attempt may take"
    sim.clear_faults()
    daemon.start()
    daemon.journal.wait("import-stopped", job=job["id"])


# credential_process


def test_a_process_inherits_no_connection_and_leaves_no_zombie(sources, sim):
    script = sources.file("script", f"ls -l /proc/$$/fd >{sources.daemon.directory}/open\n"
                                    f"echo '{sources.process_output()}'\n")
    sources.shared("config", {"default": {"credential_process": f"sh {script}"}})
    daemon = sources.daemon.start()
    with daemon.connect() as connection:
        connection.call("ListTargets")
        stop(sources)
    listing = (daemon.directory / "open").read_text()
    assert "pipe:" in listing and "socket:" not in listing and "jobs.sqlite3" not in listing
    pid = daemon.process.pid
    assert Path(f"/proc/{pid}/task/{pid}/children").read_text() == ""


def test_a_process_that_fails_tells_why(sources, sim):
    script = sources.file("fail", "echo the vault is sealed >&2; exit 3\n")
    sources.shared("config", {"default": {"credential_process": f"sh {script}"}})
    daemon = sources.daemon.start()
    job = daemon.stop(sim.add(owner=ACCOUNT))
    message = daemon.journal.wait("credentials-failed")["MESSAGE"]
    assert "the vault is sealed" in message and "3" in message
    sources.file("fail", f"echo '{sources.process_output()}'\n")
    daemon.journal.wait("import-stopped", job=job["id"])


@pytest.mark.parametrize("script", [
    "printf 'Zugang verweigert f\\374r Benutzer' >&2; exit 1",
    "printf x >&2; yes \N{EURO SIGN} | head -c 8000 | tr -d '\\n' >&2; exit 1",
], ids=["latin-1", "cut inside a character"])
def test_what_a_process_says_is_passed_on_as_utf8(sources, sim, script):
    """Else nobody could read the reply, nor the list of jobs."""
    sources.shared("config", {"default": {"credential_process": f"sh {sources.file('fail', script)}"}})
    daemon = sources.daemon.start()
    job = daemon.stop(sim.add(owner=ACCOUNT))
    failed = daemon.journal.wait("credentials-failed")
    daemon.journal.wait("outage-began")
    [listed] = daemon.call("ListJobs")["jobs"]
    for text in (failed["MESSAGE"], listed["lastError"]["message"], daemon.job(job["id"])["lastError"]["message"]):
        assert "f\N{REPLACEMENT CHARACTER}r Benutzer" in text or "status 1: \N{EURO SIGN}\N{EURO SIGN}" in text
    daemon.restart()
    assert daemon.job(job["id"])["id"] == job["id"]


def test_a_process_that_takes_its_time_does_not_stop_the_daemon(sources, sim):
    """It opens a FIFO, and so waits for the test."""
    output = sources.process_output()
    fifo = sources.daemon.directory / "fifo"
    os.mkfifo(fifo)
    sources.shared("config", {"default": {"credential_process": f"cat {fifo}"}})
    daemon = sources.daemon.start()
    jobs = [daemon.stop(import_id) for import_id in sim.add_many(5, owner=ACCOUNT)]
    with open(fifo, "w") as answer:  # not before the process has opened it
        assert len(daemon.call("ListJobs")["jobs"]) == 5
        assert sim.counts()["calls"] == 0
        answer.write(output)
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])


def test_a_process_of_the_daemon_ends_with_it(sources, sim):
    pids = sources.daemon.directory / "pid"
    os.mkfifo(pids)
    sources.shared("config", {"default": {
        "credential_process": f"sh -c 'exec 3>{pids}; echo $$ >&3; exec sleep 1000'"}})
    daemon = sources.daemon.start()
    daemon.stop(sim.add(owner=ACCOUNT))
    with open(pids) as pid:  # the process holds the other end open for as long as it lives
        assert int(pid.readline()) > 0
        daemon.terminate()
        assert pid.read() == ""
