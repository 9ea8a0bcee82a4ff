# SPDX-License-Identifier: Apache-2.0
"""A client that waits says why, once, and takes it back when it is over."""

import re

from harness import DEADLINE


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
