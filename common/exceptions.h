/* SPDX-License-Identifier: Apache-2.0 */
/* What an error code of AWS means to daemon and client: the rows of exceptions.def. */
#pragma once

#include <stdbool.h>

/* The errors of io.trailstop.Imports that stand for an answer of AWS. */
typedef enum AwsFailure {
    FAILURE_CALL_FAILED,
    FAILURE_IMPORT_NOT_FOUND,
    FAILURE_INVALID_PARAMETER,
    FAILURE_OPERATION_NOT_PERMITTED,
    FAILURE_UNSUPPORTED_OPERATION,
    N_AWS_FAILURES
} AwsFailure;

typedef struct AwsException {
    const char *code;
    AwsFailure failure;
    int exit_status; /* of trailstopctl */
    bool denied;
} AwsException;

/* The row of the code. A code without a row, and NULL, has the row of every other one, whose own
 * code is NULL. */
const AwsException *exception_find(const char *code);

/* The failure's error with its interface, e.g. "io.trailstop.Imports.ImportNotFound". */
const char *exception_failure_name(AwsFailure failure);

/* Whether AWS says "you may not": by the code, or by the status 401 or 403 whatever the code. Code
 * may be NULL, http_status 0. */
bool exception_denies_access(const char *code, unsigned http_status);
