# SPDX-License-Identifier: Apache-2.0
"""The way out: proxies as the environment names them, and names that cannot be resolved."""

import os
import random
import shutil
import socket
import subprocess
from base64 import b64decode
from pathlib import Path
from urllib.parse import quote

import pytest

from harness import DEADLINE
from harness.authority import Authority
from harness.ctl import Ctl
from harness.daemon import target
from harness.flood import FloodingServer
from harness.proxy import Proxy, is_installed
from harness.sim import new_id
from harness.varlink import VarlinkError

needs_proxy = pytest.mark.skipif(not is_installed(), reason="needs tinyproxy (Debian's package of that name)")
ONE_ATTEMPT = {"max-attempts": 1}


@pytest.fixture
def start_proxy(tmp_path):
    started = []

    def start(*further, **options):
        started.append(Proxy(tmp_path, *further, **options))
        return started[-1]

    yield start
    for proxy in started:
        proxy.close()


@pytest.fixture
def proxy(start_proxy):
    return start_proxy()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("proxy") / "authority")


@pytest.fixture(scope="session")
def server_certificate(authority):
    return authority.issue("server", host="IP:127.0.0.1,DNS:localhost,DNS:lake.localhost")


@pytest.fixture
def secure(start_sim, server_certificate):
    return start_sim("--cert", server_certificate.cert, "--key", server_certificate.key)


@pytest.fixture
def start_behind(start_daemon, secure, authority):
    """A daemon that reaches the simulator by https, with this environment."""
    def start(environment, host="127.0.0.1"):
        options = {**target(secure, ca_bundle=authority.bundle), "endpoint-url": f"https://{host}:{secure.port}"}
        return start_daemon({"default": options}, environment=environment, calls=ONE_ATTEMPT)
    return start


# Through it


@needs_proxy
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_https_goes_through_the_proxy(start_behind, secure, proxy, variable):
    daemon = start_behind({variable: proxy.url})
    assert daemon.stopped(secure.add(stop_polls=20))["state"] == "stopped"
    # One tunnel that is kept, with TLS inside: the proxy saw where to, and nothing else.
    assert proxy.requests() == [f"CONNECT 127.0.0.1:{secure.port} HTTP/1.1"]
    assert len({call["peer"] for call in secure.calls()}) == 1


@needs_proxy
def test_a_proxy_that_wants_to_know_who_asks(start_behind, secure, start_proxy):
    proxy = start_proxy("BasicAuth trail s3cret-of-the-proxy")
    daemon = start_behind({"HTTPS_PROXY": proxy.url.replace("//", "//trail:s3cret-of-the-proxy@")})
    assert daemon.stopped(secure.add())["state"] == "stopped"
    assert len(proxy.requests()) >= 1


@needs_proxy
def test_a_proxy_that_does_not_know_who_asks_is_an_outage(start_behind, secure, start_proxy):
    proxy = start_proxy("BasicAuth trail right")
    daemon = start_behind({"HTTPS_PROXY": proxy.url.replace("//", "//trail:s3cret-of-the-proxy@")})
    job = daemon.stop(secure.add())
    daemon.journal.wait("outage-began", target="default")
    assert daemon.job(job["id"])["lastError"]["code"] == "ConnectionFailed"
    assert "s3cret" not in daemon.journal.text() and "s3cret" not in str(daemon.job(job["id"]))


# The first part has a capital, which the random name of a temporary directory has not.
ODD_SECRETS = ["Sx7#cret", "Sx7/cret", "Sx7?cret", "Sx7@cret", "Sx7 cret", "Sx7:cret", "Sx7%cret", "Sx7\"cret",
               "Sx7'cret", "Sx7\\cret", "Sx7\ncret", "Sx7%00cret", "Sx7\tcret", "Sx7[cret", "Sx7\u00e4cret"]
ODD_PROXIES = [f"http://user1:{secret}@127.0.0.1:9" for secret in ODD_SECRETS] + [
    "\"http://user1:Sx7cret@127.0.0.1:9\"", "'http://user1:Sx7cret@127.0.0.1:9'", "http://user1:Sx7cret@127.0.0.1:9\n",
    "http://user1:Sx7cret@127.0.0.1:x", "http://user1:Sx7cret@127.0.0.1:99999", "http://user1:Sx7cret@127.0.0.1:0",
    "http://user1:Sx7cret@127.0.0.1:9:9", "ftp://user1:Sx7cret@127.0.0.1:9", "httpx://user1:Sx7cret@127.0.0.1:9",
    "http:/user1:Sx7cret@127.0.0.1:9", "://user1:Sx7cret@127.0.0.1:9", "http://user1:Sx7cret@", "http://user1:Sx7cret",
    "http://user1:Sx7cret@127.0.0.1:9/path", "http://user1:Sx7cret@[::1:9", "user1:Sx7cret@127.0.0.1:9",
    "https://user1:Sx7cret@127.0.0.1:9", "socks5://user1:Sx7cret@127.0.0.1:9", "socks4a://user1:Sx7cret@127.0.0.1:9",
    "http://user1:Sx7cret@no such host:9", "http://user1:Sx7cret@host.invalid:9",
]


def assert_no_secret(*texts):
    for text in texts:
        for part in ("Sx7", "cret", "user1"):
            assert part not in text, text


@pytest.mark.parametrize("url", ODD_PROXIES)
def test_no_part_of_a_proxy_that_does_not_work_is_shown(start_behind, secure, build, url):
    daemon = start_behind({"HTTPS_PROXY": url})
    job = daemon.stop(secure.add())
    began = daemon.journal.wait("outage-began", target="default")
    assert ("PROXY" in daemon.journal.wait("started")["MESSAGE"]) == ("PROXY" in began["MESSAGE"])
    assert "PROXY" in began["MESSAGE"] or "proxy" in began["MESSAGE"]
    assert str(secure.port) not in began["MESSAGE"], "it is the proxy that failed"
    held = daemon.job(job["id"])
    assert held["state"] in ("queued", "stopping")
    client = Ctl(build, daemon.socket, daemon.directory)("targets")
    daemon.terminate()
    store = b"".join(path.read_bytes() for path in daemon.state.iterdir()).decode(errors="replace")
    assert_no_secret(daemon.journal.path.read_text(), str(held), str(daemon.journal.strays), store, client.stdout,
                     client.stderr)


@pytest.mark.parametrize("url", ODD_PROXIES)
def test_the_check_of_a_proxy_shows_no_part_of_it(new_daemon, sim, build, url):
    daemon = new_daemon({"default": target(sim)})
    run = subprocess.run([build / "trailstopd", "--config", daemon.config, "--check"], capture_output=True, text=True,
                         env={**os.environ, **daemon.environment, "HTTPS_PROXY": url}, timeout=DEADLINE)
    assert run.returncode == (1 if run.stderr else 0)
    assert not run.stderr or run.stderr.startswith("HTTPS_PROXY is not the URL of a proxy: ")
    assert_no_secret(run.stdout, run.stderr)


@pytest.mark.parametrize("password", ["p#a/s?s", "p@ss", "p%23ss", "p ss", "100%", "p\u00e4ss", "p:ss"])
def test_user_and_password_are_percent_decoded_once(start_behind, secure, password):
    with socket.create_server(("127.0.0.1", 0)) as proxy:
        proxy.settimeout(DEADLINE)
        user, port = "DOMAIN\\tr@il", proxy.getsockname()[1]
        url = f"http://{quote(user, safe='')}:{quote(password, safe='')}@127.0.0.1:{port}"
        start_behind({"HTTPS_PROXY": url}).stop(secure.add())
        connection = proxy.accept()[0]
        with connection, connection.makefile("rb") as stream:
            lines = iter(stream.readline, b"\r\n")
            sent = dict(line.decode().strip().split(": ", 1) for line in lines if b": " in line)
    assert b64decode(sent["Proxy-Authorization"].removeprefix("Basic ")).decode() == f"{user}:{password}"


@needs_proxy
def test_no_other_variable_names_a_proxy(start_behind, secure, proxy):
    daemon = start_behind(dict.fromkeys(["ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy"], proxy.url))
    assert daemon.stopped(secure.add())["state"] == "stopped"
    assert proxy.requests() == []


@needs_proxy
def test_a_proxy_that_cannot_go_on_is_named_with_where_it_should_have(start_behind, secure, proxy):
    daemon = start_behind({"HTTPS_PROXY": proxy.url}, "localhost.example.invalid")
    daemon.stop(secure.add())
    message = daemon.journal.wait("outage-began")["MESSAGE"]
    assert f"proxy 127.0.0.1:{proxy.port}: answered with status 5" in message and str(secure.port) in message


@needs_proxy
def test_a_proxy_that_refuses_is_an_outage_and_no_end(start_behind, secure, start_proxy):
    proxy = start_proxy("ConnectPort 443")
    daemon = start_behind({"HTTPS_PROXY": proxy.url})
    job = daemon.stop(secure.add())
    began = daemon.journal.wait("outage-began", target="default")
    assert began["TRAILSTOP_AWS_ERROR"] == "ConnectionFailed"
    held = daemon.job(job["id"])
    assert held["state"] in ("queued", "stopping") and "403" in held["lastError"]["message"]
    assert secure.calls() == []

    proxy.close()
    start_proxy(port=proxy.port)
    daemon.journal.wait("import-stopped", job=job["id"])
    daemon.journal.wait("outage-ended", target="default")


@needs_proxy
def test_a_proxy_that_is_not_there_is_an_outage_and_no_end(start_behind, secure, start_proxy):
    proxy = start_proxy()
    proxy.close()
    daemon = start_behind({"HTTPS_PROXY": proxy.url})
    job = daemon.stop(secure.add())
    began = daemon.journal.wait("outage-began")
    assert began["TRAILSTOP_AWS_ERROR"] == "ConnectionFailed"
    assert f"proxy 127.0.0.1:{proxy.port}: connection failed: Connection refused" in began["MESSAGE"]
    start_proxy(port=proxy.port)
    daemon.journal.wait("import-stopped", job=job["id"])


FLOODS = {
    "chunks": (b"HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\n", b"400\r\n" + b"x" * 1024 + b"\r\n"),
    "a body of any length": (b"HTTP/1.1 502 No\r\n\r\n", b"x" * 1024),
    "a body of great length": (b"HTTP/1.1 403 No\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 1024),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Header: value\r\n"),
    "a header": (b"HTTP/1.1 200 OK\r\nX-Header: ", b"x" * 1024),
    "answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
}


@pytest.mark.parametrize("flood", FLOODS)
def test_an_answer_of_a_proxy_without_end_holds_up_nobody_else(start_daemon, flood):
    proxy = FloodingServer(*FLOODS[flood])
    daemon = start_daemon({"default": {"region": "us-east-1"}}, calls=ONE_ATTEMPT,
                          environment={"HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"})
    with pytest.raises(VarlinkError) as caught:
        daemon.call("GetImport", importId=new_id())
    assert caught.value.parameters["cause"]["message"].startswith(f"proxy 127.0.0.1:{proxy.port}: ")
    assert daemon.call("ListTargets")["targets"]
    daemon.terminate()
    proxy.close()


@needs_proxy
def test_a_proxy_vouches_for_nobody(start_daemon, secure, proxy):
    """What is at the other end of the tunnel is looked at as ever."""
    daemon = start_daemon({"default": target(secure)}, environment={"HTTPS_PROXY": proxy.url}, calls=ONE_ATTEMPT)
    daemon.stop(secure.add())
    began = daemon.journal.wait("outage-began")
    assert began["TRAILSTOP_AWS_ERROR"] == "TLSFailed"
    assert f"127.0.0.1:{secure.port}: no secure connection" in began["MESSAGE"], "not the proxy's failure"
    assert proxy.requests() and secure.calls() == []


# Past it


@needs_proxy
@pytest.mark.parametrize("variable", ["NO_PROXY", "no_proxy"])
@pytest.mark.parametrize("host, exempt", [
    ("127.0.0.1", "127.0.0.1"),
    ("127.0.0.1", "example.com, 127.0.0.1"),
    ("localhost", "localhost"),
    ("lake.localhost", "localhost"),
    ("lake.localhost", ".localhost"),
    ("127.0.0.1", "*"),
    ("127.0.0.1", "10.0.0.0/8,127.0.0.0/8"),
    ("127.0.0.1", "0.0.0.0/0"),
    ("lake.localhost", "*.localhost"),
    ("lake.localhost", "localhost:{port}"),
    ("127.0.0.1", "127.0.0.1:{port}"),
    ("127.0.0.1", "127.0.0.0/8:{port}"),
    ("localhost", "*.localhost:{port}"),
])
def test_exempt_hosts_are_reached_directly(start_behind, secure, proxy, variable, host, exempt):
    daemon = start_behind({"HTTPS_PROXY": proxy.url, variable: exempt.format(port=secure.port)}, host)
    assert daemon.stopped(secure.add())["state"] == "stopped"
    assert proxy.requests() == []


@needs_proxy
@pytest.mark.parametrize("host, others", [
    ("127.0.0.1", "127.0.0.2"), ("localhost", "host,ocalhost,example.com"), ("127.0.0.1", "10.0.0.0/8,127.0.0.2/32"),
    ("127.0.0.1", "0.0.1"), ("localhost", "0.0.0.0/0"), ("127.0.0.1", "127.0.0.1:443,127.0.0.0/8:1"),
    ("localhost", "localhost:443 *.ocalhost"),
])
def test_other_hosts_are_not_exempt(start_behind, secure, proxy, host, others):
    daemon = start_behind({"HTTPS_PROXY": proxy.url, "NO_PROXY": others}, host)
    assert daemon.stopped(secure.add())["state"] == "stopped"
    assert proxy.requests() == [f"CONNECT {host}:{secure.port} HTTP/1.1"]


@needs_proxy
@pytest.mark.parametrize("exempt", ["::1/128", "::/0", "[::1]", "0:0:0:0:0:0:0:1"])
def test_exempt_addresses_of_ipv6(start_behind, secure, proxy, exempt):
    """Nobody listens there, and the proxy is not asked to go there."""
    daemon = start_behind({"HTTPS_PROXY": proxy.url, "NO_PROXY": exempt}, "[::1]")
    daemon.stop(secure.add())
    daemon.journal.wait("outage-began")
    assert proxy.requests() == []


@needs_proxy
def test_the_lower_case_variable_has_the_say(start_behind, secure, proxy):
    daemon = start_behind({"HTTPS_PROXY": proxy.url, "no_proxy": "example.com", "NO_PROXY": "*"})
    assert daemon.stopped(secure.add())["state"] == "stopped"
    assert proxy.requests()


@needs_proxy
def test_plain_http_on_this_host_never_goes_through_a_proxy(start_daemon, sim, proxy):
    everywhere = dict.fromkeys(["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
                               proxy.url)
    daemon = start_daemon(environment=everywhere)
    assert daemon.stopped(sim.add())["state"] == "stopped"
    assert proxy.requests() == []


# Names


@pytest.fixture
def silent_resolver(tmp_path):
    """A name server that takes questions and answers none, and a resolv.conf that names it."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.settimeout(DEADLINE)
    server.bind((f"127.{random.randrange(1, 255)}.{random.randrange(255)}.{random.randrange(1, 255)}", 53))
    configuration = tmp_path / "resolv.conf"
    # Far longer than any test waits: 30 s is the longest that resolv.conf(5) has.
    configuration.write_text(f"nameserver {server.getsockname()[0]}\noptions timeout:30 attempts:5\n")
    with server:
        yield server, configuration


needs_namespaces = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"),
                                      reason="needs root and unshare to have a resolv.conf of its own")


@pytest.fixture
def start_unresolved(new_daemon, sim, silent_resolver):
    """A daemon with one target whose host's name is not resolved, and one that needs no name."""
    def start(**calls):
        lost = {**target(sim), "endpoint-url": "https://cloudtrail.example.com"}
        daemon = new_daemon({"default": target(sim), "lost": lost}, calls={**ONE_ATTEMPT, **calls})
        daemon.command = ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"',
                          silent_resolver[1], *daemon.command]
        daemon.spawn()
        if daemon.process.poll() is not None:
            pytest.skip("mount namespaces are not to be had here")
        daemon.wait_notification("READY=1")
        return daemon
    return start


def threads(daemon):
    return len(list(Path(f"/proc/{daemon.process.pid}/task").iterdir()))


@needs_namespaces
def test_a_name_that_hangs_holds_up_nobody_else(start_unresolved, silent_resolver, sim):
    daemon = start_unresolved(connect_timeout="10s")
    job = daemon.stop(sim.add_endless(), target="lost")
    silent_resolver[0].recv(512)
    for _ in range(20):
        assert daemon.call("GetStatistics")["statistics"]
    assert daemon.stopped(sim.add())["state"] == "stopped"
    assert not daemon.journal.find("outage-began"), "all of that was while the name was waited for"
    daemon.call("Cancel", id=job["id"])


@needs_namespaces
def test_to_give_up_on_a_name_holds_up_nobody_either(start_unresolved, silent_resolver, sim):
    """The call is over in time, although the resolver is not."""
    daemon = start_unresolved(connect_timeout="500ms")
    job = daemon.stop(sim.add_endless(), target="lost")
    began = daemon.journal.wait("outage-began", target="lost")
    assert began["TRAILSTOP_AWS_ERROR"] == "TimedOut"
    assert daemon.call("GetStatistics")["statistics"]
    assert daemon.stopped(sim.add())["state"] == "stopped"
    assert daemon.call("Cancel", id=job["id"])["job"]["state"] == "cancelled"
    assert threads(daemon) > 1, "the resolver hangs still"
    daemon.terminate()
