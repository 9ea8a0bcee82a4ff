# SPDX-License-Identifier: Apache-2.0
"""An independent judge: what is sent to CloudWatch Logs is what its model allows. Debian's botocore is older than
imports of that service, so their shapes are here as data, in the form of botocore's models, for botocore to judge by.

Source: Amazon CloudWatch Logs API Reference (CancelImportTask, DescribeImportTasks, DescribeImportTaskBatches)."""

import json
import re
from pathlib import Path

import pytest
from botocore.model import ServiceModel
from botocore.validate import ParamValidator

from harness.daemon import target

LOGS = {"service": "logs"}


@pytest.fixture(scope="module")
def model():
    return ServiceModel(json.loads(Path(__file__).with_name("logs-imports.json").read_text()), "logs")


def is_as_declared(shape, value):
    """What botocore passes over: the most that a number may be, and the words and forms of strings."""
    if isinstance(value, int):
        return value <= shape.metadata.get("max", value)
    return (not shape.enum or value in shape.enum) and re.fullmatch(shape.metadata.get("pattern", ".*"), value)


def errors_in(model, call):
    shape = model.operation_model(call["operation"]).input_shape
    body = json.loads(call["body"])
    report = ParamValidator().validate(body, shape).generate_report()
    return report or [name for name, value in body.items() if not is_as_declared(shape.members[name], value)]


def test_every_request_to_logs_is_of_its_models_shape(new_daemon, sim, model):
    daemon = new_daemon({"default": target(sim)}).start()
    sim.settings(page_size=1)
    task_id = sim.add(id="Task-7", failures=3, **LOGS)
    sim.add_many(2, **LOGS)
    daemon.call("GetImport", importId=task_id, **LOGS)
    daemon.call("ListImports", **LOGS)
    daemon.call("ListImports", status="IN_PROGRESS", **LOGS)
    daemon.call("ListImportFailures", importId=task_id, **LOGS)
    daemon.journal.wait("import-stopped", job=daemon.stop(task_id, **LOGS)["id"])
    calls = sim.calls()
    assert {call["operation"] for call in calls} == set(model.operation_names)
    for call in calls:
        headers = dict(call["headers"])
        assert headers["X-Amz-Target"] == f"Logs_20140328.{call['operation']}"
        assert headers["Content-Type"] == "application/x-amz-json-1.1"
        assert not errors_in(model, call), call["body"]


@pytest.mark.parametrize("operation, body", [
    ("CancelImportTask", "{}"), ("CancelImportTask", '{"ImportId": "x"}'), ("CancelImportTask", '{"importId": "x y"}'),
    ("DescribeImportTasks", '{"limit": 51}'), ("DescribeImportTasks", '{"importStatus": "STOPPED"}'),
    ("DescribeImportTaskBatches", '{"importId": "x", "nextToken": 7}'),
])
def test_the_judge_finds_what_is_wrong(model, operation, body):
    assert errors_in(model, {"operation": operation, "body": body})
