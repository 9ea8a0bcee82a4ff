/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/target-failures.h"

#include <errno.h>
#include <stdlib.h>

#include <event2/buffer.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/string.h"

#define LEFT_OUT_NAMED_MAX 100U /* of one target; the reply has the others without a job */

struct LeftOut {
    struct evbuffer *ids; /* of imports, with commas between them */
    size_t n;
};

int target_failures_init(TargetFailures *failures)
{
    int r;

    *failures = (TargetFailures){0};
    r = text_set_new(&failures->own);
    return r < 0 ? r : text_set_new(&failures->full);
}

static void left_out_free(LeftOut *left_out)
{
    if (!left_out)
        return;
    if (left_out->ids)
        evbuffer_free(left_out->ids);
    free(left_out);
}
DEFINE_CLEANUP(LeftOut, left_out_free)

static void clear_left_out(TargetFailures *failures)
{
    for (size_t i = 0; failures->left_out && i < text_set_count(failures->full); i++)
        left_out_free(failures->left_out[i]);
    free(TAKE(failures->left_out));
    text_set_free(TAKE(failures->full));
}

void target_failures_clear(TargetFailures *failures)
{
    elements_clear(&failures->elements);
    text_set_free(failures->own);
    clear_left_out(failures);
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

/* NULL: no memory. */
static LeftOut *find_left_out(TargetFailures *failures, const char *target)
{
    CLEANUP(left_out_freep) LeftOut *fresh = NULL;
    size_t n = text_set_count(failures->full);
    LeftOut **left_out;

    if (text_set_has(failures->full, target))
        return failures->left_out[text_set_find(failures->full, target)];
    left_out = realloc(failures->left_out, (n + 1) * sizeof(left_out[0]));
    if (!left_out)
        return NULL;
    failures->left_out = left_out;
    fresh = calloc(1, sizeof(*fresh));
    if (!fresh || !(fresh->ids = evbuffer_new()) || text_set_add(failures->full, target) < 0)
        return NULL;
    return left_out[n] = TAKE(fresh);
}

int target_failures_leave_out(TargetFailures *failures, const char *target, const char *import_id)
{
    LeftOut *left_out = find_left_out(failures, target);

    if (!left_out)
        return -ENOMEM;
    if (left_out->n++ >= LEFT_OUT_NAMED_MAX)
        return 0;
    return evbuffer_add_printf(left_out->ids, "%s%s", left_out->n > 1 ? ", " : "", import_id) < 0
               ? -ENOMEM
               : 0;
}

/* The text is ended by NUL. */
static int add_left_out(TargetFailures *failures, const char *target, LeftOut *left_out)
{
    CLEANUP(freep) char *message = NULL;
    int r;

    if (left_out->n > LEFT_OUT_NAMED_MAX &&
        evbuffer_add_printf(left_out->ids, " and %zu more", left_out->n - LEFT_OUT_NAMED_MAX) < 0)
        return -ENOMEM;
    if (evbuffer_add(left_out->ids, "", 1) < 0 || !evbuffer_pullup(left_out->ids, -1))
        return -ENOMEM;
    r = string_format(&message, "max-jobs jobs are under way; left out, try again later: %s",
                      (const char *)evbuffer_pullup(left_out->ids, -1));
    return r < 0 ? r : target_failures_add_local(failures, target, "QueueFull", message);
}

int target_failures_end_left_out(TargetFailures *failures)
{
    int r = 0;

    for (size_t i = 0; failures->left_out && r >= 0 && i < text_set_count(failures->full); i++)
        r = add_left_out(failures, text_set_get(failures->full, i), failures->left_out[i]);
    clear_left_out(failures);
    return r;
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
