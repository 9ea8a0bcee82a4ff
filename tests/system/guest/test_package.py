# SPDX-License-Identifier: Apache-2.0
"""Install, upgrade, remove and purge, as dpkg does them on a running system."""

import contextlib
import os
import subprocess
import threading
import time

import pytest

import system

# What dpkg, systemd, users' tools and the tests keep for themselves.
PASSED_OVER = ("/dev", "/proc", "/sys", "/tests", "/tmp", "/results", "/run", "/root", "/var/log", "/var/tmp",
               "/var/lib/dpkg", "/var/cache", "/var/backups", "/var/lib/systemd/catalog", "/etc/credstore",
               "/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-", "/etc/.pwd.lock")
ACCOUNTS = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow")


def snapshot():
    """Every path there is, and the accounts."""
    paths = set()
    for directory, names, files in os.walk("/"):
        names[:] = [name for name in names if os.path.join(directory, name) not in PASSED_OVER]
        paths |= {os.path.join(directory, name) for name in names + files}
    paths = {path for path in paths if not path.startswith(PASSED_OVER) and "__pycache__" not in path}
    return paths, {path: open(path).read() for path in ACCOUNTS}


@pytest.fixture
def bare():
    """Without the package, as after a purge."""
    system.run("dpkg", "--purge", "trailstop", check=False)


class Connector(threading.Thread):
    """Connects, and asks who is there, until it is asked to end; the socket must never be gone."""

    def __init__(self):
        super().__init__()
        self.ending = threading.Event()
        self.answers, self.failure = 0, None

    def run(self):
        try:
            while not self.ending.is_set():
                try:
                    with system.connect() as connection:
                        connection.call("org.varlink.service.GetInfo")
                    self.answers += 1
                except system.GONE:  # the next one answers
                    continue
        except Exception as failure:  # for the test to raise
            self.failure = failure


def test_purge_leaves_nothing(bare, sim):
    before = snapshot()
    system.install()
    system.configure(sim)
    system.give_credentials(sim)
    system.systemctl("restart", system.SERVICE)
    assert system.ctl("stop", sim.add()).returncode == 0
    system.systemctl("enable", "--now", "trailstop-metrics.timer")
    system.purge()
    after = snapshot()
    assert after[0] - before[0] == set() and before[0] - after[0] == set()
    assert after[1] == before[1]
    assert not system.SOCKET.parent.exists() and not os.path.lexists(system.REGISTERED)
    gone = [*system.UNITS, "trailstop-metrics.timer"]
    assert system.systemctl("is-active", *gone, check=False).stdout.split() == ["inactive"] * 3
    assert "trailstop" not in system.run("journalctl", "--list-catalog").stdout


def test_remove_keeps_configuration_and_jobs(service, sim):
    assert system.ctl("stop", sim.add()).returncode == 0
    [job] = system.call("ListJobs")["jobs"]
    system.run("dpkg", "--remove", "trailstop")
    assert not system.SOCKET.exists()
    assert system.CONFIG.exists() and list(system.STATE.iterdir())
    system.install()
    assert system.job(job["id"])["state"] == "stopped"


def test_a_removal_says_how_many_jobs_it_leaves(service, sim):
    import_ids = [sim.add_endless(), sim.add_endless()]
    for import_id in import_ids:
        system.call("Stop", importId=import_id)
    words = system.run("dpkg", "--remove", "trailstop").stdout
    assert "2 jobs are not final; they are kept, and go on when the package is installed again" in words
    system.install()
    for import_id in import_ids:
        sim.finish(import_id)
    system.wait_until(lambda: not system.call("ListJobs", active=True)["jobs"], "the end of the jobs")
    assert "not final" not in system.run("dpkg", "--remove", "trailstop").stdout
    system.install()


def test_the_simulator_is_a_package_of_its_own():
    [package] = system.BUILT.glob("trailstop-sim_*.deb")
    system.run("dpkg", "--install", package)
    assert system.run("/usr/bin/trailstop-sim", "--version").stdout.startswith("trailstop-sim ")
    system.run("dpkg", "--purge", "trailstop-sim")


def test_upgrade_while_a_job_polls(bare, sim, measured):
    system.install(previous=True)
    system.configure(sim)
    system.give_credentials(sim)
    system.systemctl("restart", system.SERVICE)
    import_id = sim.add_endless()
    job = system.call("Stop", importId=import_id)["job"]
    sim.wait_calls(2, "GetImport", import_id)
    pid, connector = system.main_pid(), Connector()
    connector.start()

    started = time.monotonic()
    system.install()
    measured("upgrade", time.monotonic() - started)
    connector.ending.set()
    connector.join()
    if connector.failure:
        raise connector.failure
    assert connector.answers > 0

    assert system.main_pid() not in (0, pid)
    polls = len(sim.calls("GetImport", import_id))
    assert system.job(job["id"])["state"] == "polling"
    sim.wait_calls(polls + 1, "GetImport", import_id)
    sim.finish(import_id)
    system.wait_until(lambda: system.job(job["id"])["state"] == "stopped", "the end of the job")
    assert len(sim.calls("StopImport", import_id)) == 1


def test_upgrade_keeps_what_an_administrator_changed(bare, sim):
    system.install(previous=True)
    path = "/etc/trailstop/trailstopd.conf"
    with open(path, "a") as file:
        file.write("# mine\n")
    system.systemctl("disable", "--now", *system.UNITS)
    system.install()
    assert open(path).read().endswith("# mine\n")
    assert system.systemctl("is-enabled", *system.UNITS, check=False).stdout.split() == ["disabled"] * 2
    system.purge()


def test_a_fresh_installation_without_a_region_is_quiet(bare):
    failed = system.failed_units()
    result = system.install()
    assert "Could not" not in result.stdout + result.stderr and "ailed" not in result.stdout + result.stderr
    words = result.stdout.partition("trailstopd is not started yet: ")[2].splitlines()
    assert "there is no region" in words[0] and "/etc/trailstop/trailstopd.conf.d" in words[1]
    assert system.failed_units() == failed
    assert system.systemctl("is-active", *system.UNITS, check=False).stdout.split() == ["active", "inactive"]
    client = system.ctl("targets")
    assert client.returncode == 7 and "trailstopd cannot start" in client.stderr and "no region" in client.stderr


def test_a_fresh_installation_that_is_configured_starts(bare, sim):
    system.CONFIG.parent.mkdir(parents=True, exist_ok=True)
    system.configure(sim)
    system.give_credentials(sim)
    result = system.install()
    assert "not started" not in result.stdout
    assert system.systemctl("is-active", *system.UNITS, check=False).stdout.split() == ["active"] * 2


@contextlib.contextmanager
def state_on_a_mount():
    system.STATE.mkdir(exist_ok=True)
    system.run("mount", "-t", "tmpfs", "tmpfs", system.STATE)
    (system.STATE / "jobs").touch()
    yield
    assert not list(system.STATE.iterdir())
    system.run("umount", system.STATE)
    system.STATE.rmdir()


@contextlib.contextmanager
def a_process_of_the_user():
    with subprocess.Popen(["sleep", "infinity"], user="trailstop") as process:
        yield
        process.kill()
    system.run("userdel", "trailstop")


@contextlib.contextmanager
def a_primary_group():
    system.run("useradd", "--gid", "trailstop", "somebody")
    yield
    system.run("userdel", "somebody")
    system.run("groupdel", "trailstop", check=False)


@contextlib.contextmanager
def no_programs_for_accounts():
    programs = [f"/usr/sbin/{name}" for name in ("userdel", "groupdel")]
    for program in programs:
        os.rename(program, program + ".away")
    yield
    for program in programs:
        os.rename(program + ".away", program)
    system.run("userdel", "trailstop")


@pytest.mark.parametrize("obstacle", [state_on_a_mount, a_process_of_the_user, a_primary_group, no_programs_for_accounts])
def test_purge_succeeds_whatever_is_in_the_way(bare, obstacle):
    before = snapshot()
    system.install()
    system.systemctl("stop", *system.UNITS)
    with obstacle():
        system.purge()
        assert system.run("dpkg-query", "-W", "trailstop", check=False).returncode != 0
    after = snapshot()
    assert after[0] - before[0] == set()
    assert after[1] == before[1]


def test_purge_leaves_a_person_of_that_name_alone(bare):
    system.run("useradd", "--create-home", "trailstop")
    before = snapshot()
    system.install()
    system.purge()
    after = snapshot()
    assert after == before
    system.run("userdel", "--remove", "trailstop")
