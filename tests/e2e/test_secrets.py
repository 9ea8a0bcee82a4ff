# SPDX-License-Identifier: Apache-2.0
"""No secret, token or signature leaves the daemon but to AWS: not to the journal, the store, an argument list,
or the memory image of a crash."""

import os
import resource
import signal
from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import pytest

from harness.daemon import target
from harness.sim import Sim
from harness.varlink import VarlinkError

TOKEN = "FwoGZXIvYXdzEBYaDPlantedSessionTokenOfTheTest=="
ENVIRONMENT = {"AWS_SESSION_TOKEN": TOKEN}


def everything_written(daemon):
    files = [daemon.journal.path, *daemon.state.rglob("*")]
    return b"\n".join(path.read_bytes() for path in files if path.is_file())


def assert_no_secret(sim, text):
    calls = sim.calls()
    signatures = {dict(call["headers"])["Authorization"].rpartition("Signature=")[2] for call in calls}
    assert calls and all(len(signature) == 64 for signature in signatures)
    for secret in (Sim.SECRET_KEY, TOKEN, "AWS4-HMAC", *signatures):
        assert secret.encode() not in text


def test_secrets_stay_in_the_daemon(new_daemon, sim):
    """Through every kind of end and trouble, at the most talkative level."""
    sim.account(access_key=Sim.ACCESS_KEY, secret_key=Sim.SECRET_KEY, session_token=TOKEN)
    daemon = new_daemon({"default": target(sim)}, environment=ENVIRONMENT).start()
    daemon.stopped(sim.add())
    for fault in ("throttle", "reset", "not-json", "truncated", "redirect"):
        sim.fault(fault, calls=1)
        daemon.stopped(sim.add())
    sim.settings(clock_offset_seconds=3600)
    daemon.stopped(sim.add())
    sim.settings(clock_offset_seconds=0)
    sim.fault("error", operation="StopImport", status=403, code="AccessDeniedException")
    try:
        daemon.stopped(sim.add())
    except VarlinkError:
        pass

    replies = repr([daemon.call("ListTargets"), daemon.call("ListJobs"), daemon.call("GetStatistics")]).encode()
    arguments = Path(f"/proc/{daemon.process.pid}/cmdline").read_bytes()
    daemon.terminate()
    assert_no_secret(sim, everything_written(daemon) + replies + arguments)


def test_an_answer_that_quotes_the_request_is_not_passed_on(new_daemon, sim):
    """AWS's answer to a wrong signature may show the canonical request, token included."""
    sim.account(access_key=Sim.ACCESS_KEY, secret_key=Sim.SECRET_KEY, session_token=TOKEN)
    daemon = new_daemon({"default": target(sim)}, environment=ENVIRONMENT).start()
    sim.fault("error", operation="StopImport", status=403, code="InvalidSignatureException",
              message="The Canonical String for this request should have been 'POST\n/\n\nhost:localhost\n"
                      f"x-amz-security-token:{TOKEN}\n', signed with {Sim.SECRET_KEY}")
    try:
        daemon.stopped(sim.add())
    except VarlinkError as error:
        assert error.parameters["cause"]["code"] == "InvalidSignatureException"
        assert TOKEN not in repr(error.parameters)
    daemon.terminate()
    assert_no_secret(sim, everything_written(daemon))


WRITINGS = {
    "percent-encoded": lambda text: quote(text, safe=""),
    "escaped for JSON": lambda text: "".join(f"\\\\u{ord(letter):04x}" for letter in text),
    "escaped for HTML": lambda text: text.replace("=", "&#x3D;"),
    "in base64": lambda text: b64encode(f"user:{text}".encode()).decode(),
    "cut": lambda text: text[:20] + "...",
    "without its beginning": lambda text: "..." + text[9:],
    "escaped for JavaScript": lambda text: "".join(f"\\\\x{ord(letter):02x}" for letter in text),
    "folded": lambda text: text[:16] + "\\r\\n  " + text[16:],
}


@pytest.mark.parametrize("write", WRITINGS.values(), ids=WRITINGS)
@pytest.mark.parametrize("body", ['{"__type":"Odd","message":"not %s"}', '{"message":"not %s"}', "<p>not %s</p>"])
def test_a_token_is_masked_however_it_is_quoted(new_daemon, sim, write, body):
    sim.account(access_key=Sim.ACCESS_KEY, secret_key=Sim.SECRET_KEY, session_token=TOKEN)
    daemon = new_daemon({"default": target(sim)}, environment=ENVIRONMENT, calls={"max-attempts": 1}).start()
    sim.fault("http", status=400, body=body % write(TOKEN))
    with pytest.raises(VarlinkError) as caught:
        daemon.call("GetImport", importId=sim.add())
    message = caught.value.parameters["cause"]["message"]
    assert "not " in message and "****" in message
    assert not any(part in message for part in (write(TOKEN)[8:20], TOKEN[:12], TOKEN[-12:]))
    assert write(TOKEN)[8:20].encode() not in everything_written(daemon)


def test_a_crash_leaves_no_core(new_daemon, sim):
    """Although the limit inherited allows one, and although the sanitizer would not forbid it."""
    def allow_core():
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))

    daemon = new_daemon({"default": target(sim)})
    daemon.start(preexec_fn=allow_core, cwd=daemon.directory, env={"ASAN_OPTIONS": "disable_coredump=0"})
    daemon.signal(signal.SIGABRT)
    end = os.waitid(os.P_PID, daemon.process.pid, os.WEXITED | os.WNOWAIT)
    assert end.si_status == signal.SIGABRT
    assert end.si_code == os.CLD_KILLED, "killed, not dumped"
    daemon.wait()
