# SPDX-License-Identifier: Apache-2.0
"""`trailstopd --check`: what a configuration resolves to, or what is wrong with it and where."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import DEADLINE

CONF = Path(__file__).parents[2] / "conf" / "trailstopd.conf"
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBcDCCARWgAwIBAgIUII18Zb3pbya2nmhMNsEdiLMhiWowCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBdDAgFw0yNjExMjYxODA1MThaGA8yMTI2MTEwMjE4MDUxOFow
DDEKMAgGA1UEAwwBdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABL5FseLXjtRX
yime+6JF9g4EARiFdf+l+qrZSX9mWNGMCF6nnjD9Ftg97sIq9NQXB4JnuNR9geS+
Ox10nqbSViOjUzBRMB0GA1UdDgQWBBQzdUjDU/1ieMl8Lz9VuANM/1VKRDAfBgNV
HSMEGDAWgBQzdUjDU/1ieMl8Lz9VuANM/1VKRDAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0kAMEYCIQCUVvL6vG/YzB5gYQ4ggAsD2L7ZvflauHhC+3vQbovq
3wIhAKvTHcjldEBtC0RleAH4COeYR278uGBqhSuwrzI/pFmo
-----END CERTIFICATE-----
"""  # of nobody, for a hundred years
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-test"}


class Check:
    """Runs --check on a configuration, in an environment that holds nothing else of AWS."""

    def __init__(self, build, directory):
        self.binary = build / "trailstopd"
        self.config = directory / "t.conf"
        self.directory = directory
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(directory), "AWS_REGION": "eu-west-1",
                            "AWS_EC2_METADATA_DISABLED": "true", **KEYS}

    def aws(self, name, text):
        """Writes ~/.aws/config or ~/.aws/credentials."""
        (self.directory / ".aws").mkdir(exist_ok=True)
        (self.directory / ".aws" / name).write_text(text)

    def run(self, text, *options, **environment):
        """text: of the configuration, or None for a file that is not there; environment: variables to set, or
        None to take one away."""
        if text is not None:
            self.config.write_text(text)
        merged = {**self.environment, **environment}
        return subprocess.run([self.binary, "--check", "--config", self.config, *options],
                              env={name: value for name, value in merged.items() if value is not None},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE)

    def effective(self, text, *options, **environment):
        result = self.run(text, *options, **environment)
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout.count("\n") == 1, "one document, one line"
        assert KEYS["AWS_SECRET_ACCESS_KEY"] not in result.stdout
        return json.loads(result.stdout)

    def target(self, text, **environment):
        (target,) = self.effective(text, **environment)["targets"]
        return target

    def error(self, text, **environment):
        result = self.run(text, **environment)
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr.count("\n") == 1, "one error, one line"
        return result.stderr.rstrip("\n").replace(f"{self.config}", "t.conf")


@pytest.fixture
def check(build, tmp_path):
    return Check(build, tmp_path)


DEFAULTS = {
    "daemon": {
        "socket": "/run/trailstop/io.trailstop.Imports", "metrics-socket": "/run/systemd/report/io.trailstop.Imports",
        "state-directory": "/var/lib/trailstop",
        "operators": ["@trailstop"], "log-level": "info", "max-clients": 4096, "max-clients-per-user": 1024,
        "max-message": 65536, "max-jobs": 100000, "keep-finished": 30 * 86400,
    },
    "calls": {"connect-timeout": 3, "timeout": 30, "max-attempts": 3, "max-connections": 64},
    "polling": {"first": 1, "longest": 30, "growth": 1.5, "timeout": 3600, "settle": 300},
}


def test_the_defaults(check):
    document = check.effective("")
    assert list(document) == ["daemon", "calls", "polling", "targets"]
    (target,) = document.pop("targets")
    assert document == DEFAULTS
    assert target == {
        "name": "default", "region": "eu-west-1", "endpoint": "https://cloudtrail.eu-west-1.amazonaws.com",
        "stsEndpoint": "https://sts.eu-west-1.amazonaws.com",
        "logsEndpoint": "https://logs.eu-west-1.amazonaws.com", "profile": "default", "credentials": "environment",
        "stop-rate": 1, "read-rate": 10,
    }


def test_whole_numbers_are_written_as_such(check):
    text = check.run("[polling]\nfirst = 1500ms\n").stdout
    assert '"polling":{"first":1.5,"longest":30,"growth":1.5,"timeout":3600,"settle":300}' in text


def test_what_the_shipped_file_shows_are_the_defaults(check):
    shown = re.sub(r"^#(\[|\S+ =)", r"\1", CONF.read_text(), flags=re.MULTILINE)
    assert shown.count("\n#") < CONF.read_text().count("\n#") - 25, "the options are commented out"
    assert check.effective(shown) == check.effective(CONF.read_text()) == check.effective("")


def test_no_credentials_anywhere_is_not_an_error(check):
    target = check.target("", **dict.fromkeys(KEYS))
    assert target["credentials"] is None


def test_explains_where_credentials_were_looked_for(check):
    check.aws("credentials", "[audit]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = another-secret\n")
    (target,) = check.effective("[target default]\nprofile = audit\n", "--explain")["targets"]
    sources = target["sources"]
    assert [source["source"] for source in sources][:3] == ["environment", "role of the profile", "web identity"]
    assert [source["taken"] for source in sources] == [False] * (len(sources) - 1) + [True]
    assert sources[-1]["source"] == "shared credentials file" and "audit" in sources[-1]["why"]
    assert all(source["why"] for source in sources)
    assert "another-secret" not in json.dumps(target)


def test_explains_only_what_it_checks(check):
    result = subprocess.run([check.binary, "--explain"], capture_output=True, text=True, timeout=DEADLINE)
    assert result.returncode == 1 and "--check" in result.stderr


def test_everything_that_a_target_may_say(check):
    check.aws("config", "[profile audit]\nregion = us-east-2\n")
    check.aws("credentials", "[audit]\naws_access_key_id = AKID\naws_secret_access_key = another-secret\n")
    (check.directory / "ca.pem").write_text(CERTIFICATE)
    target = check.target(f"""
[target audit]
region = us-west-2
profile = audit
role-arn = arn:aws:iam::123456789012:role/stopper
external-id = pass-word
role-session-name = runbook
duration = 1h
endpoint-url = https://trail.example:8443
sts-endpoint-url = http://127.0.0.1:9000
use-fips-endpoint = no
use-dualstack-endpoint = false
ca-bundle = {check.directory}/ca.pem
operators = audit, @oncall
stop-rate = 0.5
read-rate = 2
""")
    source = target.pop("credentials")
    assert "audit" in source
    assert target == {
        "name": "audit", "region": "us-west-2", "endpoint": "https://trail.example:8443",
        "stsEndpoint": "http://127.0.0.1:9000", "logsEndpoint": "https://trail.example:8443",
        "profile": "audit",
        "ca-bundle": f"{check.directory}/ca.pem", "role-arn": "arn:aws:iam::123456789012:role/stopper",
        "external-id": "pass-word", "role-session-name": "runbook", "duration": 3600,
        "endpoint-url": "https://trail.example:8443", "sts-endpoint-url": "http://127.0.0.1:9000",
        "use-fips-endpoint": False, "use-dualstack-endpoint": False, "operators": ["audit", "@oncall"],
        "stop-rate": 0.5, "read-rate": 2,
    }


def test_a_target_without_operators_differs_from_one_that_has_nobody(check):
    assert "operators" not in check.target("[target a]\n")
    assert check.target("[target a]\noperators =\n")["operators"] == []


def test_targets_are_in_the_order_of_the_files(check):
    (check.directory / "t.conf.d").mkdir()
    (check.directory / "t.conf.d" / "a.conf").write_text("[target c]\n[target a]\nregion = sa-east-1\n")
    targets = check.effective("[target b]\n[target a]\nregion = us-east-1\n")["targets"]
    assert [(target["name"], target["region"]) for target in targets] == [
        ("b", "eu-west-1"), ("a", "sa-east-1"), ("c", "eu-west-1")]


def test_settings_come_from_the_environment_and_the_profile(check):
    check.aws("config", "[profile far]\nregion = ap-southeast-2\nmax_attempts = 7\nuse_dualstack_endpoint = true\n")
    check.aws("credentials", "[far]\naws_access_key_id = AKID\naws_secret_access_key = x\n")
    target = check.target("", AWS_PROFILE="far", AWS_REGION=None)
    assert target["region"] == "ap-southeast-2"
    assert target["endpoint"] == "https://cloudtrail.ap-southeast-2.api.aws"
    assert target["max-attempts"] == 7
    assert check.target("", AWS_PROFILE="far")["region"] == "eu-west-1"


def test_shows_what_the_endpoints_names_come_from(check):
    check.aws("config", "[default]\nuse_dualstack_endpoint = true\n")
    target = check.target("", AWS_USE_FIPS_ENDPOINT="TRUE")
    assert (target["use-fips-endpoint"], target["use-dualstack-endpoint"]) == (True, True)
    target = check.target("[target x]\nuse-fips-endpoint = n\n", AWS_USE_FIPS_ENDPOINT="true",
                          AWS_USE_DUALSTACK_ENDPOINT="false")
    assert (target["use-fips-endpoint"], target["use-dualstack-endpoint"]) == (False, False)


def test_state_directory_and_max_attempts_of_the_environment(check):
    environment = {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "AWS_MAX_ATTEMPTS": "5"}
    document = check.effective("", **environment)
    assert document["daemon"]["state-directory"] == "/var/lib/a"
    assert document["calls"]["max-attempts"] == 5
    document = check.effective("[daemon]\nstate-directory = /srv/x\n[calls]\nmax-attempts = 2\n", **environment)
    assert document["daemon"]["state-directory"] == "/srv/x"
    assert document["calls"]["max-attempts"] == 2


@pytest.mark.parametrize("variable, value, member, shown", [
    ("AWS_PROFILE", "x", "credentials", "profile x in"), ("AWS_DEFAULT_PROFILE", "x", "credentials", "profile x in"),
    ("AWS_ENDPOINT_URL", "https://a.example", "endpoint", "https://a.example"),
    ("AWS_USE_FIPS_ENDPOINT", "true", "endpoint", "https://cloudtrail-fips."),
    ("AWS_ACCESS_KEY_ID", "", "credentials", "profile default in")])
def test_white_space_around_a_variable_is_not_part_of_it(check, variable, value, member, shown):
    """As a file of variables with line ends of another system leaves it."""
    check.aws("credentials", "".join(f"[{name}]\naws_access_key_id = A\naws_secret_access_key = b\n" for name in ("x", "default")))
    environment = {"AWS_ACCESS_KEY_ID": None, variable: f" {value}\r\n", "AWS_MAX_ATTEMPTS": "\t7\r\n"}
    assert check.target("", **environment)[member].startswith(shown)
    assert check.effective("", **environment)["calls"]["max-attempts"] == 7


@pytest.mark.parametrize("value", ["0", "11", "many"])
def test_a_bad_number_in_the_environment(check, value):
    assert check.error("", AWS_MAX_ATTEMPTS=value) == (
        f'$AWS_MAX_ATTEMPTS: max-attempts: "{value}" is not a whole number from 1 to 10')


ERRORS = {
    "[deamon]\n": "t.conf:1: unknown section [deamon]; did you mean [daemon]?",
    "[daemon]\n\nmax-client = 2\n": 't.conf:3: unknown key "max-client" in [daemon]; did you mean "max-clients"?',
    "[polling]\ngrowth = 0.5\n": 't.conf:2: growth: "0.5" is not a number from 1 to 10',
    "[polling]\nfirst = 1min\n": "t.conf:2: first (1min) is more than longest (30s)",
}


@pytest.mark.parametrize("text", ERRORS)
def test_an_error_has_file_and_line(check, text):
    assert check.error(text) == ERRORS[text]


# The line of the value that is at fault, else that of the target's section.
TARGET_ERRORS = {
    "http to another host": (4, "endpoint-url = http://trail.example\n"),
    "no URL": (4, "sts-endpoint-url = trail.example\n"),
    "credentials in a URL": (4, "endpoint-url = https://me:pass@trail.example\n"),
    "no such region": (4, "region = us_east\n"),
    "no such file": (4, "ca-bundle = /nonexistent/ca.pem\nregion = us-east-1\n"),
    "endpoint and FIPS": (4, "endpoint-url = https://trail.example\nuse-fips-endpoint = yes\nregion = us-east-1\n"),
    "endpoint and dual-stack": (
        4, "endpoint-url = https://trail.example\nuse-dualstack-endpoint = yes\nregion = us-east-1\n"),
    "no such profile": (4, "profile = nobody\n"),
    "no region": (2, "profile = empty\n"),
    "an SSO account alone": (4, "profile = account\n"),
    "a person has to be there": (4, "profile = mfa\n"),
    "a browser is needed": (4, "profile = sso\n"),
    "a circle": (4, "profile = one\n"),
}


@pytest.mark.parametrize("line, option", TARGET_ERRORS.values(), ids=TARGET_ERRORS)
def test_an_error_of_a_target(check, line, option):
    check.aws("config", """
[profile empty]
aws_access_key_id = AKID
aws_secret_access_key = x
[profile mfa]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/x
source_profile = empty
mfa_serial = arn:aws:iam::123456789012:mfa/x
[profile sso]
region = us-east-1
sso_start_url = https://sso.example
sso_account_id = 123456789012
sso_role_name = x
sso_region = us-east-1
[profile account]
region = us-east-1
sso_account_id = 123456789012
sso_role_name = x
[profile one]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/one
source_profile = two
[profile two]
role_arn = arn:aws:iam::123456789012:role/two
source_profile = one
""")
    text = f"# one\n[target x]\nstop-rate = 2\n{option}"
    assert check.error(text, AWS_REGION=None).startswith(f"t.conf:{line}: ")


def test_of_two_files_the_one_that_counts_is_to_blame(check):
    (check.directory / "t.conf.d").mkdir()
    (check.directory / "t.conf.d" / "a.conf").write_text("# later\n[target x]\nregion = us_east\n")
    assert check.error("[target x]\nregion = us-east-1\n").startswith("t.conf.d/a.conf:3: ")


# Credentials that cannot be obtained from where they would come: in what environment, with what in the shared files
# (the first line is [default]), which file and line is to blame, and what is said about it.
NO_KEYS = dict.fromkeys(KEYS)
ON_INSTANCE = {**NO_KEYS, "AWS_EC2_METADATA_DISABLED": None}
ROLE = "role_arn = arn:aws:iam::123456789012:role/x\n"
TROUBLES = {
    "a key without its secret": (
        {"AWS_SECRET_ACCESS_KEY": None}, {}, "t.conf:2", "environment: an access key id without its secret"),
    "a key of a file without its secret": (
        NO_KEYS, {"credentials": "aws_access_key_id = AKID\n"}, ".aws/credentials:2", "without its secret access key"),
    "an open quote": (
        NO_KEYS, {"config": "region = x\ncredential_process = foo 'bar\n"}, ".aws/config:3", "a quote"),
    "a container elsewhere": (
        {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/x"}, {}, "t.conf:2",
        "container: AWS_CONTAINER_CREDENTIALS_FULL_URI: http://"),
    "a container's path that is none": (
        {**NO_KEYS, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "x"}, {}, "t.conf:2", "is not a path"),
    "a time-out that is none": (
        {**ON_INSTANCE, "AWS_METADATA_SERVICE_TIMEOUT": "x"}, {}, "t.conf:2", "AWS_METADATA_SERVICE_TIMEOUT is no"),
    "a number that is none": (
        {**ON_INSTANCE, "AWS_METADATA_SERVICE_NUM_ATTEMPTS": "x"}, {}, "t.conf:2", "NUM_ATTEMPTS is not a number"),
    "a profile's number that is none": (
        ON_INSTANCE, {"config": "metadata_service_num_attempts = x\n"}, ".aws/config:2", "attempts is not a number"),
    "an environment without keys": (
        NO_KEYS, {"config": f"{ROLE}credential_source = Environment\n"}, ".aws/config:3", "no access key id"),
    "a container that is not there": (
        NO_KEYS, {"config": f"{ROLE}credential_source = EcsContainer\n"}, ".aws/config:3", "container: neither"),
}


@pytest.mark.parametrize("environment, files, place, cause", TROUBLES.values(), ids=TROUBLES)
def test_credentials_that_cannot_be_obtained(check, environment, files, place, cause):
    for name, text in files.items():
        check.aws(name, f"[default]\n{text}")
    error = check.error("# one\n[target x]\n", **environment)
    assert error.replace(f"{check.directory}/", "").startswith(f"{place}: target x: ") and cause in error
    # With what is lacking, it is right.
    assert check.run("# one\n[target x]\n").returncode == 0


def test_keys_may_be_split_over_the_shared_files(check):
    check.aws("credentials", "[default]\naws_access_key_id = AKID\n")
    check.aws("config", "[default]\naws_secret_access_key = another-secret\n")
    assert "/.aws/credentials" in check.target("", **NO_KEYS)["credentials"]


def test_an_error_of_a_target_that_no_file_declares(check):
    assert check.error("", AWS_REGION=None).startswith("target default: ")


def test_the_profile_is_to_blame_where_no_file_declares_the_target(check):
    check.aws("config", "# one\n[default]\nsso_start_url = https://sso.example\n"
                        "[profile loop]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = loop\n")
    for named, line in (None, 2), ("loop", 4):
        assert check.error("", AWS_PROFILE=named, **NO_KEYS).startswith(
            f"{check.directory}/.aws/config:{line}: target default: ")


@pytest.mark.parametrize("text, error", [("", "is empty"), ("no PEM\n", "holds no certificate"),
                                         (None, "Is a directory")])
def test_a_ca_bundle_that_holds_no_certificate(check, text, error):
    path = check.directory / "ca.pem"
    if text is None:
        path.mkdir()
    else:
        path.write_text(text)
    said = check.error(f"[target a]\nca-bundle = {path}\n")
    assert said.startswith("t.conf:2: target a: the CA bundle") and error in said


@pytest.mark.parametrize("region, error", [("us-east-1a", "its region is us-east-1"),
                                           ("US-EAST-1", "in lower case: us-east-1")])
def test_what_is_not_a_region(check, region, error):
    assert error in check.error(f"[target a]\nregion = {region}\n")


def test_an_error_in_the_shared_files(check):
    check.aws("config", "[default]\nregion = us-east-1\nnonsense\n")
    where = f"{check.directory}/.aws/config:3: "
    assert check.error("", AWS_REGION=None).startswith(where)
    assert check.error("", AWS_ACCESS_KEY_ID=None).startswith(where)
    assert check.error("[target a]\nprofile = default\n").startswith(where)


def test_an_error_in_the_shared_files_of_which_nothing_is_needed(check):
    check.aws("config", "[profile dev]\nregion\n")
    result = check.run("")
    assert (result.returncode, result.stdout.count("\n")) == (0, 1)
    assert result.stderr.startswith(f"warning: {check.directory}/.aws/config:2: ")


def test_warnings_stand_beside_an_error(check):
    check.aws("config", "[prod]\nregion = us-west-2\n")
    result = check.run("", AWS_PROFILE="prod")
    assert (result.returncode, result.stdout) == (1, "")
    warning, error = result.stderr.splitlines()
    assert warning.startswith(f"warning: {check.directory}/.aws/config:1: ")
    assert "profile prod is in none" in error


def test_a_file_that_is_not_there(check):
    assert check.error(None) == "t.conf: cannot be read: No such file or directory"


@pytest.mark.parametrize("option", ["--check", "--help", "--version"])
def test_what_cannot_be_printed_is_a_failure(build, check, option):
    check.config.write_text("")
    with open("/dev/full", "w") as full:
        result = subprocess.run([build / "trailstopd", option, "--config", check.config], env=check.environment,
                                stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, text=True,
                                timeout=DEADLINE)
    assert result.returncode == 1
    assert "standard output: No space left on device" in result.stderr


def test_guards_stand_beside_the_targets(check):
    document = check.effective("[guard g]\nolder-than = 1d\n")
    assert list(document) == ["daemon", "calls", "polling", "targets", "guards"]
    assert document["guards"] == [{"name": "g", "targets": ["*"], "service": "cloudtrail", "every": 300,
                                   "older-than": 86400, "action": "report"}]


STOPS = "https://sqs.us-east-1.amazonaws.com/111122223333/stops"


def test_queues_and_notifications_stand_behind_the_targets(check):
    document = check.effective(f"[queue q]\nurl = {STOPS}\n[notify n]\nevent-bus = b\n[guard g]\nolder-than = 1d\n")
    assert list(document) == ["daemon", "calls", "polling", "targets", "guards", "queues", "notify"]
    assert document["queues"] == [
        {"name": "q", "url": STOPS, "region": "us-east-1", "endpoint": "https://sqs.us-east-1.amazonaws.com",
         "stsEndpoint": "https://sts.us-east-1.amazonaws.com", "profile": "default", "credentials": "environment",
         "targets": ["*"], "visibility": 120, "wait-time": 20, "max-jobs": 1000}]
    assert document["notify"] == [
        {"name": "n", "region": "eu-west-1", "endpoint": "https://events.eu-west-1.amazonaws.com",
         "stsEndpoint": "https://sts.eu-west-1.amazonaws.com", "profile": "default", "credentials": "environment",
         "event-bus": "b"}]


def test_everything_that_a_queue_and_a_notification_may_say(check, tmp_path):
    (tmp_path / "ca.pem").write_text(CERTIFICATE)
    account = {"profile": "p", "region": "af-south-1", "role-arn": "arn:aws:iam::1:role/r", "external-id": "e",
               "role-session-name": "s", "duration": 900, "endpoint-url": "https://endpoint",
               "sts-endpoint-url": "https://sts", "ca-bundle": str(tmp_path / "ca.pem")}
    flags = {"use-fips-endpoint": False, "use-dualstack-endpoint": False}
    queue = {**account, "url": STOPS, "targets": ["a"], "visibility": 43200, "wait-time": 0, "max-jobs": 1,
             "outcome-url": "https://queue.example/1/o"}
    bus = {**account, **flags, "event-bus": "arn:aws:events:us-east-1:111122223333:event-bus/b"}
    other = {**account, **flags, "queue-url": "https://queue.example/1/n"}
    written = {True: "yes", False: "no"}

    def section(header, options):
        lines = [f"{key} = {written.get(value, value) if isinstance(value, bool) else value}"
                 for key, value in options.items()]
        return "\n".join([f"[{header}]", *lines, ""])

    check.aws("credentials", "[p]\naws_access_key_id = a\naws_secret_access_key = b\n")
    document = check.effective("[target a]\n" + section("queue q", {**queue, "targets": "a"}) +
                               section("notify bus", bus) + section("notify other", other))
    (shown,) = document["queues"]
    resolved = {"name": "q", "endpoint": "https://endpoint", "stsEndpoint": "https://sts",
                "credentials": shown["credentials"]}
    assert shown == {**queue, **resolved, "outcomeEndpoint": "https://endpoint", "outcomeRegion": "af-south-1"}
    for shown, options in zip(document["notify"], (bus, other)):
        assert shown == {**options, **resolved, "name": shown["name"]}


def test_explains_the_credentials_of_queues_and_notifications(check):
    check.aws("credentials", "[audit]\naws_access_key_id = a\naws_secret_access_key = b\n")
    document = check.effective(f"[queue q]\nurl = {STOPS}\nprofile = audit\n[notify n]\nevent-bus = b\n", "--explain")
    assert document["queues"][0]["credentials"] == "profile audit in " + str(check.directory / ".aws/credentials")
    assert document["queues"][0]["sources"][-1]["source"] == "shared credentials file"
    assert document["notify"][0]["sources"][0] == {"source": "environment", "taken": True,
                                                   "why": document["notify"][0]["sources"][0]["why"]}


@pytest.mark.parametrize("text, error", [
    ("[queue q]\n", "t.conf:1: queue q: url has to be set"),
    (f"[queue q]\nurl = {STOPS}\n[queue r]\nurl = {STOPS}\n", "t.conf:4: queue r: queue q has the same url"),
    (f"[queue q]\nurl = {STOPS}\nuse-fips-endpoint = yes\n",
     't.conf:3: unknown key "use-fips-endpoint" in [queue]'),
    (f"[queue q]\nurl = {STOPS}\nprofile = sso\n", "t.conf:3: queue q: profile sso"),
    ("[queues q]\n", "t.conf:1: unknown section [queues q]"),
    ("[notify n]\nregion = eu-west-1\n",
     "t.conf:1: notify n: one of event-bus and queue-url has to be set, and not both"),
    ("[notify n]\nevent-bus = b\nprofile = sso\n", "t.conf:3: notify n: profile sso"),
    (f"[queue q]\nurl = {STOPS}\n[notify n]\nqueue-url = {STOPS}\n",
     "t.conf:4: notify n: queue-url is the url of queue q, which would take outcomes for requests"),
])
def test_an_error_of_a_queue_or_a_notification(check, text, error):
    check.aws("config", "[profile sso]\nsso_start_url = https://x\nsso_region = a\nsso_account_id = 1\n"
                        "sso_role_name = r\n")
    assert check.error(text).startswith(error)
