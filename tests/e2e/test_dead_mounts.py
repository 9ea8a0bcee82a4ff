# SPDX-License-Identifier: Apache-2.0
"""A file system that hangs, as a network mount does whose server is gone, stops nothing but what needs it; and that goes
on when it answers again."""

import json
import os
import subprocess
import time

import pytest

from harness import DEADLINE
from harness.authority import Authority
from harness.credentials import ACCOUNT, CONTAINER_TOKEN, WEB_TOKEN
from harness.daemon import target
from harness.mount import Mount, Preloaded, build_library, why_not_mounted

ONE_ATTEMPT = {"max-attempts": 1}
KEYS = "aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY\n"


@pytest.fixture(params=["mounted", "preloaded"])
def make_mount(request, tmp_path):
    """A factory of file systems that hang on request: `directory` is where they are seen."""
    mounts = []

    def make(directory=None):
        content, directory = tmp_path / f"content{len(mounts)}", directory or tmp_path / f"mount{len(mounts)}"
        mounts.append(Mount(content, directory) if request.param == "mounted" else
                      Preloaded(content, directory, library))
        return mounts[-1]

    if request.param == "mounted" and (reason := why_not_mounted()):
        pytest.skip(reason)
    if request.param == "preloaded" and not (library := build_library(tmp_path)):
        pytest.skip("needs a C compiler")
    yield make
    for mount in mounts:
        mount.close()


@pytest.fixture
def mount(make_mount):
    return make_mount()


@pytest.fixture
def start(new_daemon, sim, mount, tmp_path):
    """Starts a daemon whose target `odd` has credentials by its profile alone, and `default` has its own. profile: lines
    of the former."""
    def start(*profile, environment=None, odd=None, **sections):
        directory = {"odd": odd or target(sim, profile="odd"), "default": target(sim, profile="well")}
        daemon = new_daemon(directory, environment=environment or {}, calls=ONE_ATTEMPT, **sections)
        mount.prepare(daemon)
        for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            daemon.environment.pop(variable, None)
        (tmp_path / "keys").write_text(f"[well]\n{KEYS}")
        (tmp_path / "profiles").write_text("\n".join(["[profile odd]", *profile]) + "\n")
        daemon.environment.setdefault("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
        daemon.environment.setdefault("AWS_CONFIG_FILE", str(tmp_path / "profiles"))
        return daemon.start()
    return start


def assert_alive(daemon, sim):
    """It answers, and another target's jobs go on."""
    assert daemon.call("GetStatistics")["statistics"]
    assert daemon.stopped(sim.add())["state"] == "stopped"


def assert_goes_on(daemon, mount, job):
    mount.answer()
    daemon.journal.wait("import-stopped", job=job["id"])


def assert_reloads_again(daemon, mount):
    """As soon as what hung has returned, which is not at once."""
    mount.answer()
    end, before = time.monotonic() + DEADLINE, len(daemon.journal.find("reloaded"))
    while len(daemon.journal.find("reloaded")) == before:
        assert time.monotonic() < end
        daemon.reload()


def assert_without_credentials(daemon, sim, job, path):
    message = daemon.journal.wait("credentials-failed", target="odd")["MESSAGE"]
    assert str(path) in message and "does not answer" in message
    assert daemon.job(job["id"])["lastError"]["code"] == "CredentialsUnavailable"
    assert_alive(daemon, sim)


# What credentials come from


def test_a_web_identity_token(start, sim, mount):
    token = mount.directory / "token"
    (mount.content / "token").write_text(WEB_TOKEN)
    role = sim.role("web", ACCOUNT, web_identity_tokens=[WEB_TOKEN], principals=[])
    daemon = start(f"web_identity_token_file = {token}", f"role_arn = {role}",
                   odd=target(sim, profile="odd", sts_endpoint_url=sim.url))
    mount.hang()
    job = daemon.stop(sim.add(), target="odd")
    assert_without_credentials(daemon, sim, job, token)
    assert_goes_on(daemon, mount, job)
    daemon.terminate()


def test_shared_files_keep_their_last_good_reading(start, sim, mount, tmp_path):
    (mount.content / "keys").write_text(f"[well]\n{KEYS}[odd]\n{KEYS}")
    daemon = start(environment={"AWS_SHARED_CREDENTIALS_FILE": str(mount.directory / "keys")})
    mount.hang()
    daemon.reload()
    warning = daemon.journal.wait("shared-files-warning")["MESSAGE"]
    assert str(mount.directory / "keys") in warning and "does not answer" in warning
    assert_alive(daemon, sim)
    assert daemon.stopped(sim.add(), target="odd")["state"] == "stopped"
    (mount.content / "keys").write_text(f"[well]\n{KEYS}[odd]\n{KEYS}[another]\n{KEYS}")
    with daemon.config.open("a") as file:
        file.write(f"[target another]\nregion = us-east-1\nendpoint-url = {sim.url}\nprofile = another\n")
    assert_reloads_again(daemon, mount)
    assert daemon.stopped(sim.add(), target="another")["state"] == "stopped"
    daemon.terminate()


def test_a_container_token(start, sim, mount):
    (mount.content / "token").write_text(CONTAINER_TOKEN)
    daemon = start(environment={
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(mount.directory / "token"),
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": sim.container("/pod", role=f"arn:aws:iam::{ACCOUNT}:role/pod",
                                                            authorization=CONTAINER_TOKEN)},
        odd=target(sim))
    mount.hang()
    job = daemon.stop(sim.add(), target="odd")
    assert_without_credentials(daemon, sim, job, mount.directory / "token")
    assert_goes_on(daemon, mount, job)
    daemon.terminate()


def test_a_program_that_prints_credentials(start, sim, mount):
    program = mount.content / "program"
    keys = {"Version": 1, "AccessKeyId": sim.ENVIRONMENT["AWS_ACCESS_KEY_ID"],
            "SecretAccessKey": sim.ENVIRONMENT["AWS_SECRET_ACCESS_KEY"]}
    program.write_text(f"#!/bin/sh\necho '{json.dumps(keys)}'\n")
    program.chmod(0o755)
    daemon = start(f"credential_process = {mount.directory / 'program'}")
    mount.hang()
    job = daemon.stop(sim.add(), target="odd")
    assert_alive(daemon, sim)
    assert daemon.job(job["id"])["attempts"] == 0
    assert_goes_on(daemon, mount, job)
    daemon.terminate()


def test_a_daemon_ends_while_its_program_hangs(start, sim, mount):
    (program := mount.content / "program").write_text("#!/bin/sh\n")
    program.chmod(0o755)
    daemon = start(f"credential_process = {mount.directory / 'program'}")
    mount.hang()
    daemon.stop(sim.add(), target="odd")
    assert_alive(daemon, sim)
    daemon.terminate()


# CA bundles


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path / "authority")


@pytest.fixture
def secure(start_sim, authority):
    certificate = authority.issue("server", host="IP:127.0.0.1")
    return start_sim("--cert", certificate.cert, "--key", certificate.key)


@pytest.fixture
def bundle(mount, authority):
    (mount.content / "ca.pem").write_text(authority.bundle.read_text())
    return mount.directory / "ca.pem"


def test_a_ca_bundle(new_daemon, sim, secure, mount, bundle):
    """Nothing opens it but by a way that may hang, not even the library that needs it."""
    daemon = new_daemon({"odd": target(secure, ca_bundle=bundle), "default": target(sim)}, calls=ONE_ATTEMPT)
    mount.prepare(daemon)
    daemon.start()
    mount.hang()
    job = daemon.stop(secure.add(), target="odd")
    began = daemon.journal.wait("outage-began", target="odd")
    assert began["TRAILSTOP_AWS_ERROR"] == "TLSFailed"
    assert str(bundle) in began["MESSAGE"] and "does not answer" in began["MESSAGE"]
    assert_alive(daemon, sim)
    assert_goes_on(daemon, mount, job)
    daemon.terminate()


def test_a_ca_bundle_that_was_read_before(new_daemon, sim, secure, mount, bundle):
    daemon = new_daemon({"odd": target(secure, ca_bundle=bundle), "default": target(sim)}, calls=ONE_ATTEMPT)
    mount.prepare(daemon)
    daemon.start()
    assert daemon.stopped(secure.add(), target="odd")["state"] == "stopped"
    mount.hang()
    daemon.reload()
    secure.fault("close", calls=1)  # so that the next call needs a new connection
    assert daemon.stopped(secure.add(), target="odd")["state"] == "stopped"
    assert_alive(daemon, sim)
    daemon.terminate()


# The configuration


def test_a_configuration_stays_as_it_is(new_daemon, sim, mount):
    daemon = new_daemon({"default": target(sim)})
    mount.prepare(daemon)
    (mount.content / "t.conf").write_text(daemon.config.read_text())
    daemon.config = mount.directory / "t.conf"
    daemon.start()
    mount.hang()
    for _ in range(3):
        daemon.reload()
    refused = daemon.journal.wait("reload-refused")["MESSAGE"]
    assert str(daemon.config) in refused and "does not answer" in refused
    assert_alive(daemon, sim)
    assert_reloads_again(daemon, mount)
    daemon.terminate()


def test_drop_ins_that_cannot_be_listed(new_daemon, sim, make_mount):
    daemon = new_daemon({"default": target(sim)})
    mount = make_mount(daemon.directory / "trailstopd.conf.d")
    mount.prepare(daemon)
    (mount.content / "a.conf").write_text("[daemon]\nlog-level = debug\n")
    daemon.start()
    mount.hang()
    daemon.reload()
    refused = daemon.journal.wait("reload-refused")["MESSAGE"]
    assert str(mount.directory) in refused and "does not answer" in refused
    assert_alive(daemon, sim)
    assert_reloads_again(daemon, mount)
    daemon.terminate()


@pytest.mark.parametrize("what", ["config", "drop-ins"])
def test_check_and_start_fail_and_say_why(new_daemon, sim, build, make_mount, what):
    daemon = new_daemon({"default": target(sim)})
    if what == "config":
        mount = make_mount()
        (mount.content / "t.conf").write_text(daemon.config.read_text())
        path = daemon.config = mount.directory / "t.conf"
    else:
        path = daemon.directory / "trailstopd.conf.d"
        mount = make_mount(path)
    mount.prepare(daemon)
    mount.hang()
    check = subprocess.run([build / "trailstopd", "--check", "--config", daemon.config], capture_output=True, text=True,
                           env={**os.environ, **daemon.environment}, timeout=DEADLINE)
    assert check.returncode == 1
    assert str(path) in check.stderr and "does not answer" in check.stderr
    assert daemon.spawn().wait() == 1
    assert "does not answer" in daemon.journal.text()


# Names of users and groups


@pytest.fixture
def directory_service(tmp_path):
    """Makes the look-ups of a daemon hang, as a directory service does that is gone."""
    if not (library := build_library(tmp_path)):
        pytest.skip("needs a C compiler")
    service = Preloaded(tmp_path / "content", tmp_path / "nothing", library)
    yield service
    service.close()


def test_operators_stay_who_they_are(new_daemon, sim, directory_service):
    daemon = new_daemon({"default": target(sim)})
    directory_service.prepare(daemon)
    daemon.start()
    directory_service.hang()
    daemon.reload()
    assert "operators" in daemon.journal.wait("reload-refused")["MESSAGE"]
    assert_alive(daemon, sim)
    assert_reloads_again(daemon, directory_service)
    directory_service.hang()
    daemon.reload()
    daemon.terminate()


def test_a_start_without_an_answer_who_may_stop_fails_and_says_why(new_daemon, sim, directory_service):
    daemon = new_daemon({"default": target(sim)})
    directory_service.prepare(daemon)
    directory_service.hang()
    assert daemon.spawn().wait() == 1
    assert "operators: the system does not say in time" in daemon.journal.text()
