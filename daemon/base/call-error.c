/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/call-error.h"

#include <errno.h>
#include <stdlib.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/utf8.h"
#include "daemon/base/mask.h"

static char no_memory_code[] = CALL_ERROR_RESOURCES, no_memory_message[] = "out of memory";
const CallError call_error_no_memory = {.code = no_memory_code, .message = no_memory_message};

static int copy_repaired(const char *from, char **ret)
{
    char *copy = NULL;

    if (from && !(copy = utf8_repair(from)))
        return -ENOMEM;
    *ret = copy;
    return 0;
}

int call_error_set(CallError *error, const char *code, const char *message, unsigned http_status,
                   const char *request_id)
{
    CallError fresh = {.http_status = http_status};

    /* Copied before the old one is freed: the strings may be the old one's. */
    if (copy_repaired(code, &fresh.code) < 0 || copy_repaired(message, &fresh.message) < 0 ||
        copy_repaired(request_id, &fresh.request_id) < 0) {
        call_error_clear(&fresh);
        call_error_clear(error);
        return -ENOMEM;
    }
    call_error_clear(error);
    *error = fresh;
    return 0;
}

int call_error_copy(CallError *error, const CallError *from)
{
    return call_error_set(error, from->code, from->message, from->http_status, from->request_id);
}

void call_error_clear(CallError *error)
{
    free(error->code);
    free(error->message);
    free(error->request_id);
    *error = (CallError){0};
}

void call_error_mask(CallError *error, const char *secret)
{
    char *texts[] = {error->code, error->message, error->request_id};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (texts[i] && secret)
            mask_secret(texts[i], secret);
        if (!texts[i])
            continue;
        mask_signatures(texts[i]);
        mask_users(texts[i]);
    }
}

json_object *call_error_to_json(const CallError *error)
{
    CLEANUP(json_object_putp) json_object *json = json_object_new_object();

    if (!json || json_add_string(json, "code", error->code) < 0 ||
        json_add_string(json, "message", error->message ? error->message : "") < 0 ||
        (error->http_status != 0 && json_add_int64(json, "httpStatus", error->http_status) < 0) ||
        json_add_string(json, "requestId", error->request_id) < 0)
        return NULL;
    return TAKE(json);
}

void call_error_write(const CallError *error, JsonWriter *writer, const char *key)
{
    json_write_begin(writer, key, '{');
    json_write_string(writer, "code", error->code);
    json_write_string(writer, "message", error->message);
    if (error->http_status > 0)
        json_write_int64(writer, "httpStatus", error->http_status);
    json_write_string(writer, "requestId", error->request_id);
    json_write_end(writer, '}');
}
