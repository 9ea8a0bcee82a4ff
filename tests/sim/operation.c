/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/operation.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    [OPERATION_UNKNOWN] = "Unknown",
    [OPERATION_STOP_IMPORT] = "StopImport",
    [OPERATION_GET_IMPORT] = "GetImport",
    [OPERATION_LIST_IMPORTS] = "ListImports",
    [OPERATION_LIST_IMPORT_FAILURES] = "ListImportFailures",
    [OPERATION_START_IMPORT] = "StartImport",
    [OPERATION_CANCEL_IMPORT_TASK] = "CancelImportTask",
    [OPERATION_DESCRIBE_IMPORT_TASKS] = "DescribeImportTasks",
    [OPERATION_DESCRIBE_IMPORT_TASK_BATCHES] = "DescribeImportTaskBatches",
    [OPERATION_RECEIVE_MESSAGE] = "ReceiveMessage",
    [OPERATION_SEND_MESSAGE] = "SendMessage",
    [OPERATION_SEND_MESSAGE_BATCH] = "SendMessageBatch",
    [OPERATION_DELETE_MESSAGE] = "DeleteMessage",
    [OPERATION_DELETE_MESSAGE_BATCH] = "DeleteMessageBatch",
    [OPERATION_CHANGE_MESSAGE_VISIBILITY] = "ChangeMessageVisibility",
    [OPERATION_CHANGE_MESSAGE_VISIBILITY_BATCH] = "ChangeMessageVisibilityBatch",
    [OPERATION_GET_QUEUE_ATTRIBUTES] = "GetQueueAttributes",
    [OPERATION_GET_QUEUE_URL] = "GetQueueUrl",
    [OPERATION_PUT_EVENTS] = "PutEvents",
    [OPERATION_ASSUME_ROLE] = "AssumeRole",
    [OPERATION_ASSUME_ROLE_WITH_WEB_IDENTITY] = "AssumeRoleWithWebIdentity",
    [OPERATION_GET_CALLER_IDENTITY] = "GetCallerIdentity",
    [OPERATION_INSTANCE_TOKEN] = "InstanceToken",
    [OPERATION_INSTANCE_ROLE] = "InstanceRole",
    [OPERATION_INSTANCE_CREDENTIALS] = "InstanceCredentials",
    [OPERATION_CONTAINER_CREDENTIALS] = "ContainerCredentials",
};

Operation operation_from_name(const char *name)
{
    for (size_t i = 1; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(names[i], name) == 0)
            return (Operation)i;
    return OPERATION_UNKNOWN;
}

const char *operation_name(Operation operation)
{
    return names[operation];
}
