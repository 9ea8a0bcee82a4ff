# SPDX-License-Identifier: Apache-2.0
"""systemctl reload, with no program named kill on the machine."""

import shutil

import system


def test_new_target_is_there(service, sim, began):
    assert not shutil.which("kill"), "this root has more than the package asks for"
    pid = system.main_pid()
    system.configure(sim, sim)
    system.systemctl("reload", system.SERVICE)
    system.wait_event("reloaded", began)
    assert [target["name"] for target in system.call("ListTargets")["targets"]] == ["default", "target1"]
    assert system.main_pid() == pid


def test_broken_file_changes_nothing_and_is_named(service, sim, began):
    pid = system.main_pid()
    system.configure(sim, sim, extra="nonsense = 1\n")
    result = system.systemctl("reload", system.SERVICE, check=False)
    assert result.returncode != 0
    entry = system.wait_event("reload-refused", began)
    lines = len(system.CONFIG.read_text().splitlines())
    assert f"{system.CONFIG}:{lines}: " in entry["MESSAGE"]
    assert [target["name"] for target in system.call("ListTargets")["targets"]] == ["default"]
    assert system.main_pid() == pid and system.show("ActiveState") == "active"

    system.configure(sim, sim)
    system.systemctl("reload", system.SERVICE)
    system.wait_event("reloaded", began)
    assert len(system.call("ListTargets")["targets"]) == 2
