"""`trailstopd --check`: what a configuration comes to, or what is wrong with it and where."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness import DEADLINE

CONF = Path(__file__).parents[2] / "conf" / "trailstopd.conf"
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
        "socket": "/run/trailstop/io.trailstop.Imports", "state-directory": "/var/lib/trailstop",
        "operators": ["@trailstop"], "log-level": "info", "max-clients": 4096, "max-clients-per-user": 1024,
        "max-message": 65536, "max-jobs": 100000, "keep-finished": 30 * 86400,
    },
    "calls": {"connect-timeout": 3, "timeout": 30, "max-attempts": 3, "max-connections": 64},
    "polling": {"first": 1, "longest": 30, "growth": 1.5, "timeout": 3600},
}


def test_the_defaults(check):
    document = check.effective("")
    assert list(document) == ["daemon", "calls", "polling", "targets"]
    (target,) = document.pop("targets")
    assert document == DEFAULTS
    assert target == {
        "name": "default", "region": "eu-west-1", "endpoint": "https://cloudtrail.eu-west-1.amazonaws.com",
        "stsEndpoint": "https://sts.eu-west-1.amazonaws.com", "profile": "default", "credentials": "environment",
        "stop-rate": 1, "read-rate": 10,
    }


def test_whole_numbers_are_written_as_such(check):
    text = check.run("[polling]\nfirst = 1500ms\n").stdout
    assert '"polling":{"first":1.5,"longest":30,"growth":1.5,"timeout":3600}' in text


def test_what_the_shipped_file_shows_are_the_defaults(check):
    shown = re.sub(r"^#(\[|\S+ =)", r"\1", CONF.read_text(), flags=re.MULTILINE)
    assert shown.count("\n#") < CONF.read_text().count("\n#") - 25, "the options are commented out"
    assert check.effective(shown) == check.effective(CONF.read_text()) == check.effective("")


def test_no_credentials_anywhere_is_no_error(check):
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
    (check.directory / "ca.pem").write_text("")
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
stop-rate = 0.5
read-rate = 2
""")
    source = target.pop("credentials")
    assert "audit" in source
    assert target == {
        "name": "audit", "region": "us-west-2", "endpoint": "https://trail.example:8443",
        "stsEndpoint": "http://127.0.0.1:9000", "profile": "audit",
        "ca-bundle": f"{check.directory}/ca.pem", "role-arn": "arn:aws:iam::123456789012:role/stopper",
        "external-id": "pass-word", "role-session-name": "runbook", "duration": 3600,
        "endpoint-url": "https://trail.example:8443", "sts-endpoint-url": "http://127.0.0.1:9000",
        "use-fips-endpoint": False, "use-dualstack-endpoint": False, "stop-rate": 0.5, "read-rate": 2,
    }


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


def test_state_directory_and_max_attempts_of_the_environment(check):
    environment = {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "AWS_MAX_ATTEMPTS": "5"}
    document = check.effective("", **environment)
    assert document["daemon"]["state-directory"] == "/var/lib/a"
    assert document["calls"]["max-attempts"] == 5
    document = check.effective("[daemon]\nstate-directory = /srv/x\n[calls]\nmax-attempts = 2\n", **environment)
    assert document["daemon"]["state-directory"] == "/srv/x"
    assert document["calls"]["max-attempts"] == 2


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


# By the place of the error: a value's own line, else that of the target's section.
TARGET_ERRORS = {
    "http to another host": (4, "endpoint-url = http://trail.example\n"),
    "no URL": (4, "sts-endpoint-url = trail.example\n"),
    "credentials in a URL": (4, "endpoint-url = https://me:pass@trail.example\n"),
    "endpoint and FIPS": (2, "endpoint-url = https://trail.example\nuse-fips-endpoint = yes\n"),
    "endpoint and dual-stack": (2, "endpoint-url = https://trail.example\nuse-dualstack-endpoint = yes\n"),
    "no such profile": (2, "profile = nobody\n"),
    "no region": (2, "profile = empty\n"),
    "a person has to be there": (2, "profile = mfa\n"),
    "a browser is needed": (2, "profile = sso\n"),
    "a circle": (2, "profile = one\n"),
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


def test_an_error_of_a_target_that_no_file_declares(check):
    assert check.error("", AWS_REGION=None).startswith("target default: ")


def test_an_error_in_the_shared_files(check):
    check.aws("config", "[default]\nregion = us-east-1\nnonsense\n")
    assert check.error("").startswith(f"{check.directory}/.aws/config:3: ")


def test_a_file_that_is_not_there(check):
    assert check.error(None) == "t.conf: cannot be read: No such file or directory"
