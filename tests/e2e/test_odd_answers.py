# SPDX-License-Identifier: Apache-2.0
"""What answers at the socket may be another program, or of another version: an answer with a member that is of another
kind, or not there, is either understood all the same or complained of; it never passes for another answer."""

import copy

import pytest

from harness.canned import full_job, full_task_job, job_id
from harness.ctl import Ctl
from harness.fake import import_id
from harness.played import canned

ID, LOGS = import_id(1), ["--service", "logs"]
COMPLAINT = "does not speak Varlink as trailstopd does"

COMMANDS = {  # and the method whose answer is odd
    "version": (["version"], "org.varlink.service.GetInfo"), "statistics": (["statistics"], "GetStatistics"),
    "metrics": (["metrics"], "io.systemd.Metrics.List"),
    "list": (["list", "-o", "wide"], "ListImports"), "list of logs": (["list", *LOGS], "ListImports"),
    "show": (["show", ID], "GetImport"), "show of logs": (["show", *LOGS, ID], "GetImport"),
    "failures": (["failures", ID], "ListImportFailures"), "failures of logs": (["failures", *LOGS, ID], "ListImportFailures"),
    "targets": (["targets"], "ListTargets"), "targets --test": (["targets", "--test"], "TestTarget"),
    "targets to test": (["targets", "--test"], "ListTargets"), "queues": (["queues"], "ListQueues"),
    "health": (["health"], "GetStatistics"), "health of queues": (["health"], "ListQueues"),
    "jobs": (["jobs", "-o", "wide"], "ListJobs"), "job": (["job", job_id(1)], "GetJob"), "jobs to choose from": (["job", job_id(1)[:9]], "ListJobs"),
    "cancel": (["cancel", job_id(1)], "Cancel"), "stop": (["stop", ID], "Stop"), "stop --no-wait": (["stop", "--no-wait", ID], "Stop"),
    "watch": (["watch", job_id(1)], "Watch"), "stop --all": (["stop", "--all"], "StopAll"),
    "stop --all --no-wait": (["stop", "--all", "--no-wait"], "StopAll"),
    "rehearsal": (["stop", "--all", "--dry-run"], "StopAll"),
    "rehearsal of logs": (["stop", "--all", "--dry-run", *LOGS], "StopAll"),
    "targets to rehearse": (["stop", "--all", "--dry-run", "--all-targets"], "ListTargets"),
}


@pytest.fixture
def ctl(build, canned, tmp_path):
    return Ctl(build, canned.path, tmp_path)


def paths(value, path=()):
    """Of every member and element in it."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths(inner, (*path, key))


def changed(value, path, change):
    """A copy in which the member is what change makes of it, or gone where that is None."""
    whole = copy.deepcopy(value)
    holder = whole
    for key in path[:-1]:
        holder = holder[key]
    new = change(holder[path[-1]])
    if new is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = new
    return whole


def of_another_kind(value):
    return 5 if isinstance(value, (str, list)) else "five"


def gone(_):
    return None


def outcome(result):
    return result.returncode, result.stdout


@pytest.mark.parametrize("change, complains", [(of_another_kind, True), (gone, False)], ids=["another kind", "gone"])
@pytest.mark.parametrize("words, method", COMMANDS.values(), ids=COMMANDS)
def test_each_member_of_an_answer(ctl, canned, words, method, change, complains):
    usual = ctl(*words)
    answers = canned.answers[method]
    complaints = 0
    for path in [(i, *path) for i, answer in enumerate(answers) for path in paths(answer)]:
        canned.answer(method, *changed(answers, path, change))
        result = ctl(*words)
        if COMPLAINT in result.stderr:
            complaints += 1
            assert result.returncode == 1, path
        else:
            assert complains is False or outcome(result) == outcome(usual), path
            assert result.returncode >= 0, path
    assert complaints > 0 or not complains


@pytest.mark.parametrize("change", [of_another_kind, gone], ids=["another kind", "gone"])
@pytest.mark.parametrize("state", ["stopped", "failed"])
def test_each_member_of_a_job_of_logs(ctl, canned, state, change):
    job = full_task_job(1, state)
    words = ["job", job_id(1)]
    canned.answer("GetJob", {"job": job})
    usual = ctl(*words)
    assert "17" in usual.stdout
    for path in paths(job):
        canned.answer("GetJob", {"job": changed(job, path, change)})
        result = ctl(*words)
        if COMPLAINT in result.stderr:
            assert result.returncode == 1, path
        else:
            assert result.returncode == 0, path
            assert change is gone or result.stdout == usual.stdout, path


@pytest.mark.parametrize("job", [full_job(1, "resting"), full_job(1, "stopped", kind="rest"), full_job(1, "gone", lastError={}),
                                 full_job(1, "failed", **{"import": {}})])
def test_a_state_of_a_later_version_is_shown(ctl, canned, job):
    canned.answer("GetJob", {"job": job})
    result = ctl("job", job_id(1))
    assert result.returncode == 0 and f"State: {job['state']}" in result.stdout


@pytest.mark.parametrize("method, words", [("ListTargets", ["targets", "--test"]), ("ListTargets", ["health"]),
                                           ("ListTargets", ["stop", "--all", "--dry-run", "--all-targets"]),
                                           ("StopAll", ["stop", "--all", "--dry-run"]),
                                           ("ListJobs", ["cancel", job_id(1)[:9]]), ("Watch", ["watch", job_id(1)]),
                                           ("TestTarget", ["targets", "--test"]), ("StopAll", ["stop", "--all"])])
@pytest.mark.parametrize("error, status", [("NotAuthorized", 5), ("org.varlink.service.MethodNotFound", 1), ("OfALaterVersion", 1)])
def test_an_error_of_each_call_is_told(ctl, canned, method, words, error, status):
    canned.fail(method, error)
    result = ctl(*words)
    assert result.returncode == status and result.stderr.startswith("trailstopctl: ")
    assert error != "OfALaterVersion" or "io.trailstop.Imports.OfALaterVersion" in result.stderr
