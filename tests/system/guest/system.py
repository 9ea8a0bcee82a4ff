# SPDX-License-Identifier: Apache-2.0
"""The machine that the tests run on: its units, its journal, its packages, its users."""

import json
import os
import pwd
import subprocess
import time
from pathlib import Path

from harness import DEADLINE
from harness.varlink import Closed, Connection

BUILT = Path("/tests/built")
SOCKET = Path("/run/trailstop/io.trailstop.Imports")
REGISTERED = Path("/run/varlink/registry/io.trailstop.Imports")
STATE = Path("/var/lib/trailstop")
CONFIG = Path("/etc/trailstop/trailstopd.conf.d/50-tests.conf")
CREDENTIALS = Path("/etc/credstore/aws-credentials")
SERVICE = "trailstopd.service"
GONE = (Closed, BrokenPipeError)  # what a client sees of a daemon that ends
UNITS = ("trailstopd.socket", SERVICE)


def run(*command, check=True, **options):
    """Runs a command to its end; its standard output is in .stdout, for people who look at a failure in .stderr."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                            stdin=subprocess.DEVNULL, timeout=4 * DEADLINE, **options)
    assert not check or result.returncode == 0, f"{command}: {result.returncode}\n{result.stdout}{result.stderr}"
    return result


def systemctl(*arguments, **options):
    return run("systemctl", *arguments, **options)


def show(name, unit=SERVICE):
    return systemctl("show", "--property", name, "--value", unit).stdout.strip()


def main_pid():
    return int(show("MainPID"))


def failed_units():
    return {line.split()[0] for line in systemctl("list-units", "--failed", "--plain", "--no-legend").stdout.splitlines()}


def systemd_version():
    return int(run("systemctl", "--version").stdout.split()[1])


def wait_until(condition, what):
    """For what nothing notifies us of: asks again and again, until the deadline."""
    end = time.monotonic() + DEADLINE
    while not (value := condition()):
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.005)
    return value


# Packages

def package_file(previous=False):
    [path] = (BUILT / "previous" if previous else BUILT).glob("trailstop_*.deb")
    return path


def is_installed():
    return run("dpkg-query", "-W", "-f", "${db:Status-Status}", "trailstop", check=False).stdout == "installed"


def install(previous=False):
    return run("dpkg", "--install", package_file(previous))


def purge():
    run("dpkg", "--purge", "trailstop")


# The service

def configure(*sims, extra=""):
    """One target for each simulator: default, then target1 and so on."""
    text = "[polling]\nfirst = 20ms\nlongest = 200ms\n"
    for number, sim in enumerate(sims):
        text += (f"[target {f'target{number}' if number else 'default'}]\nregion = us-east-1\n"
                 f"endpoint-url = {sim.url}\nstop-rate = 1000\nread-rate = 1000\n")
    CONFIG.write_text(text + extra)


def give_credentials(sim):
    CREDENTIALS.parent.mkdir(mode=0o700, exist_ok=True)
    CREDENTIALS.write_text(f"[default]\naws_access_key_id = {sim.ACCESS_KEY}\n"
                           f"aws_secret_access_key = {sim.SECRET_KEY}\n")


def connect():
    return Connection(SOCKET)


def call(method, **parameters):
    with connect() as connection:
        return connection.call(f"io.trailstop.Imports.{method}", parameters)


def call_until_answered(method, **parameters):
    """For times of restarts: a daemon that ends closes connections whose call it has not read."""
    while True:
        try:
            return call(method, **parameters)
        except GONE:
            continue


def job(job_id):
    return call("GetJob", id=job_id)["job"]


def serves():
    """Whether it answers. A connection that waits in the socket is answered by whoever comes up."""
    try:
        with connect() as connection:
            return connection.call("org.varlink.service.GetInfo")
    except GONE:
        return False


def wait_signs_of_life(count):
    """Waits until systemd has seen so many of them, by WATCHDOG=1."""
    since = show("WatchdogTimestampMonotonic")
    for _ in range(count):
        since = wait_until(lambda: (now := show("WatchdogTimestampMonotonic")) != since and now, "a sign of life")


def drop_in(text):
    """Changes the service until the next reboot."""
    path = Path(f"/run/systemd/system/{SERVICE}.d/tests.conf")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    systemctl("daemon-reload")
    return path


# The journal

def journal(*matches, since=0):
    """Entries since then, oldest first."""
    run("journalctl", "--sync", check=False)
    text = run("journalctl", "--no-pager", "--output=json", f"--since=@{since:.6f}", *matches, check=False).stdout
    return [json.loads(line) for line in text.splitlines()]


def wait_event(event, since, **fields):
    """The first entry of this event since then: wait_event("import-stopped", since, JOB=id)."""
    matches = [f"TRAILSTOP_EVENT={event}"] + [f"TRAILSTOP_{name}={value}" for name, value in fields.items()]
    return wait_until(lambda: journal(*matches, since=since), f"{event} {fields} in the journal")[0]


# Users

def add_user(name, *groups):
    """A user of this name and these groups; their uid."""
    try:
        pwd.getpwnam(name)
    except KeyError:
        run("useradd", "--no-create-home", name)
    run("usermod", "--groups", ",".join(groups), name)
    return pwd.getpwnam(name).pw_uid


def ctl(*arguments, user=None, groups=(), **options):
    """trailstopctl, also as another user."""
    if user is not None:
        options |= {"user": user, "group": options.pop("group", user), "extra_groups": list(groups)}
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    return run("trailstopctl", *arguments, check=False, env=environment, **options)
