# SPDX-License-Identifier: Apache-2.0
"""AWS accounts: each has keys that the simulator takes, and a profile of that name for the daemon. Import the fixtures
that a file needs."""

import hashlib

import pytest

from harness.daemon import target

LAKE = "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/a"
POND = "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/b"


class Accounts:
    """The shared credentials file of a test, and the accounts that the simulators get to go with it."""

    def __init__(self, directory):
        self.path = directory / "accounts"
        self.environment = {"AWS_SHARED_CREDENTIALS_FILE": str(self.path)}
        self._keys = {}

    def open(self, sim, *names):
        """Makes accounts in a simulator; imports belong to the one whose key is their `owner`."""
        for name in names:
            self._keys[name] = (access_key(name), f"secret-of-{name}")
        sim.control("accounts", [{"accessKey": self._keys[name][0], "secretKey": self._keys[name][1]}
                                 for name in names])
        self.write()

    def write(self):
        self.path.write_text("".join(
            f"[{name}]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
            for name, (key, secret) in self._keys.items()))


def access_key(name):
    return "AKIA" + hashlib.sha256(name.encode()).hexdigest()[:16].upper()


@pytest.fixture
def accounts(tmp_path):
    return Accounts(tmp_path)


@pytest.fixture
def start_with_accounts(start_daemon, sim, accounts):
    """A daemon with a target for each of these accounts, named like them. options: target → options."""
    def start(*names, options=None, **sections):
        accounts.open(sim, *names)
        targets = {name: target(sim, profile=name, **(options or {}).get(name, {})) for name in names}
        return start_daemon(targets, environment=accounts.environment, **sections)
    return start


def add_to(sim, account, count=1, **spec):
    return sim.add_many(count, owner=access_key(account), **spec)


def ids(imports):
    return {found["ImportId"] for found in imports}
