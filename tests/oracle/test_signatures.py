# SPDX-License-Identifier: Apache-2.0
"""An independent judge: requests caught on the wire carry the signature that botocore computes for them."""

import datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from harness.daemon import target
from harness.sim import Sim

# Never signed: proxies and SDK middleware may change them on the way.
UNSIGNED = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request", "connection", "expect", "te",
            "transfer-encoding", "x-amzn-trace-id"}


def authorization_parts(text):
    algorithm, _, rest = text.partition(" ")
    assert algorithm == "AWS4-HMAC-SHA256"
    return dict(part.strip().split("=", 1) for part in rest.split(","))


class SignerOf(SigV4Auth):
    """Signs exactly the headers that the caught request says it signed, at the time it names."""

    def __init__(self, credentials, region, names):
        super().__init__(credentials, "cloudtrail", region)
        self.names = names

    def headers_to_sign(self, request):
        headers = super().headers_to_sign(request)
        for name in set(headers.keys()) - self.names:
            del headers[name]
        return headers


def signature_by_botocore(call, credentials, url):
    headers = dict(call["headers"])
    parts = authorization_parts(headers.pop("Authorization"))
    signed = set(parts["SignedHeaders"].split(";"))
    request = AWSRequest(method=call["method"], url=url + call["uri"], headers=headers, data=call["body"])
    request.context["timestamp"] = headers["X-Amz-Date"]
    signer = SignerOf(credentials, call["region"], signed)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    return parts, signer.signature(text, request)


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-2", "us-gov-west-1"])
@pytest.mark.parametrize("token", [None, "IQoJb3JpZ2luX2VjEPlanted/Token+With=Padding=="], ids=["plain", "token"])
def test_botocore_agrees_with_every_signature(new_daemon, sim, token, region):
    environment = {}
    if token:
        environment["AWS_SESSION_TOKEN"] = token
        sim.account(access_key=Sim.ACCESS_KEY, secret_key=Sim.SECRET_KEY, session_token=token)
    daemon = new_daemon({"default": target(sim, region=region)}, environment=environment).start()
    sim.fault("http", status=500, calls=1)  # so that a retry is among them
    sim.settings(clock_offset_seconds=3600)  # and a corrected clock
    daemon.stopped(sim.add())

    credentials = Credentials(Sim.ACCESS_KEY, Sim.SECRET_KEY, token)
    calls = sim.calls()
    assert {call["operation"] for call in calls} == {"StopImport", "GetImport"} and len(calls) >= 4
    for call in calls:
        headers = {name.lower(): value for name, value in call["headers"]}
        parts, expected = signature_by_botocore(call, credentials, sim.url)
        assert parts["Signature"] == expected
        assert parts["Credential"] == f"{Sim.ACCESS_KEY}/{headers['x-amz-date'][:8]}/{region}/cloudtrail/aws4_request"
        signed = parts["SignedHeaders"].split(";")
        assert signed == sorted(signed)
        assert set(signed) == {"content-type", "host", "x-amz-date", "x-amz-target"} | (
            {"x-amz-security-token"} if token else set())
        assert headers.get("x-amz-security-token") == token
        assert UNSIGNED.isdisjoint(signed)


def test_each_attempt_is_signed_at_its_own_time(daemon, sim):
    sim.fault("http", status=503, operation="StopImport", calls=1, retry_after="1100")
    daemon.stopped(sim.add())
    first, second = (dict(call["headers"]) for call in sim.calls("StopImport"))
    moments = [datetime.datetime.strptime(headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ") for headers in (first, second)]
    assert moments[1] > moments[0]
    assert first["Authorization"] != second["Authorization"]


def test_the_request_is_what_CloudTrail_documents(daemon, sim):
    import_id = sim.add()
    daemon.stopped(import_id)
    for call in sim.calls():
        headers = {name.lower(): value for name, value in call["headers"]}
        assert (call["method"], call["uri"]) == ("POST", "/")
        assert headers["content-type"] == "application/x-amz-json-1.1"
        assert headers["x-amz-target"] == (
            f"com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.{call['operation']}")
        assert headers["host"] == f"127.0.0.1:{sim.port}"
        assert headers["user-agent"].startswith("trailstop/")
        assert call["body"] in (f'{{"ImportId":"{import_id}"}}', f'{{ "ImportId": "{import_id}" }}')
        assert "expect" not in headers and "transfer-encoding" not in headers
