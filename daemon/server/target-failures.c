/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/target-failures.h"

#include <errno.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"

int target_failures_init(TargetFailures *failures)
{
    *failures = (TargetFailures){0};
    return text_set_new(&failures->own);
}

void target_failures_clear(TargetFailures *failures)
{
    elements_clear(&failures->elements);
    text_set_free(failures->own);
    *failures = (TargetFailures){0};
}

static int append(TargetFailures *failures, const char *target, const CallError *error)
{
    CLEANUP(json_object_putp) json_object *failure = json_object_new_object();

    if (!failure || json_add_string(failure, "target", target) < 0 ||
        json_add(failure, "cause", call_error_to_json(error)) < 0)
        return -ENOMEM;
    return elements_add(&failures->elements, json_text(failure, NULL));
}

int target_failures_add(TargetFailures *failures, const char *target, const CallError *error)
{
    CLEANUP(freep) char *key = NULL;
    int r = string_format(&key, "%s %s", target, error->code);

    if (r >= 0)
        r = text_set_add(failures->own, key);
    return r > 0 ? append(failures, target, error) : r;
}

int target_failures_add_local(TargetFailures *failures, const char *target, const char *code,
                              const char *message)
{
    CLEANUP(call_error_clear) CallError error = {0};
    int r = call_error_set(&error, code, message, 0, NULL);

    return r < 0 ? r : target_failures_add(failures, target, &error);
}

int target_failures_add_removed(TargetFailures *failures, const char *target)
{
    return target_failures_add_local(failures, target, CALL_ERROR_TARGET_REMOVED,
                                     MESSAGE_TARGET_REMOVED);
}

int target_failures_add_unseen(TargetFailures *failures, const char *target, const char *import_id,
                               const CallError *cause)
{
    CLEANUP(call_error_clear) CallError error = {0};
    CLEANUP(freep) char *message = NULL;
    int r = string_format(&message, "import %s could not be looked at: %s", import_id,
                          cause->message ? cause->message : cause->code);

    if (r >= 0)
        r = call_error_set(&error, cause->code, message, cause->http_status, cause->request_id);
    return r < 0 ? r : append(failures, target, &error);
}

int target_failures_add_nameless(TargetFailures *failures, const char *target, const char *id)
{
    CLEANUP(call_error_clear) CallError error = {0};
    CLEANUP(freep) char *message = NULL;
    int r = string_format(&message, "the list has an import whose id is not valid: \"%.128s\"", id);

    if (r >= 0)
        r = call_error_set(&error, CALL_ERROR_INVALID_IMPORT_ID, message, 0, NULL);
    return r < 0 ? r : append(failures, target, &error);
}
