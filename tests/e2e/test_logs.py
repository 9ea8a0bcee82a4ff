# SPDX-License-Identifier: Apache-2.0
"""Import tasks of CloudWatch Logs: stopped, followed and shown as imports of CloudTrail are, under their own names."""

import pytest

from harness.daemon import target
from harness.sim import new_id
from harness.varlink import INTERFACE, SERVICE, VarlinkError

LOGS = {"service": "logs"}
GROUP = "arn:aws:logs:us-east-1:111122223333:log-group:a"


def end_of(daemon, import_id):
    with pytest.raises(VarlinkError) as caught:
        daemon.stopped(import_id, **LOGS)
    return caught.value.short_name, caught.value.parameters


def refusal(daemon, method, **parameters):
    with daemon.connect() as connection:
        return connection.refusal(method, parameters)


def test_cancels_a_task_and_follows_it_until_it_is_CANCELLED(daemon, sim):
    task_id = sim.add(id="Task-A1", bytes_imported=123_456_789_012, source="arn:s", destination=GROUP,
                      created=1669119825.678, **LOGS)
    job = daemon.stopped(task_id, reason="too dear", **LOGS)
    assert (job["kind"], job["service"], job["importId"], job["state"]) == ("stop", "logs", "Task-A1", "stopped")
    assert job["attempts"] == 1 and job["polls"] == 2
    assert "import" not in job
    assert job["task"]["importStatus"] == "CANCELLED"
    assert job["task"]["importStatistics"] == {"bytesImported": 123_456_789_012}
    assert job["task"]["creationTime"] == "2022-11-22T12:23:45.678Z"
    assert job["task"]["importSourceArn"] == "arn:s" and job["task"]["importDestinationArn"] == GROUP
    assert [call["operation"] for call in sim.calls()] == [
        "CancelImportTask", "DescribeImportTasks", "DescribeImportTasks"]


def test_the_journal_has_what_logs_calls_it(daemon, sim):
    task_id = sim.add(bytes_imported=42, **LOGS)
    daemon.stopped(task_id, **LOGS)
    entry = daemon.journal.wait("import-stopped")
    assert entry["TRAILSTOP_SERVICE"] == "logs" and entry["TRAILSTOP_KIND"] == "stop"
    assert entry["TRAILSTOP_BYTES_IMPORTED"] == "42"
    assert entry["TRAILSTOP_IMPORT_STATUS"] == "CANCELLED"
    assert "TRAILSTOP_EVENTS_COMPLETED" not in entry


@pytest.mark.parametrize("status, error", [("COMPLETED", "ImportCompleted"), ("FAILED", "ImportFailed")])
def test_a_task_that_ended_before_it_could_be_cancelled(daemon, sim, status, error):
    task_id = sim.add(status=status, ended_stop="InvalidOperationException", **LOGS)
    name, parameters = end_of(daemon, task_id)
    assert name == error
    assert parameters["job"]["task"]["importStatus"] == status


def test_a_task_that_was_cancelled_already(daemon, sim):
    task_id = sim.add(status="CANCELLED", ended_stop="InvalidOperationException", **LOGS)
    assert daemon.stopped(task_id, **LOGS)["alreadyStopped"] is True


@pytest.mark.parametrize("code, error", [
    ("ResourceNotFoundException", "ImportNotFound"),
    ("InvalidParameterException", "InvalidParameter"),
    ("ValidationException", "InvalidParameter"),
    ("InvalidOperationException", "OperationNotPermitted"),
    ("AccessDeniedException", "CallFailed"),
])
def test_each_refusal_by_name(daemon, sim, code, error):
    task_id = sim.add(**LOGS)
    sim.fault("error", code=code, operation="CancelImportTask")
    name, parameters = end_of(daemon, task_id)
    assert name == error
    assert parameters["cause"]["code"] == code
    assert parameters["job"]["state"] == "refused"


def test_a_task_that_is_not_listed_is_not_found(daemon, sim):
    assert end_of(daemon, "nowhere")[0] == "ImportNotFound"
    sim.fault("http", operation="DescribeImportTasks", status=200, body='{"imports":[],"nextToken":""}', calls=1)
    name, parameters = refusal(daemon, "GetImport", importId="nowhere", **LOGS)
    assert name == f"{INTERFACE}.ImportNotFound"
    assert "nowhere" in parameters["cause"]["message"]


@pytest.mark.parametrize("answer", ['{"imports":[],"nextToken":"more"}', '{"imports":[],"nextToken":7}',
                                    '{"imports":[],"nextToken":"\\u0000"}', '{"imports":[],"nextToken":["more"]}', '{"imports":[null]}', '{"imports":["TASK"]}',
                                    '{"imports":5}', '{"nextToken":"more"}', '{"imports":[{"importId":"other"}]}'])
def test_only_a_list_that_is_empty_and_whole_says_not_found(daemon, sim, answer):
    """What else has no such task says nothing of it, and is asked again."""
    task_id = sim.add(**LOGS)
    sim.fault("http", operation="DescribeImportTasks", status=200, body=answer, calls=2)
    assert daemon.call("GetImport", importId=task_id, **LOGS)["task"]["importId"] == task_id
    assert daemon.journal.find("call-retried", aws_error="UnreadableAnswer")


def test_a_task_is_found_among_others(daemon, sim):
    """As where what answers passes over the id that was asked for."""
    task_id = sim.add(**LOGS)
    others = '{"importId":"other","importStatus":"FAILED"}'
    sim.fault("http", operation="DescribeImportTasks", status=200,
              body='{"imports":[%s,{"importId":"%s","importStatus":"CANCELLED"},%s]}' % (others, task_id, others))
    task = daemon.call("GetImport", importId=task_id, **LOGS)["task"]
    assert task == {"importId": task_id, "importStatus": "CANCELLED"}
    assert daemon.stopped(task_id, **LOGS)["state"] == "stopped"


def test_polls_go_on_over_trouble_and_a_restart(daemon, sim):
    task_id = sim.add_endless(**LOGS)
    job = daemon.stop(task_id, **LOGS)
    daemon.journal.wait("stop-accepted")
    sim.fault("error", operation="DescribeImportTasks", calls=5)
    daemon.kill()
    daemon.start()
    sim.finish(task_id, "CANCELLED", **LOGS)
    daemon.journal.wait("import-stopped", job=job["id"])
    assert len(sim.calls("CancelImportTask")) == 1


def test_case_counts_in_ids_of_logs(daemon, sim):
    lower, upper = sim.add_endless(id="task", **LOGS), sim.add_endless(id="TASK", **LOGS)
    jobs = [daemon.stop(lower, **LOGS), daemon.stop(upper, **LOGS), daemon.stop(lower, **LOGS)]
    assert jobs[0]["id"] == jobs[2]["id"] != jobs[1]["id"]
    assert [job["importId"] for job in jobs] == ["task", "TASK", "task"]


def test_an_answer_about_a_task_of_another_case_is_not_believed(daemon, sim):
    task_id = sim.add(id="task", members={"importId": "TASK"}, **LOGS)
    name, parameters = refusal(daemon, "GetImport", importId=task_id, **LOGS)
    assert name == f"{INTERFACE}.CallFailed" and "TASK" in parameters["cause"]["message"]


@pytest.mark.parametrize("parameters", [
    {"importId": "x" * 257, **LOGS}, {"importId": "", **LOGS}, {"importId": "under_score", **LOGS},
    {"importId": "a\0b", **LOGS}, {"importId": "Task-1"}, {"importId": "Task-1", "service": "cloudtrail"},
])
@pytest.mark.parametrize("method", ["Stop", "GetImport", "ListImportFailures"])
def test_an_id_is_one_of_its_service(daemon, sim, method, parameters):
    assert refusal(daemon, method, **parameters) == (f"{SERVICE}.InvalidParameter", {"parameter": "importId"})
    assert sim.calls() == []


@pytest.mark.parametrize("service", ["s3", "", "LOGS", 1])
def test_there_is_no_other_service(daemon, service):
    assert refusal(daemon, "ListImports", service=service) == (
        f"{SERVICE}.InvalidParameter", {"parameter": "service"})


def test_one_id_may_be_that_of_both_services(daemon, sim):
    import_id = new_id()
    sim.add_endless(id=import_id)
    ours = daemon.stop(import_id)
    daemon.journal.wait("stop-accepted")
    sim.add_endless(id=import_id, **LOGS)
    other = daemon.stop(import_id, **LOGS)
    assert ours["id"] != other["id"]
    sim.wait_calls(1, "CancelImportTask")


def test_jobs_are_listed_by_their_service(daemon, sim):
    ours, task = daemon.stop(sim.add()), daemon.stop(sim.add(id="Task-9", **LOGS), **LOGS)

    def listed(**parameters):
        return [job["id"] for job in daemon.call("ListJobs", **parameters)["jobs"]]

    assert listed() == [task["id"], ours["id"]]
    assert listed(service="cloudtrail") == [ours["id"]]
    assert listed(**LOGS) == listed(importId="Task-9", **LOGS) == [task["id"]]


def test_tasks_are_listed_in_pages_by_status_and_log_group(daemon, sim):
    sim.settings(page_size=2)
    ids = sim.add_many(3, destination=GROUP, **LOGS)
    done = sim.add(status="COMPLETED", destination=GROUP, **LOGS)
    other = sim.add(**LOGS)
    sim.add()

    def listed(**parameters):
        return [task["importId"] for task in daemon.call("ListImports", **LOGS, **parameters)["tasks"]]

    assert listed() == [*ids, done, other]
    assert listed(status="COMPLETED") == [done]
    assert listed(destination=GROUP) == [*ids, done]


def test_batches_are_what_a_task_failed_to_import(daemon, sim):
    task_id = sim.add(id="T", failures=3, **LOGS)
    batches = daemon.call("ListImportFailures", importId=task_id, **LOGS)["batches"]
    assert [batch["batchId"] for batch in batches] == ["T-batch-1", "T-batch-2", "T-batch-3"]
    assert batches[0]["status"] == "FAILED" and batches[0]["errorMessage"]


def test_StopAll_is_of_one_service(daemon, sim):
    running, ended = sim.add(**LOGS), sim.add(status="COMPLETED", **LOGS)
    sim.add()
    found = daemon.call("StopAll", dryRun=True, **LOGS)
    assert found["jobs"] == [] and found["imports"] == [] and found["failures"] == []
    assert [task["importId"] for task in found["tasks"]] == [running]
    reply = daemon.call("StopAll", **LOGS)
    assert [job["importId"] for job in reply["jobs"]] == [running]
    daemon.journal.wait("import-stopped", job=reply["jobs"][0]["id"])
    assert sim.calls("StopImport") == [] and ended not in [call.get("importId") for call in sim.calls()]


def test_each_service_has_quotas_of_its_own(daemon, sim):
    sim.settings(enforce_quota=True)
    daemon.configure({"default": target(sim)})
    daemon.reload()
    jobs = [daemon.stop(sim.add(stop_polls=0)), daemon.stop(sim.add(stop_polls=0, **LOGS), **LOGS)]
    for job in jobs:
        daemon.journal.wait("import-stopped", job=job["id"])
    assert "ThrottlingException" not in sim.counts()["errors"]


def test_the_client_stops_shows_and_lists_tasks(daemon, ctl, sim):
    task_id = sim.add(id="Task-7", bytes_imported=1234, failures=1, **LOGS)
    assert ctl("stop", "--service", "logs", task_id).returncode == 0
    shown = ctl("show", "--service", "logs", task_id)
    assert "Task-7" in shown.stdout and "CANCELLED" in shown.stdout and "1234" in shown.stdout
    assert "Task-7" in ctl("list", "--service", "logs").stdout
    assert "Task-7-batch-1" in ctl("failures", "--service", "logs", task_id).stdout
    assert ctl("stop", task_id).returncode == 2
    assert ctl("show", "--service", "s3", task_id).returncode == 2
