# SPDX-License-Identifier: Apache-2.0
"""What journald keeps of it, and how the catalog explains that."""

import re

import system


def test_fields_of_a_stop(service, sim, began):
    import_id = sim.add(prefixes_found=7, files_completed=40)
    assert system.ctl("stop", "--reason", "two\nlines", import_id).returncode == 0
    entry = system.wait_event("import-stopped", began, IMPORT_ID=import_id)
    assert entry["_SYSTEMD_UNIT"] == system.SERVICE
    assert entry["SYSLOG_IDENTIFIER"] == "trailstopd"
    assert re.fullmatch("[0-9a-f]{32}", entry["MESSAGE_ID"])
    assert entry["TRAILSTOP_TARGET"] == "default"
    assert entry["TRAILSTOP_STATE"] == "stopped" and entry["TRAILSTOP_IMPORT_STATUS"] == "STOPPED"
    assert entry["TRAILSTOP_PREFIXES_FOUND"] == "7" and entry["TRAILSTOP_FILES_COMPLETED"] == "40"
    assert int(entry["TRAILSTOP_ATTEMPTS"]) == 1 and int(entry["TRAILSTOP_ELAPSED_USEC"]) > 0
    accepted = system.wait_event("request-accepted", began, IMPORT_ID=import_id)
    assert accepted["TRAILSTOP_REASON"] == "two\nlines"
    assert "\n" not in accepted["MESSAGE"]
    assert accepted["TRAILSTOP_JOB"] == entry["TRAILSTOP_JOB"]


def test_catalog_explains(service, sim, began):
    import_id = sim.add()
    assert system.ctl("stop", import_id).returncode == 0
    entry = system.wait_event("import-stopped", began, IMPORT_ID=import_id)
    text = system.run("journalctl", "--no-pager", "--catalog", f"TRAILSTOP_JOB={entry['TRAILSTOP_JOB']}",
                      "TRAILSTOP_EVENT=import-stopped").stdout
    assert "Subject: An import is stopped" in text
    assert f"Import {import_id} of target default is STOPPED" in text


def test_no_secret_in_the_journal(service, sim, began):
    assert system.ctl("stop", sim.add()).returncode == 0
    text = system.run("journalctl", "--no-pager", "--output=export", f"--since=@{began:.6f}").stdout
    assert "TRAILSTOP_EVENT=import-stopped" in text
    assert sim.SECRET_KEY not in text and "AWS4-HMAC-SHA256" not in text


def test_goes_on_without_journald(service, sim, began):
    journald = ["systemd-journald.socket", "systemd-journald-dev-log.socket", "systemd-journald.service"]
    pid = system.main_pid()
    unheard, heard = sim.add(), sim.add()
    system.systemctl("stop", *journald)
    try:
        assert system.ctl("stop", unheard).returncode == 0
    finally:
        system.systemctl("start", *reversed(journald))
    assert system.ctl("stop", heard).returncode == 0
    system.wait_event("import-stopped", began, IMPORT_ID=heard)
    assert system.main_pid() == pid
