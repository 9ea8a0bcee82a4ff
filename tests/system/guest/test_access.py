# SPDX-License-Identifier: Apache-2.0
"""Who may do what, through the real socket."""

import grp

import pytest

import system

NOBODY = 65534


@pytest.fixture
def group(service):
    return grp.getgrnam("trailstop").gr_gid


def test_user_outside_the_group_cannot_connect(service, sim, endless):
    outsider = system.add_user("outsider")
    result = system.ctl("stop", endless, user=outsider)
    assert result.returncode == 5, result.stderr
    assert sim.calls() == []


def test_member_of_the_group_stops(service, sim, group, began):
    member = system.add_user("member", "trailstop")
    import_id = sim.add()
    result = system.ctl("stop", import_id, user=member, groups=[group])
    assert result.returncode == 0, result.stderr
    entry = system.wait_event("request-accepted", began, IMPORT_ID=import_id)
    assert entry["TRAILSTOP_REQUESTER_UID"] == entry["TRAILSTOP_REQUESTER_GID"] == str(member)
    assert int(entry["TRAILSTOP_REQUESTER_PID"]) > 1


def test_nobody_is_refused_whatever_the_group(service, sim, endless, group, began):
    result = system.ctl("stop", endless, user=NOBODY, groups=[group])
    assert result.returncode == 5, result.stderr
    entry = system.wait_event("request-denied", began)
    assert entry["TRAILSTOP_REQUESTER_UID"] == str(NOBODY)
    assert sim.calls() == []


def test_high_uids_are_seen_as_they_are(service, sim, group, began):
    """Domain users have uids beyond 65536, which a user namespace would hide."""
    import_id = sim.add()
    result = system.ctl("stop", import_id, user=1_234_567, groups=[group])
    assert result.returncode == 0, result.stderr
    entry = system.wait_event("request-accepted", began, IMPORT_ID=import_id)
    assert entry["TRAILSTOP_REQUESTER_UID"] == "1234567"
