# SPDX-License-Identifier: Apache-2.0
"""TLS: which certificates and versions are taken, and that a fault is an outage which passes with its cause."""

import re
import subprocess

import pytest

from harness import DEADLINE
from harness.authority import Authority
from harness.daemon import target
from harness.varlink import VarlinkError

IN_2020 = ["-startdate", "20200101000000Z", "-enddate", "20200201000000Z"]
IN_2049 = ["-startdate", "20490101000000Z", "-enddate", "20490201000000Z"]
ONE_ATTEMPT = {"max-attempts": 1}


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "authority")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """Another authority, which nobody trusts."""
    return Authority(tmp_path_factory.mktemp("tls") / "stranger")


@pytest.fixture(scope="session")
def right(authority):
    return authority.issue("right")


@pytest.fixture
def start_secure(start_sim):
    """A factory of simulators with this certificate, at this port where there was one before."""
    def start(certificate, *options, port=0):
        return start_sim("--listen", f"127.0.0.1:{port}", "--cert", certificate.cert, "--key", certificate.key,
                         *options)
    return start


def assert_out(daemon, job):
    """The job is held up by a fault of TLS: its error."""
    began = daemon.journal.wait("outage-began", target="default")
    assert began["TRAILSTOP_AWS_ERROR"] == "TLSFailed"
    error = daemon.job(job["id"])["lastError"]
    assert error["code"] == "TLSFailed" and "httpStatus" not in error
    return error


# Which authorities


def test_the_bundle_of_the_configuration(start_daemon, start_secure, authority, right):
    secure = start_secure(right)
    daemon = start_daemon({"default": target(secure, ca_bundle=authority.bundle)})
    assert daemon.stopped(secure.add())["state"] == "stopped"


def test_the_bundle_of_the_environment(start_daemon, start_secure, authority, right):
    secure = start_secure(right)
    daemon = start_daemon({"default": target(secure)}, environment={"AWS_CA_BUNDLE": str(authority.bundle)})
    assert daemon.stopped(secure.add())["state"] == "stopped"


def test_the_bundle_of_the_profile(start_daemon, start_secure, authority, right, tmp_path):
    secure = start_secure(right)
    (tmp_path / "config").write_text(f"[default]\nca_bundle = {authority.bundle}\n")
    daemon = start_daemon({"default": target(secure)}, environment={"AWS_CONFIG_FILE": str(tmp_path / "config")})
    assert daemon.stopped(secure.add())["state"] == "stopped"


def test_the_configuration_beats_the_environment(start_daemon, start_secure, authority, stranger, right):
    secure = start_secure(right)
    daemon = start_daemon({"default": target(secure, ca_bundle=authority.bundle)},
                          environment={"AWS_CA_BUNDLE": str(stranger.bundle)})
    assert daemon.stopped(secure.add())["state"] == "stopped"


def test_each_target_has_its_own_bundle(start_daemon, start_secure, authority, stranger, right):
    """Also where they share a connection cache: what one trusts, the other does not."""
    secure = start_secure(right)
    daemon = start_daemon({"default": target(secure, ca_bundle=authority.bundle),
                           "other": target(secure, ca_bundle=stranger.bundle)}, calls=ONE_ATTEMPT)
    import_id = secure.add()
    assert daemon.call("GetImport", importId=import_id)["import"]["ImportId"] == import_id
    with pytest.raises(VarlinkError) as caught:
        daemon.call("GetImport", importId=import_id, target="other")
    assert caught.value.parameters["cause"]["code"] == "TLSFailed"
    assert daemon.call("GetImport", importId=import_id)["import"]["ImportId"] == import_id


def test_a_bundle_that_is_not_there_is_a_mistake_of_the_configuration(new_daemon, sim, tmp_path):
    daemon = new_daemon({"default": target(sim, ca_bundle=tmp_path / "nowhere.pem")}).spawn()
    assert daemon.wait() == 1
    assert str(tmp_path / "nowhere.pem") in daemon.journal.text()


@pytest.mark.parametrize("content", ["", "no certificate\n"], ids=["empty", "no PEM"])
def test_a_bundle_without_certificates_is_named(start_daemon, start_secure, right, tmp_path, content):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(content)
    secure = start_secure(right)
    daemon = start_daemon({"default": target(secure, ca_bundle=bundle)}, calls=ONE_ATTEMPT)
    error = assert_out(daemon, daemon.stop(secure.add()))
    assert str(bundle) in error["message"]
    assert secure.calls() == []


def test_a_bundle_that_is_put_right_is_taken(start_daemon, start_secure, authority, stranger, right, tmp_path):
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(stranger.bundle.read_text())
    secure = start_secure(right)
    daemon = start_daemon({"default": target(secure, ca_bundle=bundle)}, calls=ONE_ATTEMPT)
    job = daemon.stop(secure.add())
    assert_out(daemon, job)
    bundle.write_text(authority.bundle.read_text())
    daemon.reload()
    daemon.journal.wait("import-stopped", job=job["id"])


# Faults


@pytest.mark.parametrize("fault", ["expired", "not yet valid", "another host", "an unknown authority"])
def test_a_fault_is_an_outage_that_passes_with_its_cause(start_daemon, start_secure, authority, stranger, right, fault):
    faulty = {
        "expired": lambda: authority.issue("expired", valid=IN_2020),
        "not yet valid": lambda: authority.issue("early", valid=IN_2049),
        "another host": lambda: authority.issue("elsewhere", host="DNS:localhost,IP:127.0.0.2"),
        "an unknown authority": lambda: stranger.issue("stranger"),
    }[fault]()
    wrong = start_secure(faulty)
    daemon = start_daemon({"default": target(wrong, ca_bundle=authority.bundle)}, calls=ONE_ATTEMPT)
    import_id = wrong.add()
    job = daemon.stop(import_id)
    error = assert_out(daemon, job)
    assert f"127.0.0.1:{wrong.port}: no secure connection: " in error["message"]
    assert wrong.calls() == [], "nothing was sent"

    wrong.close()
    start_secure(right, "--import", f"id={import_id}", port=wrong.port)
    daemon.journal.wait("import-stopped", job=job["id"])
    daemon.journal.wait("outage-ended", target="default")
    assert len(daemon.journal.find("outage-began")) == 1
    assert "lastError" not in daemon.job(job["id"])


def test_a_certificate_by_name(start_daemon, start_secure, authority):
    secure = start_secure(authority.issue("by-name", host="DNS:localhost"))
    options = {**target(secure, ca_bundle=authority.bundle), "endpoint-url": f"https://localhost:{secure.port}"}
    assert start_daemon({"default": options}).stopped(secure.add())["state"] == "stopped"


def test_questions_say_what_is_wrong(start_daemon, start_secure, authority, right):
    secure = start_secure(right)
    daemon = start_daemon({"default": target(secure)}, calls=ONE_ATTEMPT)
    with pytest.raises(VarlinkError) as caught:
        daemon.call("ListImports")
    assert caught.value.short_name == "CallFailed"
    assert caught.value.parameters["cause"]["code"] == "TLSFailed"


@pytest.fixture
def start_version(right):
    """A factory of servers that speak one version of TLS alone, and answer nothing but GET: their URLs."""
    servers = []

    def start(version):
        server = subprocess.Popen(
            ["openssl", "s_server", "-accept", "127.0.0.1:0", "-cert", right.cert, "-key", right.key,
             f"-{version}", "-cipher", "ALL:@SECLEVEL=0", "-www"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        servers.append(server)
        for line in server.stdout:
            if found := re.match(r"ACCEPT \S+:(\d+)$", line):
                return f"https://127.0.0.1:{found.group(1)}"
        pytest.skip(f"this OpenSSL serves no {version}")

    yield start
    for server in servers:
        server.kill()
        server.wait(DEADLINE)
        server.stdout.close()


LAX_HOST = """\
openssl_conf = defaults
[defaults]
ssl_conf = ssl
[ssl]
system_default = lax
[lax]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
"""


@pytest.mark.parametrize("version, code", [("tls1", "TLSFailed"), ("tls1_1", "TLSFailed"),
                                           ("tls1_2", "TimedOut"), ("tls1_3", "TimedOut")])
def test_versions_below_1_2_are_refused(start_daemon, start_version, authority, tmp_path, version, code):
    """Also where the host's policy would take them. From 1.2 on the request is sent, and only its answer missing."""
    policy = tmp_path / "openssl.cnf"
    policy.write_text(LAX_HOST)
    options = {"region": "us-east-1", "endpoint-url": start_version(version), "ca-bundle": authority.bundle}
    daemon = start_daemon({"default": options}, calls={**ONE_ATTEMPT, "timeout": "2s"},
                          environment={"OPENSSL_CONF": str(policy)})
    with pytest.raises(VarlinkError) as caught:
        daemon.call("ListImports")
    assert caught.value.parameters["cause"]["code"] == code


# Connections


def test_one_handshake_for_each_connection_that_is_kept(start_daemon, start_secure, authority, right):
    secure = start_secure(right)
    daemon = start_daemon({"default": target(secure, ca_bundle=authority.bundle)})
    before = secure.counts()["tlsHandshakes"]
    daemon.stopped(secure.add(stop_polls=30))
    counts = secure.counts()
    assert len({call["peer"] for call in secure.calls()}) == 1
    # The other handshakes since are those of this test's own two questions.
    assert counts["tlsHandshakes"] - before == 1 + 2
    assert counts["calls"] == 31
