# SPDX-License-Identifier: Apache-2.0
"""A daemon whose answers are written down: each method has its replies, to any number of clients at once, with every
member of the interface in them."""

import copy

from harness.fake import Session, import_id, make_job
from harness.served import ServedSocket
from harness.varlink import INTERFACE, SERVICE

THEN, LATER = "2026-11-22T12:23:45.678Z", "2126-11-22T12:23:45.678Z"
STATISTICS = {"PrefixesFound": 400, "PrefixesCompleted": 320, "FilesCompleted": 41700, "EventsCompleted": 31196400,
              "FailedEntries": 20}
ERROR = {"code": "ThrottlingException", "message": "Rate exceeded", "httpStatus": 400, "requestId": "request-1"}
QUEUE_MESSAGE = {"queue": "nightly", "messageId": "message-1", "senderId": "AIDA", "receives": 2}


def job_id(number):
    return f"{number:08x}{'f' * 24}"


def full_job(number, state="polling", **members):
    """With a value for everything that a job may have."""
    everything = {
        "id": job_id(number), "kind": "stop", "service": "cloudtrail", "reason": "wrong bucket", "guard": "expensive",
        "message": dict(QUEUE_MESSAGE), "deadline": LATER, "nextCallAt": LATER, "lastError": dict(ERROR),
        "place": {"before": 3, "intervalUsec": 2000000}, "import": full_import(number)}
    return make_job(number, state, **{**everything, **members})


def full_task_job(number, state):
    job = full_job(number, state, service="logs", task=full_task(number))
    del job["import"]
    return job


def full_import(number):
    return {"ImportId": import_id(number), "ImportStatus": "IN_PROGRESS", "CreatedTimestamp": THEN,
            "UpdatedTimestamp": THEN, "StartEventTime": THEN, "EndEventTime": THEN,
            "Destinations": ["arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/E"],
            "ImportStatistics": dict(STATISTICS),
            "ImportSource": {"S3": {"S3LocationUri": "s3://bucket/AWSLogs/", "S3BucketRegion": "eu-west-1",
                                    "S3BucketAccessRoleArn": "arn:aws:iam::123456789012:role/r"}}}


def full_task(number):
    return {"importId": import_id(number), "importStatus": "IN_PROGRESS", "creationTime": THEN, "lastUpdatedTime": THEN,
            "importSourceArn": "arn:aws:cloudtrail:eu-west-1:123456789012:eventdatastore/E",
            "importDestinationArn": "arn:aws:logs:eu-west-1:123456789012:log-group:g", "errorMessage": "none yet",
            "importStatistics": {"bytesImported": 17}, "importFilter": {"startEventTime": THEN, "endEventTime": THEN}}


def view(name, state="ok", **members):
    """A Target, or a Queue with a url."""
    return {"name": name, "state": state, "since": THEN, "nextTryAt": LATER, "lastError": dict(ERROR), **members}


def target(name, state="ok"):
    return view(name, state, region="eu-west-1", endpoint="https://cloudtrail.eu-west-1.amazonaws.com",
                credentials="environment", roleArn="arn:aws:iam::123456789012:role/r", credentialsExpireAt=LATER)


def metric(name, value, **members):
    return {"name": f"{INTERFACE}.{name}", "value": value, **members}


def standard_answers():
    """Method → the parameters of its replies, of which all but the last are announced to continue."""
    jobs = [full_job(1, "stopped"), full_job(2, "failed")]
    return {
        "Stop": [{"job": full_job(1)}],
        "Wait": [{"job": full_job(1)}],
        "StopAll": [{"jobs": [full_job(1)], "imports": [full_import(1), full_import(2)],
                     "tasks": [full_task(1), full_task(2)],
                     "failures": [{"target": "rome", "cause": dict(ERROR)}]}],
        "Watch": [{"job": full_job(1)}, {"job": full_job(1, "stopped")}],
        "ListJobs": [{"jobs": jobs}],
        "GetJob": [{"job": full_job(1)}],
        "Cancel": [{"job": full_job(1, "cancelled")}],
        "GetImport": [{"import": full_import(1), "task": full_task(1)}],
        "Restart": [{"import": full_import(1)}],
        "ListImports": [{"imports": [full_import(1), full_import(2)], "tasks": [full_task(1)]}],
        "ListImportFailures": [{
            "failures": [{"Location": "s3://b/k", "Status": "FAILED", "ErrorType": "E", "ErrorMessage": "no",
                          "LastUpdatedTime": THEN}],
            "batches": [{"batchId": "b", "status": "FAILED", "errorMessage": "no"}]}],
        "ListTargets": [{"targets": [target("paris"), target("rome", "throttled")]}],
        "ListQueues": [{"queues": [view("nightly", "unreachable", url="https://sqs.eu-west-1.amazonaws.com/1/n", jobs=2)]}],
        "TestTarget": [{"account": "123456789012", "arn": "arn:aws:iam::123456789012:user/u"}],
        "GetStatistics": [{"statistics": {"jobsActive": 3, "storeWritable": 1}}],
        f"{SERVICE}.GetInfo": [{"vendor": "v", "product": "trailstop", "version": "1", "url": "u", "interfaces": []}],
        "io.systemd.Metrics.List": [
            metric("StartTimestampSeconds", 1700000000.5),
            metric("JobsActive", 3, object="paris", fields={"state": "a\\b\"c\nd"}),
            metric("JobsEnded", 4, object="paris", fields={"state": "stopped"}),
            metric("NotOfThisVersion", 1)],
    }


class CannedDaemon(ServedSocket):
    """Serves until close(). A client that hangs up ends its session only."""

    def __init__(self, path):
        self.answers = standard_answers()
        self.errors = {}  # method → (name, parameters): the error that it is answered with instead
        super().__init__(path)

    def answer(self, method, *replies):
        self.answers[method] = copy.deepcopy(list(replies))

    def fail(self, method, error, **parameters):
        self.errors[method] = (error, parameters)

    def reset(self):
        self.answers, self.errors = standard_answers(), {}

    def serve(self, client):
        session = Session(client)
        try:
            while message := session.next_message():
                self._reply(session, message["method"].removeprefix(f"{INTERFACE}."))
        except (OSError, AssertionError):
            pass  # the client went away, perhaps within a message
        finally:
            session.close()

    def _reply(self, session, method):
        if method in self.errors:
            error, parameters = self.errors[method]
            session.reply(parameters, error=error)
            return
        *first, last = self.answers[method]
        for parameters in first:
            session.reply(parameters, continues=True)
        session.reply(last)
