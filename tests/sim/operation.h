/* SPDX-License-Identifier: Apache-2.0 */
/* The operations of all services, by the names that faults, counts and the log know them by. */
#pragma once

typedef enum Operation {
    OPERATION_UNKNOWN,
    OPERATION_STOP_IMPORT,
    OPERATION_GET_IMPORT,
    OPERATION_LIST_IMPORTS,
    OPERATION_LIST_IMPORT_FAILURES,
    OPERATION_START_IMPORT,
    OPERATION_CANCEL_IMPORT_TASK,
    OPERATION_DESCRIBE_IMPORT_TASKS,
    OPERATION_DESCRIBE_IMPORT_TASK_BATCHES,
    OPERATION_ASSUME_ROLE,
    OPERATION_ASSUME_ROLE_WITH_WEB_IDENTITY,
    OPERATION_GET_CALLER_IDENTITY,
    OPERATION_INSTANCE_TOKEN,
    OPERATION_INSTANCE_ROLE,
    OPERATION_INSTANCE_CREDENTIALS,
    OPERATION_CONTAINER_CREDENTIALS,
} Operation;

Operation operation_from_name(const char *name);
const char *operation_name(Operation operation); /* "Unknown" for OPERATION_UNKNOWN */
