/* SPDX-License-Identifier: Apache-2.0 */
#include "common/exceptions.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "common/names.h"

const AwsException *exception_find(const char *code)
{
    static const AwsException rows[] = {
#define EXCEPTION(code, service, failure, exit_status, denied, retry)                              \
    {code, FAILURE_##failure, exit_status, denied},
#include "common/exceptions.def"
#undef EXCEPTION
    };
    static const AwsException other = {.failure = FAILURE_CALL_FAILED, .exit_status = 1};

    for (size_t i = 0; code && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(code, rows[i].code) == 0)
            return &rows[i];
    return &other;
}

const char *exception_failure_name(AwsFailure failure)
{
    static const char *const names[] = {
        [FAILURE_CALL_FAILED] = TRAILSTOP_INTERFACE ".CallFailed",
        [FAILURE_IMPORT_NOT_FOUND] = TRAILSTOP_INTERFACE ".ImportNotFound",
        [FAILURE_INVALID_PARAMETER] = TRAILSTOP_INTERFACE ".InvalidParameter",
        [FAILURE_OPERATION_NOT_PERMITTED] = TRAILSTOP_INTERFACE ".OperationNotPermitted",
        [FAILURE_UNSUPPORTED_OPERATION] = TRAILSTOP_INTERFACE ".UnsupportedOperation",
    };
    _Static_assert(sizeof(names) / sizeof(names[0]) == N_AWS_FAILURES, "a name for each failure");

    assert(failure < N_AWS_FAILURES && names[failure]);
    return names[failure];
}

bool exception_denies_access(const char *code, unsigned http_status)
{
    return http_status == 401 || http_status == 403 || exception_find(code)->denied;
}
