# SPDX-License-Identifier: Apache-2.0
"""The simulator's CloudWatch Logs, and what both services of imports have in common."""

import pytest

from harness.signed import client
from harness.sim import new_id

LOGS = {"service": "logs", "target": "Logs_20140328."}


def describe(client, **parameters):
    return client.call("DescribeImportTasks", parameters, **LOGS).json


def one(client, task_id):
    [task] = describe(client, importId=task_id)["imports"]
    return task


def test_cancels_a_task_after_the_polls_it_was_given(sim, client):
    task_id = sim.add(id="Task-1", service="logs", stop_polls=2, bytes_imported="100..300")
    assert one(client, task_id)["importStatus"] == "IN_PROGRESS"
    cancelled = client.call("CancelImportTask", {"importId": task_id}, **LOGS).json
    assert cancelled["importStatus"] == "IN_PROGRESS" and cancelled["importId"] == task_id
    assert cancelled["importStatistics"] == {"bytesImported": 100}
    seen = [one(client, task_id) for _ in range(2)]
    assert [task["importStatus"] for task in seen] == ["IN_PROGRESS", "CANCELLED"]
    assert [task["importStatistics"]["bytesImported"] for task in seen] == [200, 300]


def test_shows_every_member_that_a_task_has(sim, client):
    task_id = sim.add(service="logs", created=1735689600.125, source="arn:s", destination="arn:d",
                      status="FAILED", error_message="it broke")
    assert one(client, task_id) == {
        "importId": task_id, "importStatus": "FAILED", "importSourceArn": "arn:s", "importDestinationArn": "arn:d",
        "importStatistics": {"bytesImported": 1000000}, "errorMessage": "it broke",
        "creationTime": 1735689600125, "lastUpdatedTime": 1735689600125,
        "importFilter": {"startEventTime": 1735603200125, "endEventTime": 1735689600125}}


def test_neither_service_shows_the_imports_of_the_other(sim, client):
    import_id, task_id = sim.add(), sim.add(service="logs")
    assert describe(client, importId=import_id) == {"imports": []}
    assert client.call("GetImport", {"ImportId": task_id}).error == (404, "ImportNotFoundException")
    assert [task["importId"] for task in describe(client)["imports"]] == [task_id]
    assert [item["ImportId"] for item in client.call("ListImports").json["Imports"]] == [import_id]


def test_lists_tasks_in_pages_and_by_what_they_are(sim, client):
    ids = sim.add_many(3, service="logs", source="arn:a")
    sim.add(service="logs", status="CANCELLED", source="arn:b")
    first = describe(client, limit=2, importSourceArn="arn:a")
    rest = describe(client, limit=2, importSourceArn="arn:a", nextToken=first["nextToken"])
    assert [task["importId"] for task in first["imports"] + rest["imports"]] == ids
    assert "nextToken" not in rest
    [cancelled] = describe(client, importStatus="CANCELLED")["imports"]
    assert cancelled["importSourceArn"] == "arn:b"


def test_lists_the_batches_of_a_task(sim, client):
    task_id = sim.add(id="T", service="logs", failures=3)
    first = client.call("DescribeImportTaskBatches", {"importId": task_id, "limit": 2}, **LOGS).json
    rest = client.call("DescribeImportTaskBatches", {"importId": task_id, "nextToken": first["nextToken"]},
                       **LOGS).json
    assert [batch["batchId"] for batch in first["importBatches"] + rest["importBatches"]] == [
        "T-batch-1", "T-batch-2", "T-batch-3"]


@pytest.mark.parametrize("operation, parameters, code", [
    ("CancelImportTask", {}, "InvalidParameterException"),
    ("CancelImportTask", {"importId": "under_score"}, "InvalidParameterException"),
    ("CancelImportTask", {"importId": "x" * 257}, "InvalidParameterException"),
    ("CancelImportTask", {"importId": "unknown"}, "ResourceNotFoundException"),
    ("DescribeImportTasks", {"importStatus": "STOPPED"}, "InvalidParameterException"),
    ("DescribeImportTasks", {"limit": 51}, "InvalidParameterException"),
    ("DescribeImportTasks", {"nextToken": "mine"}, "InvalidParameterException"),
    ("DescribeImportTaskBatches", {"importId": "unknown"}, "ResourceNotFoundException"),
    ("GetImport", {"importId": "unknown"}, "UnknownOperationException"),
])
def test_refuses_what_CloudWatch_Logs_would(sim, client, operation, parameters, code):
    assert client.call(operation, parameters, **LOGS).error == (400, code)


def test_calls_of_a_service_are_signed_for_it(sim, client):
    task_id = sim.add(service="logs")
    answer = client.call("DescribeImportTasks", {"importId": task_id}, service="cloudtrail", target=LOGS["target"])
    assert answer.error == (400, "InvalidSignatureException")


def test_an_ended_task_may_refuse_to_be_cancelled(sim, client):
    task_id = sim.add(service="logs", status="COMPLETED", ended_stop="InvalidOperationException")
    assert client.call("CancelImportTask", {"importId": task_id}, **LOGS).error == (
        400, "InvalidOperationException")


def test_takes_the_target_that_SDKs_of_Smithy_models_send(sim, client):
    import_id = sim.add()
    answer = client.call("GetImport", {"ImportId": import_id}, target="CloudTrail_20131101.")
    assert answer.json["ImportId"] == import_id


@pytest.mark.parametrize("status", ["STOPPED", "FAILED"])
def test_starts_an_import_again(sim, client, status):
    import_id = sim.add(status=status, stop_polls=0)
    assert client.status(import_id, "StartImport") == "IN_PROGRESS"
    assert client.status(import_id) == "IN_PROGRESS"
    assert client.status(import_id, "StopImport") == "STOPPED"


@pytest.mark.parametrize("status, error", [
    ("IN_PROGRESS", (400, "AccountHasOngoingImportException")),
    ("COMPLETED", (400, "InvalidParameterException")),
])
def test_does_not_start_what_runs_or_has_completed(sim, client, status, error):
    assert client.call("StartImport", {"ImportId": sim.add(status=status)}).error == error


def test_does_not_start_what_is_not_there(sim, client):
    assert client.call("StartImport", {"ImportId": new_id()}).error == (404, "ImportNotFoundException")


def test_statistics_may_settle_late(sim, client):
    import_id = sim.add(stop_polls=0, settle_polls=2, events_completed=1000, files_completed="0..100")
    seen = [client.call("StopImport", {"ImportId": import_id}).json]
    seen += [client.call("GetImport", {"ImportId": import_id}).json for _ in range(2)]
    assert {answer["ImportStatus"] for answer in seen} == {"STOPPED"}
    assert [answer["ImportStatistics"]["FilesCompleted"] for answer in seen] == [90, 90, 100]
