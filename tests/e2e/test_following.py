# SPDX-License-Identifier: Apache-2.0
"""trailstopctl keeps following its imports over whatever happens to the real daemon."""

import signal

import pytest

from harness.ctl import Ctl
from harness.daemon import target
from harness.sim import new_id


@pytest.mark.parametrize("end", ["kill", "terminate"])
def test_a_waiting_client_goes_on_after_a_restart(ctl, daemon, sim, end):
    first, second = sim.add_endless(), sim.add_endless()
    waiting = ctl.start("stop", first, second)
    for import_id in (first, second):
        daemon.journal.wait("stop-accepted", import_id=import_id)
    getattr(daemon, end)()
    assert "connecting again" in waiting.stderr.readline()
    daemon.start()
    sim.finish(first)
    sim.finish(second)
    output, errors = waiting.communicate(timeout=30)
    assert waiting.returncode == 0, errors
    assert [line.split()[0] for line in output.splitlines()[-2:]] == [first, second]
    assert len(sim.calls("StopImport")) == 2


def test_stop_all_goes_on_after_a_restart_before_its_answer(ctl, daemon, sim):
    import_ids = [sim.add_endless(), sim.add_endless()]
    sim.fault("hang", operation="ListImports", calls=1)
    waiting = ctl.start("stop", "--all")
    sim.wait_calls(1, "ListImports")
    daemon.kill()
    assert "connecting again" in waiting.stderr.readline()
    daemon.start()
    assert waiting.stderr.readline().endswith("trailstopctl jobs\n")  # lists what the first request began
    waiting.stdout.readline()  # the first news of a job that it follows
    for import_id in import_ids:
        sim.finish(import_id)
    output, errors = waiting.communicate(timeout=30)
    assert (waiting.returncode, errors) == (0, "")
    assert {line.split()[0] for line in output.splitlines()[-2:]} == set(import_ids)


def test_stop_all_goes_on_without_the_client_that_asked_for_it(ctl, daemon, sim):
    import_id = sim.add()
    sim.fault("slow", operation="ListImports", delay_seconds=0.5)
    asking = ctl.start("stop", "--all")
    sim.wait_calls(1, "ListImports")
    asking.send_signal(signal.SIGINT)
    _, errors = asking.communicate(timeout=30)
    assert asking.returncode == 130 and errors.endswith("trailstopctl jobs\n")
    daemon.journal.wait("import-stopped", import_id=import_id)


def test_a_request_longer_than_max_message_fails_soon(start_daemon, build, tmp_path):
    daemon = start_daemon(daemon={"max-message": "4K"})
    ctl = Ctl(build, daemon.socket, tmp_path)
    result = ctl("stop", "--reason", 5000 * "x", new_id())
    assert result.returncode == 1 and "max-message=" in result.stderr
    assert daemon.call("ListJobs")["jobs"] == []


def test_a_client_that_was_turned_away_asks_again(start_daemon, sim, build, tmp_path):
    daemon = start_daemon({"default": target(sim)}, daemon={"max-clients": 1})
    ctl = Ctl(build, daemon.socket, tmp_path)
    with daemon.connect() as connection:
        connection.call("ListTargets")
        assert "max-clients=" in ctl("jobs").stderr
        waiting = ctl.start("stop", sim.add())
        assert "connecting again" in waiting.stderr.readline()
    _, errors = waiting.communicate(timeout=30)
    assert waiting.returncode == 0, errors
