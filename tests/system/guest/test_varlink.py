# SPDX-License-Identifier: Apache-2.0
"""systemd's own Varlink client, as people will use it."""

import json
import shutil

import pytest

import system

pytestmark = pytest.mark.skipif(not shutil.which("varlinkctl"), reason="there is no varlinkctl before systemd 255")


def varlinkctl(*arguments, **options):
    return system.run("varlinkctl", *arguments, **options)


def sequence(text):
    """The JSON objects of an RFC 7464 sequence, or of several documents one after another."""
    decoder, text = json.JSONDecoder(), text.replace("\x1e", "").strip()
    while text:
        value, end = decoder.raw_decode(text)
        yield value
        text = text[end:].lstrip()


def test_info(service):
    text = varlinkctl("info", system.SOCKET).stdout
    assert "trailstopd" in text and "io.trailstop.Imports" in text


def test_is_found_where_systemd_looks_for_services(service):
    assert "io.trailstop.Imports" in varlinkctl("info", system.REGISTERED).stdout


def test_introspect(service):
    text = varlinkctl("introspect", system.SOCKET, "io.trailstop.Imports").stdout
    assert "method StopAll" in text and "error ImportNotFound" in text


def test_interface_is_valid(service, tmp_path):
    text = varlinkctl("introspect", "--json=short", system.SOCKET, "io.trailstop.Imports", check=False).stdout
    if not text.startswith("{"):
        text = varlinkctl("introspect", system.SOCKET, "io.trailstop.Imports").stdout
    path = tmp_path / "interface"
    path.write_text(json.loads(text)["description"] if text.startswith("{") else text)
    varlinkctl("validate-idl", path)


def test_call(service, sim):
    import_id = sim.add()
    reply = json.loads(varlinkctl("call", "--json=short", system.SOCKET, "io.trailstop.Imports.Stop",
                                  json.dumps({"importId": import_id, "reason": "varlinkctl"})).stdout)
    assert reply["job"]["importId"] == import_id and reply["job"]["reason"] == "varlinkctl"


def test_call_more_does_a_whole_stop(service, sim):
    import_id = sim.add()
    output = varlinkctl("call", "--more", "--json=short", system.SOCKET, "io.trailstop.Imports.Stop",
                        json.dumps({"importId": import_id})).stdout
    states = [reply["job"]["state"] for reply in sequence(output)]
    assert states[0] == "queued" and states[-1] == "stopped"
    assert sim.counts()["operations"]["StopImport"] == 1


def test_error_is_shown_by_name(service):
    result = varlinkctl("call", system.SOCKET, "io.trailstop.Imports.GetJob", '{"id":"none"}', check=False)
    assert result.returncode != 0
    assert "io.trailstop.Imports.JobNotFound" in result.stdout + result.stderr
