# SPDX-License-Identifier: Apache-2.0
"""The places that AWS credentials come from, set up for one daemon: the shared files in its home directory, its
environment, and what the simulator answers."""

import json
from pathlib import Path

import pytest

from harness.daemon import ini, target

BASE = "111122223333"
"""The account that credentials without a role belong to."""
ACCOUNT = "777788889999"
"""The account that imports belong to; only with the right credentials can it be seen."""

WEB_TOKEN = "eyJhbGciOi.planted-token-of-the-web.c2lnbmF0dXJl"
CONTAINER_TOKEN = "Basic planted-token-of-the-container"


class Sources:
    """Each method sets up one source that leads to `account`, before the daemon is started."""

    def __init__(self, daemon, sim):
        self.daemon, self.sim = daemon, sim
        self.environment = daemon.environment
        self.environment.update(AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", AWS_ENDPOINT_URL_STS=sim.url)
        self.targets(default={})

    def targets(self, **targets):
        self.daemon.configure({name: target(self.sim, **options) for name, options in targets.items()})

    # Parts

    def file(self, name, text):
        path = self.daemon.directory / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    def shared(self, name, sections):
        """A shared file of the user; sections as profiles' names and their keys."""
        return self.file(f".aws/{name}", ini(sections))

    def keys(self, name, account=ACCOUNT, token=None):
        """New keys of that account: as the keys of a profile."""
        keys = {"aws_access_key_id": f"AKID{name.upper()}", "aws_secret_access_key": f"planted/secret+of+{name}"}
        if token:
            keys["aws_session_token"] = token
        self.sim.account(access_key=keys["aws_access_key_id"], secret_key=keys["aws_secret_access_key"],
                         account_id=account, **({"session_token": token} if token else {}))
        return keys

    def put_in_environment(self, keys):
        self.environment.update({name.upper(): value for name, value in keys.items()})

    # Sources without a role

    def environment_keys(self, account=ACCOUNT):
        self.put_in_environment(self.keys("environment", account, token="planted-token-of-the-environment"))

    def shared_file(self, account=ACCOUNT):
        self.shared("credentials", {"default": self.keys("file", account, token="planted-token-of-the-file")})

    def config_file(self, account=ACCOUNT):
        self.shared("config", {"default": self.keys("config", account)})

    def systemd_credential(self, account=ACCOUNT):
        """It comes before the user's own file."""
        self.shared("credentials", {"default": self.keys("passed-over", BASE)})
        path = self.file("systemd/aws-credentials", ini({"default": self.keys("systemd", account)}))
        self.environment["CREDENTIALS_DIRECTORY"] = str(path.parent)

    def process_output(self, account=ACCOUNT, **members):
        keys = self.keys("process", account, token="planted-token-of-the-process")
        return json.dumps({"Version": 1, "AccessKeyId": keys["aws_access_key_id"],
                           "SecretAccessKey": keys["aws_secret_access_key"],
                           "SessionToken": keys["aws_session_token"], **members})

    def process(self, account=ACCOUNT):
        """No shell, but words as a shell would split them."""
        script = self.file("a script", 'test "$1" = "two words" && test "$2" = \'$HOME\' && cat "$3"\n')
        output = self.file("output", self.process_output(account))
        self.shared("config", {
            "default": {"credential_process": f'sh "{script}" two\\ words $HOME \'{output}\''}})

    def container(self, account=ACCOUNT, path="/v2/credentials/an-id"):
        self.environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = self.sim.container(
            path, role=f"arn:aws:iam::{account}:role/task")

    def container_with_token(self, account=ACCOUNT):
        """The file comes before the variable."""
        token = self.file("container-token", CONTAINER_TOKEN + "\r\n")
        self.environment.update(
            AWS_CONTAINER_AUTHORIZATION_TOKEN="wrong", AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(token),
            AWS_CONTAINER_CREDENTIALS_FULL_URI=self.sim.container(
                "/pod", role=f"arn:aws:iam::{account}:role/pod", authorization=CONTAINER_TOKEN))

    def instance(self, account=ACCOUNT):
        self.environment.update(AWS_EC2_METADATA_DISABLED="", AWS_EC2_METADATA_SERVICE_ENDPOINT=self.sim.url)
        self.sim.instance(role=f"arn:aws:iam::{account}:role/host")

    # Roles

    def role_of_profile(self):
        role = self.sim.role("stopper", ACCOUNT, principals=["AKIDSOURCE"], external_id="an id: /+")
        self.shared("credentials", {"source": self.keys("source", BASE)})
        self.shared("config", {"default": {"role_arn": role, "source_profile": "source", "external_id": "an id: /+",
                                           "role_session_name": "on-call", "duration_seconds": "1800"}})

    def chain_of_roles(self):
        """Each role trusts the one before alone."""
        first = self.sim.role("first", BASE, principals=["AKIDSOURCE"])
        second = self.sim.role("second", BASE, principals=[first])
        third = self.sim.role("third", ACCOUNT, principals=[second])
        self.shared("credentials", {"source": self.keys("source", BASE)})
        self.shared("config", {
            "default": {"role_arn": third, "source_profile": "two"},
            "profile two": {"role_arn": second, "source_profile": "one"},
            "profile one": {"role_arn": first, "source_profile": "source"}})

    def role_with(self, credential_source, principal):
        role = self.sim.role("stopper", ACCOUNT, principals=[principal])
        self.shared("config", {"default": {"role_arn": role, "credential_source": credential_source}})

    def role_with_environment(self):
        """Keys in the environment come before the profile, except for the target's own profile."""
        self.environment_keys(BASE)
        self.role_with("Environment", "AKIDENVIRONMENT")
        self.targets(default={"profile": "default"})

    def role_with_container(self):
        self.container(BASE)
        self.role_with("EcsContainer", f"arn:aws:iam::{BASE}:role/task")

    def role_with_instance(self):
        self.instance(BASE)
        self.role_with("Ec2InstanceMetadata", f"arn:aws:iam::{BASE}:role/host")

    def role_with_process(self):
        self.process(BASE)
        config = Path(self.daemon.directory / ".aws/config")
        command = config.read_text().replace("[default]", "[profile source]")
        role = self.sim.role("stopper", ACCOUNT, principals=["AKIDPROCESS"])
        config.write_text(command + ini({"default": {"role_arn": role, "source_profile": "source"}}))

    def web_role(self):
        return self.sim.role("web", ACCOUNT, web_identity_tokens=[WEB_TOKEN], principals=[])

    def web_identity_of_environment(self):
        self.environment.update(AWS_WEB_IDENTITY_TOKEN_FILE=str(self.file("web-token", WEB_TOKEN + "\n")),
                                AWS_ROLE_ARN=self.web_role(), AWS_ROLE_SESSION_NAME="a-pod")

    def web_identity_of_profile(self):
        self.shared("config", {"default": {"web_identity_token_file": self.file("web-token", WEB_TOKEN),
                                           "role_arn": self.web_role()}})


@pytest.fixture
def sources(new_daemon, sim):
    return Sources(new_daemon({}), sim)


@pytest.fixture
def role(sources, sim):
    """A role that the daemon assumes: a source whose every fetch is one call of STS."""
    sources.role_of_profile()
    return f"arn:aws:iam::{ACCOUNT}:role/stopper"


def stop(sources, import_id=None):
    return sources.daemon.stopped(import_id or sources.sim.add(owner=ACCOUNT))


def fetches(sim, operation="AssumeRole"):
    return sim.counts()["operations"].get(operation, 0)
