# SPDX-License-Identifier: Apache-2.0
"""The simulator's sources of credentials: STS, the instance's and the container's metadata services; and the
accounts that their sessions lead to. botocore is the client: it asks, signs, and reads the answers."""

import http.client
import json
from datetime import datetime, timedelta, timezone

import botocore.session
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import (
    ClientError, ConnectionClosedError, HTTPClientError, MetadataRetrievalError)
from botocore.utils import ContainerMetadataFetcher, InstanceMetadataFetcher

from harness import DEADLINE
from harness.sim import Sim

STOPPER = "arn:aws:iam::111122223333:role/stopper"
ROLES_PATH = "/latest/meta-data/iam/security-credentials/"


def make_client(service, sim, key=Sim.ACCESS_KEY, secret=Sim.SECRET_KEY, token=None, region="us-east-1", **options):
    config = Config(retries={"total_max_attempts": 1}, proxies={}, **options)
    return botocore.session.Session().create_client(
        service, region_name=region, endpoint_url=sim.url, config=config, aws_access_key_id=key,
        aws_secret_access_key=secret, aws_session_token=token)


def code_of(error):
    return error.value.response["ResponseMetadata"]["HTTPStatusCode"], error.value.response["Error"]["Code"]


def assume(sim, arn, *, caller=(Sim.ACCESS_KEY, Sim.SECRET_KEY), name="a-session", **parameters):
    return make_client("sts", sim, *caller).assume_role(RoleArn=arn, RoleSessionName=name, **parameters)


def assume_with_token(sim, arn, token="token-of-the-web", **parameters):
    return make_client("sts", sim, signature_version=UNSIGNED).assume_role_with_web_identity(
        RoleArn=arn, RoleSessionName="web", WebIdentityToken=token, **parameters)


def keys_of(answer):
    credentials = answer["Credentials"]
    return credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]


def list_imports(sim, keys, region="us-east-1"):
    imports = make_client("cloudtrail", sim, *keys, region=region).list_imports()["Imports"]
    return [entry["ImportId"] for entry in imports]


# STS


def test_a_role_is_assumed_and_leads_to_its_account(sim):
    arn = sim.role("path/to/stopper", account="111122223333")
    mine, other, everyones = sim.add(owner="111122223333"), sim.add(owner="444455556666"), sim.add()
    answer = assume(sim, arn)
    assert answer["AssumedRoleUser"]["Arn"] == "arn:aws:sts::111122223333:assumed-role/stopper/a-session"
    left = answer["Credentials"]["Expiration"] - datetime.now(timezone.utc)
    assert timedelta(minutes=59) < left < timedelta(minutes=61)
    keys = keys_of(answer)
    assert keys[0].startswith("ASIA")
    assert list_imports(sim, keys) == [mine, everyones]
    assert other not in list_imports(sim, keys)
    [call] = sim.calls("AssumeRole")
    assert (call["accessKey"], call["status"], call["region"]) == (Sim.ACCESS_KEY, 200, "us-east-1")
    assert sim.calls("ListImports")[0]["accountId"] == "111122223333"
    assert sim.counts()["accounts"]["111122223333"] == {"ListImports": 2}


def test_each_session_has_keys_of_its_own(sim):
    arn = sim.role("stopper")
    first, second = keys_of(assume(sim, arn)), keys_of(assume(sim, arn))
    assert not set(first) & set(second)
    assert [session["accessKey"] for session in sim.sessions(arn)] == [first[0], second[0]]
    for wrong in [(first[0], second[1], first[2]), (first[0], first[1], second[2]), first[:2]]:
        with pytest.raises(ClientError):
            list_imports(sim, wrong)


def test_a_session_expires(sim):
    arn = sim.role("stopper")
    sim.settings(session_seconds=-1)
    with pytest.raises(ClientError) as error:
        list_imports(sim, keys_of(assume(sim, arn)))
    assert code_of(error) == (400, "ExpiredTokenException")
    with pytest.raises(ClientError) as error:
        assume(sim, arn, caller=keys_of(assume(sim, arn)))
    assert code_of(error) == (403, "ExpiredToken")


def test_sessions_last_as_long_as_the_settings_say(sim):
    sim.settings(session_seconds=1.5)
    before = datetime.now(timezone.utc)
    answer = assume(sim, sim.role("stopper"), DurationSeconds=43200)
    after = datetime.now(timezone.utc)
    end = answer["Credentials"]["Expiration"]
    assert end.microsecond == 0 and before + timedelta(seconds=1.5) <= end < after + timedelta(seconds=2.5)
    keys = keys_of(answer)
    refused_at = None
    while refused_at is None:
        asked_at = datetime.now(timezone.utc)
        try:
            list_imports(sim, keys)
            assert asked_at < end
        except ClientError:
            refused_at = datetime.now(timezone.utc)
    assert refused_at >= end


def test_a_role_trusts_whom_it_names(sim):
    sim.account(access_key="AKIDFRIEND", secret_key="friend", account_id="444455556666")
    friend, stranger = ("AKIDFRIEND", "friend"), (Sim.ACCESS_KEY, Sim.SECRET_KEY)
    by_account = sim.role("by-account", principals=["444455556666"])
    by_key = sim.role("by-key", principals="AKIDOTHER+AKIDFRIEND")
    by_role = sim.role("by-role", principals=[by_key])
    nobody = sim.role("nobody", principals=[])
    for arn, caller in [(by_account, stranger), (by_key, stranger), (by_role, friend), (nobody, friend),
                        ("arn:aws:iam::111122223333:role/undeclared", friend)]:
        with pytest.raises(ClientError) as error:
            assume(sim, arn, caller=caller)
        assert code_of(error) == (403, "AccessDenied")
        assert "is not authorized to perform: sts:AssumeRole on resource: " + arn in str(error.value)
    assume(sim, by_account, caller=friend)
    chained = assume(sim, by_role, caller=keys_of(assume(sim, by_key, caller=friend)))
    assert sim.sessions(by_role)[0]["accessKey"] == keys_of(chained)[0]


def test_an_external_id_must_match(sim):
    arn = sim.role("stopper", external_id="a&b=<c> d")
    for parameters in {}, {"ExternalId": "other"}:
        with pytest.raises(ClientError) as error:
            assume(sim, arn, **parameters)
        assert code_of(error) == (403, "AccessDenied")
    assert assume(sim, arn, ExternalId="a&b=<c> d")["Credentials"]


def test_a_chain_of_roles_lasts_an_hour_at_most(sim):
    arn = sim.role("stopper")
    assume(sim, arn, DurationSeconds=43200)
    with pytest.raises(ClientError) as error:
        assume(sim, arn, caller=keys_of(assume(sim, arn)), DurationSeconds=3601)
    assert code_of(error) == (400, "ValidationError")


@pytest.mark.parametrize("parameters", [
    {"DurationSeconds": 899}, {"DurationSeconds": 43201}, {"RoleSessionName": "a"}, {"RoleSessionName": "a b"},
    {"RoleSessionName": "x" * 65}])
def test_refuses_parameters_out_of_range(sim, parameters):
    client = make_client("sts", sim, parameter_validation=False)
    with pytest.raises(ClientError) as error:
        client.assume_role(**{"RoleArn": sim.role("stopper"), "RoleSessionName": "name", **parameters})
    assert code_of(error) == (400, "ValidationError")


def test_sts_checks_signatures(sim):
    arn = sim.role("stopper")
    for caller, error_code in [((Sim.ACCESS_KEY, "wrong"), (403, "SignatureDoesNotMatch")),
                               (("AKIDUNKNOWN", "wrong"), (403, "InvalidClientTokenId"))]:
        with pytest.raises(ClientError) as error:
            assume(sim, arn, caller=caller)
        assert code_of(error) == error_code
    with pytest.raises(ClientError) as error:
        make_client("sts", sim, signature_version=UNSIGNED).assume_role(RoleArn=arn, RoleSessionName="name")
    assert code_of(error) == (403, "MissingAuthenticationToken")


def test_sts_knows_no_other_action(sim):
    with pytest.raises(ClientError) as error:
        make_client("sts", sim).get_session_token()
    assert code_of(error) == (400, "InvalidAction")


def test_a_web_identity_assumes_a_role_without_a_signature(sim):
    arn = sim.role("stopper", web_identity_tokens=["eyJ.a-b_c.d", "token-of-the-web"],
                   expired_web_identity_tokens=["yesterday's"])
    assert list_imports(sim, keys_of(assume_with_token(sim, arn))) == []
    [call] = sim.calls("AssumeRoleWithWebIdentity")
    assert "accessKey" not in call and call["status"] == 200
    for token, error_code in [("forged", (400, "InvalidIdentityToken")),
                              ("yesterday's", (400, "ExpiredTokenException"))]:
        with pytest.raises(ClientError) as error:
            assume_with_token(sim, arn, token)
        assert code_of(error) == error_code
    with pytest.raises(ClientError) as error:
        assume_with_token(sim, sim.role("not-for-the-web"))
    assert code_of(error) == (403, "AccessDenied")


@pytest.mark.parametrize("members, error_code", [
    ({"fault": "error", "code": "IDPCommunicationError"}, (400, "IDPCommunicationError")),
    ({"fault": "error", "code": "AccessDenied"}, (403, "AccessDenied")),
    ({"fault": "error"}, (500, "InternalFailure")),
    ({"fault": "throttle", "code": "Throttling"}, (400, "Throttling"))])
def test_faults_of_sts_are_xml(sim, members, error_code):
    arn = sim.role("stopper", web_identity_tokens="token-of-the-web")
    sim.control("faults", {"operation": "AssumeRoleWithWebIdentity", "calls": 1, "message": "<why> & how", **members})
    assume(sim, arn)
    with pytest.raises(ClientError) as error:
        assume_with_token(sim, arn)
    assert code_of(error) == error_code
    assert error.value.response["Error"]["Message"] == "<why> & how"
    assume_with_token(sim, arn)
    assert sim.counts()["errors"] == {error_code[1]: 1}


def test_sts_may_close_and_spoil_its_answer(sim):
    arn = sim.role("stopper")
    sim.fault("close", operation="AssumeRole", apply=True, calls=1)
    with pytest.raises(ConnectionClosedError):
        assume(sim, arn)
    assert len(sim.sessions(arn)) == 1
    sim.fault("wrong-types", operation="AssumeRole", calls=1)
    assert assume(sim, arn)["Credentials"] == {}


# Instance


@pytest.fixture
def fetch_from_instance(sim):
    def fetch():
        fetcher = InstanceMetadataFetcher(
            timeout=DEADLINE, num_attempts=1, base_url=sim.url + "/", env={}, config={"ec2_credential_refresh_window": 0})
        return fetcher.retrieve_iam_role_credentials()
    return fetch


def request(sim, method, path, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=DEADLINE)
    connection.request(method, path, headers=headers or {})
    response = connection.getresponse()
    return response, response.read().decode()


def instance_token(sim, seconds="21600", **headers):
    return request(sim, "PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": seconds, **headers})


def test_an_instance_has_the_credentials_of_its_role(sim, fetch_from_instance):
    sim.instance(role=STOPPER)
    mine, _ = sim.add(owner="111122223333"), sim.add(owner="444455556666")
    found = fetch_from_instance()
    assert found["role_name"] == "stopper"
    assert list_imports(sim, (found["access_key"], found["secret_key"], found["token"])) == [mine]
    assert [call["operation"] for call in sim.calls()[:3]] == ["InstanceToken", "InstanceRole", "InstanceCredentials"]
    _, token = instance_token(sim)
    response, text = request(sim, "GET", ROLES_PATH + "stopper", {"X-aws-ec2-metadata-token": token})
    document = json.loads(text)
    assert document["Code"] == "Success" and document["Type"] == "AWS-HMAC"
    end = datetime.strptime(document["Expiration"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
    assert timedelta(hours=5.9) < end - datetime.now(timezone.utc) < timedelta(hours=6.1)


def test_an_instance_without_a_role_has_none(sim, fetch_from_instance):
    _, token = instance_token(sim)
    token = {"X-aws-ec2-metadata-token": token}
    assert request(sim, "GET", ROLES_PATH, token)[0].status == 404
    assert fetch_from_instance() == {}
    sim.instance(role=STOPPER)
    assert request(sim, "GET", ROLES_PATH, token)[1] == "stopper"
    assert request(sim, "GET", ROLES_PATH + "other", token)[0].status == 404
    assert request(sim, "GET", "/latest/meta-data/", token)[0].status == 404
    sim.instance()
    assert request(sim, "GET", ROLES_PATH, token)[0].status == 404


def test_the_instance_asks_for_a_token(sim):
    sim.instance(role=STOPPER)
    response, token = instance_token(sim, "60")
    assert response.headers["X-aws-ec2-metadata-token-ttl-seconds"] == "60"
    assert request(sim, "GET", ROLES_PATH, {"X-aws-ec2-metadata-token": token})[0].status == 200
    for headers in {}, {"X-aws-ec2-metadata-token": ""}, {"X-aws-ec2-metadata-token": token[:-1]}:
        assert request(sim, "GET", ROLES_PATH, headers)[0].status == 401
    for seconds in "", "0", "21601", "-5", "6e1":
        assert instance_token(sim, seconds)[0].status == 400
    assert request(sim, "PUT", "/latest/api/token")[0].status == 400
    assert instance_token(sim, **{"X-Forwarded-For": "192.0.2.1"})[0].status == 403
    assert request(sim, "GET", "/latest/api/token")[0].status == 401


def test_tokens_of_the_instance_expire(sim):
    sim.instance(role=STOPPER, token_seconds=0.000001)
    _, token = instance_token(sim)
    assert request(sim, "GET", ROLES_PATH, {"X-aws-ec2-metadata-token": token})[0].status == 401
    assert sim.calls("InstanceRole")[0]["error"] == "Unauthorized"


@pytest.mark.parametrize("operation", ["InstanceToken", "InstanceRole", "InstanceCredentials"])
@pytest.mark.parametrize("members", [
    {"kind": "http", "status": 403}, {"kind": "http", "status": 404}, {"kind": "error"}, {"kind": "hang"},
    {"kind": "not-json"}, {"kind": "truncated"}, {"kind": "reset"}, {"kind": "wrong-types"}])
def test_the_instance_has_faults(sim, fetch_from_instance, operation, members):
    sim.instance(role=STOPPER)
    sim.fault(operation=operation, **members)
    try:
        assert not fetch_from_instance()
    except (HTTPClientError, TypeError, ValueError):  # botocore takes what it gets
        assert members["kind"] in ("not-json", "wrong-types")
    assert sim.counts()["faults"].keys() == {members["kind"]}
    assert {call["operation"] for call in sim.calls() if "fault" in call} == {operation}


# Container


def fetch_from_container(url, token=None):
    fetcher = ContainerMetadataFetcher(sleep=lambda seconds: None)
    return fetcher.retrieve_full_uri(url, {"Authorization": token} if token else None)


def test_a_container_has_the_credentials_of_its_role(sim):
    url = sim.container("/v2/credentials/an-id", role=STOPPER)
    mine, _ = sim.add(owner="111122223333"), sim.add(owner="444455556666")
    found = fetch_from_container(url)
    assert found["RoleArn"] == STOPPER and found["AccountId"] == "111122223333"
    assert list_imports(sim, (found["AccessKeyId"], found["SecretAccessKey"], found["Token"])) == [mine]
    assert sim.counts()["operations"]["ContainerCredentials"] == 1


def test_a_container_may_have_to_show_a_token(sim):
    open_to_all = sim.container("/open", role=STOPPER)
    guarded = sim.container("/guarded", role=STOPPER, authorization="Basic abc")
    assert fetch_from_container(open_to_all, "whatever")["AccessKeyId"]
    assert fetch_from_container(guarded, "Basic abc")["AccessKeyId"]
    for token in None, "Basic abd":
        with pytest.raises(MetadataRetrievalError, match="AccessDenied"):
            fetch_from_container(guarded, token)


@pytest.mark.parametrize("kind, members", [
    ("http", {"status": 404}), ("error", {}), ("close", {}), ("not-json", {}), ("truncated", {})])
def test_a_container_has_faults(sim, kind, members):
    url = sim.container("/creds", role=STOPPER)
    sim.fault(kind, operation="ContainerCredentials", calls=2, **members)
    assert fetch_from_container(url)["AccessKeyId"], "botocore tries three times"
    assert sim.counts()["operations"] == {"ContainerCredentials": 3}


# Accounts


def test_accounts_have_quotas_of_their_own(start_sim):
    sim = start_sim("--enforce-quota")
    sim.control("accounts", [{"accessKey": key, "secretKey": "secret", "accountId": account}
                             for key, account in [("AKIDA", "shared"), ("AKIDB", "shared"), ("AKIDC", "other")]])
    import_id = sim.add()

    def stop(key):
        make_client("cloudtrail", sim, key, "secret").stop_import(ImportId=import_id)

    stop("AKIDA")
    with pytest.raises(ClientError) as error:
        stop("AKIDB")
    assert code_of(error) == (400, "ThrottlingException")
    stop("AKIDC")


def test_reset_forgets_sessions_and_declarations(sim):
    arn = sim.role("stopper")
    sim.instance(role=STOPPER)
    url = sim.container("/creds", role=STOPPER)
    keys = keys_of(assume(sim, arn))
    sim.control("reset", method="POST")
    assert sim.sessions() == []
    with pytest.raises(ClientError) as error:
        list_imports(sim, keys)
    assert code_of(error) == (400, "UnrecognizedClientException")
    with pytest.raises(ClientError):
        assume(sim, arn)
    assert request(sim, "GET", url[len(sim.url):])[0].status == 400
    assert request(sim, "GET", ROLES_PATH, {"X-aws-ec2-metadata-token": instance_token(sim)[1]})[0].status == 404


def test_an_account_can_be_taken_away(sim):
    """What GET shows can be declared again, changed."""
    keys = keys_of(assume(sim, sim.role("stopper")))
    list_imports(sim, keys)
    [session] = sim.sessions()
    sim.control("accounts", {**session, "expiresInSeconds": -1})
    with pytest.raises(ClientError) as error:
        list_imports(sim, keys)
    assert code_of(error) == (400, "ExpiredTokenException")


@pytest.mark.parametrize("part, declaration, error", [
    ("roles", {}, "'' is not the ARN of a role"),
    ("roles", {"arn": "arn:aws:iam::1111:role/x"}, "is not the ARN of a role"),
    ("roles", [{"arn": "arn:aws:iam::111122223333:user/x"}], "roles[0]: "),
    ("roles", {"arn": STOPPER, "principals": [5]}, "'principals' must be names"),
    ("instance", {"role": "stopper"}, "'stopper' is not the ARN of a role"),
    ("containers", {"role": STOPPER}, "a container needs a path"),
    ("containers", {"path": "/creds"}, "is not the ARN of a role"),
])
def test_says_what_is_wrong_with_a_declaration(sim, part, declaration, error):
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=DEADLINE)
    connection.request("POST", f"/_sim/{part}", json.dumps(declaration))
    answer = connection.getresponse()
    assert answer.status == 400 and error in json.load(answer)["error"]
