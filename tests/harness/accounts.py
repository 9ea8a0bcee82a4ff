# SPDX-License-Identifier: Apache-2.0
"""AWS accounts: each has keys that the simulator takes, and a profile of that name for the daemon."""

import hashlib


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
