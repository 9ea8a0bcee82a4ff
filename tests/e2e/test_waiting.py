# SPDX-License-Identifier: Apache-2.0
"""A client that waits says why, once, and takes it back when it is over."""

import re
import signal

import pytest

from harness import DEADLINE
from harness.ctl import Ctl
from harness.daemon import target


@pytest.fixture
def hurried(build, start_daemon, sim, tmp_path):
    """trailstopctl of a daemon that has this rate of stops."""
    return lambda rate: Ctl(build, start_daemon({"default": target(sim, stop_rate=rate)}).socket, tmp_path)


def test_an_outage_is_said_once_and_taken_back(ctl, daemon, sim):
    sim.fault("throttle")
    import_id = sim.add()
    process = ctl.start("stop", import_id)
    line = process.stderr.readline()
    assert re.fullmatch(rf"trailstopctl: {import_id}: waits: ThrottlingException: .*"
                        r" \(next try in [0-9a-z ]+, deadline in [0-9a-z ]+\)\n", line), line
    sim.clear_faults()
    output, errors = process.communicate(timeout=DEADLINE)
    assert (process.returncode, errors) == (0, f"trailstopctl: {import_id}: goes on\n")
    assert "STOPPED" in output


def test_nothing_is_said_where_nothing_is_waited_for(ctl, daemon, sim):
    result = ctl("stop", sim.add())
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("rate, before, place", [(1, 30, r"\d+ before it, 1 a second"), (0.01, 3, "2 before it, 1 every 1min 40s")])
def test_the_place_in_the_queue_is_said_once(hurried, sim, rate, before, place):
    ctl = hurried(rate)
    assert ctl("stop", "--no-wait", *(sim.add() for _ in range(before))).returncode == 0
    import_id = sim.add()
    process = ctl.start("stop", import_id)
    line = process.stderr.readline()
    assert re.fullmatch(rf"trailstopctl: {import_id}: waits: {place}"
                        r" \(next try in [0-9a-z ]+, deadline in [0-9a-z ]+\)\n", line), line
    assert re.search(place, ctl("jobs", "--import", import_id).stdout)
    assert re.search(f"In the queue: {place}", ctl("job", import_id).stdout)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=DEADLINE)
    assert process.returncode == 130 and "waits" not in errors
    assert re.search(rf"{import_id} queued \({place}\)\n", output)


def test_a_place_that_was_reached_is_taken_back(hurried, sim):
    ctl = hurried(1)
    assert ctl("stop", "--no-wait", *(sim.add() for _ in range(5))).returncode == 0
    process = ctl.start("stop", sim.add())
    assert "before it" in process.stderr.readline()
    assert process.stderr.readline().endswith(": goes on\n")
    process.communicate(timeout=DEADLINE)
    assert process.returncode == 0


def test_of_several_imports_the_place_is_in_their_lines_only(hurried, sim):
    process = hurried(0.01).start("stop", *(sim.add() for _ in range(5)))
    assert any("(3 before it, 1 every 1min 40s)" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    assert "waits" not in process.communicate(timeout=DEADLINE)[1]
