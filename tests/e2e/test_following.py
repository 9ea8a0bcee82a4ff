"""trailstopctl keeps following its imports over whatever happens to the real daemon."""

import pytest


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
