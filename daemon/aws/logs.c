/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon CloudWatch Logs, which imports from event data stores of CloudTrail Lake. What CloudTrail
 * calls an import is an import task here, and stopping it is cancelling it.
 *
 * Source: Amazon CloudWatch Logs API Reference (CancelImportTask, DescribeImportTasks,
 * DescribeImportTaskBatches). */
#include <errno.h>
#include <stdbool.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/aws/decode.h"
#include "daemon/aws/import-operations.h"

static const Member statistics_members[] = {
#define TASK_STATISTIC(symbol, member, kind, field, label, unit) {member, MEMBER_##kind, NULL},
#include "common/import-members.def"
    {0},
};

static const Member filter_members[] = {
    {"startEventTime", MEMBER_TIME_MSEC, NULL},
    {"endEventTime", MEMBER_TIME_MSEC, NULL},
    {0},
};

static const Member task_members[] = {
    {"importId", MEMBER_STRING, NULL},
    {"importSourceArn", MEMBER_STRING, NULL},
    {"importStatus", MEMBER_STRING, NULL},
    {"importDestinationArn", MEMBER_STRING, NULL},
    {"importStatistics", MEMBER_OBJECT, statistics_members},
    {"importFilter", MEMBER_OBJECT, filter_members},
    {"creationTime", MEMBER_TIME_MSEC, NULL},
    {"lastUpdatedTime", MEMBER_TIME_MSEC, NULL},
    {"errorMessage", MEMBER_STRING, NULL},
    {0},
};

static const Member batch_members[] = {
    {"batchId", MEMBER_STRING, NULL},
    {"status", MEMBER_STRING, NULL},
    {"errorMessage", MEMBER_STRING, NULL},
    {0},
};

static const Member tasks_members[] = {
    {"imports", MEMBER_OBJECTS, task_members},
    {"nextToken", MEMBER_STRING, NULL},
    {0},
};

static const Member batches_members[] = {
    {"importBatches", MEMBER_OBJECTS, batch_members},
    {"nextToken", MEMBER_STRING, NULL},
    {0},
};

static int decode_cancelled(json_object *answer, json_object **ret)
{
    return decode_answer(answer, task_members, ret);
}

static int decode_tasks(json_object *answer, json_object **ret)
{
    return decode_answer(answer, tasks_members, ret);
}

static int decode_batches(json_object *answer, json_object **ret)
{
    return decode_answer(answer, batches_members, ret);
}

static bool is_no_token(json_object *token)
{
    return !token ||
           (json_object_is_type(token, json_type_string) && json_object_get_string_len(token) == 0);
}

/* No operation gets one task: it is described by its id. An empty list means "not found" only where
 * nothing was left out of it and no page follows. */
static int decode_described(json_object *answer, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *tasks = NULL;
    json_object *array, *listed = json_object_object_get(answer, "imports"), *token;
    int r = decode_tasks(answer, &tasks);

    if (r < 0)
        return r;
    if (json_get_array(tasks, "imports", &array) <= 0)
        return -EBADMSG;
    token = json_object_object_get(answer, "nextToken"); /* of whatever kind */
    if (json_object_array_length(array) == 0)
        return json_object_array_length(listed) == 0 && is_no_token(token) ? -ENOENT : -EBADMSG;
    *ret = TAKE(tasks);
    return 0;
}

#define TARGET(operation) "Logs_20140328." operation

const ImportOperations logs_operations = {
    .signing_name = "logs",
    .shown_as = "task",
    .listed_as = "tasks",
    .failures_as = "batches",
    .id_member = "importId",
    .status_member = "importStatus",
    .created_member = "creationTime",
    .statistics_member = "importStatistics",
    .source_members = {"importSourceArn"},
    .statuses =
        {
            [IMPORT_STATUS_IN_PROGRESS] = "IN_PROGRESS",
            [IMPORT_STATUS_FAILED] = "FAILED",
            [IMPORT_STATUS_STOPPED] = "CANCELLED",
            [IMPORT_STATUS_COMPLETED] = "COMPLETED",
        },
    .stop =
        {
            .name = "CancelImportTask",
            .target = TARGET("CancelImportTask"),
            .decode = decode_cancelled,
            .subject = "importId",
            .limit = QUOTA_STOP,
        },
    .get =
        {
            .name = "DescribeImportTasks",
            .target = TARGET("DescribeImportTasks"),
            .decode = decode_described,
            .subject_list = "imports",
            .subject = "importId",
            .limit = QUOTA_READ,
        },
    .list =
        {
            .name = "DescribeImportTasks",
            .target = TARGET("DescribeImportTasks"),
            .decode = decode_tasks,
            .limit = QUOTA_READ,
            .of_target = true,
        },
    .failures =
        {
            .name = "DescribeImportTaskBatches",
            .target = TARGET("DescribeImportTaskBatches"),
            .decode = decode_batches,
            .limit = QUOTA_READ,
        },
    .page_size_member = "limit",
    .token_member = "nextToken",
    .page_size = 50,
    .imports_member = "imports",
    .failures_member = "importBatches",
    .status_filter = "importStatus",
    .destination_member = "importDestinationArn",
};
