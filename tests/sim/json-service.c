/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/json-service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/answer.h"

#define BODY_DEPTH_MAX 16U
/* A token is opaque to clients: the sequence number of the last item they have. */
#define NEXT_TOKEN_FORMAT "trailstop-sim-after-%" PRIu64

/* The name behind the prefix, or NULL: the call is not one of this service's. */
static const char *operation_in_target(const SimCall *call)
{
    const JsonService *service = call->service->json;
    const char *target = evhttp_find_header(call->headers, "X-Amz-Target");

    for (const char *const *prefix = service->target_prefixes; target && *prefix; prefix++)
        if (strncmp(target, *prefix, strlen(*prefix)) == 0)
            return target + strlen(*prefix);
    return NULL;
}

bool json_service_recognizes(const SimCall *call)
{
    return operation_in_target(call) != NULL;
}

static const JsonOperation *find_operation(const SimCall *call)
{
    const JsonService *service = call->service->json;

    for (size_t i = 0; i < service->n_operations; i++)
        if (service->operations[i].operation == call->operation)
            return &service->operations[i];
    return NULL;
}

static bool has_content_type(const SimCall *call)
{
    const char *type = evhttp_find_header(call->headers, "Content-Type");
    size_t length = strlen(call->service->json->content_type);

    return type && strncasecmp(type, call->service->json->content_type, length) == 0 &&
           (type[length] == '\0' || type[length] == ';');
}

void json_service_read(SimCall *call)
{
    const char *name = operation_in_target(call);

    if (name && strcmp(call->method, "POST") == 0 && strcmp(call->path, "/") == 0 &&
        has_content_type(call))
        call->operation = operation_from_name(name);
    if (!find_operation(call))
        call->operation = OPERATION_UNKNOWN;
    if (json_read(call->body_text, call->body_size, BODY_DEPTH_MAX, &call->body) < 0)
        return;
    if (!json_object_is_type(call->body, json_type_object)) {
        json_object_put(call->body);
        call->body = NULL;
        return;
    }
    if (call->service->json->id_member)
        (void)json_get_string(call->body, call->service->json->id_member, &call->import_id);
}

int json_service_authenticate(SimCall *call, Refusal *ret_refusal)
{
    return call_verify_signature(call, call->service->json->signing_name, ret_refusal);
}

int json_service_run(SimCall *call, json_object **ret, Refusal *ret_refusal)
{
    const JsonOperation *operation = find_operation(call);

    if (!call->body)
        return refuse(ret_refusal, 400, "SerializationException", "The body is not a JSON object.");
    if (!operation)
        return refuse(ret_refusal, 400, "UnknownOperationException",
                      "Operations are called by POST / with Content-Type %s and an X-Amz-Target "
                      "header that names one.",
                      call->service->json->content_type);
    return operation->run(call, ret, ret_refusal);
}

unsigned json_service_write(SimCall *call, json_object *document)
{
    return answer_set_json(call->request, HTTP_OK, call->service->json->content_type, document);
}

unsigned json_service_write_error(SimCall *call, unsigned status, const char *form,
                                  const char *code, const char *message)
{
    return answer_set_error(call->request, status, form, code, message);
}

int page_read(SimCall *call, const PageNames *names, Page *ret, Refusal *refusal)
{
    uint64_t page_size = call->sim->settings.page_size;
    int64_t size = names->size_max < (int64_t)page_size ? names->size_max : (int64_t)page_size;
    const char *token = NULL;
    char expected[64] = "";
    Page page = {0};
    int r;

    if (json_get_int64(call->body, names->size, &size) < 0 || size < 1 || size > names->size_max)
        return refuse(refusal, 400, "InvalidParameterException",
                      "%s must be an integer from 1 to %" PRId64 ".", names->size, names->size_max);
    page.size = (uint64_t)size < page_size ? (uint64_t)size : page_size;

    r = json_get_string(call->body, names->token, &token);
    if (r > 0 && sscanf(token, NEXT_TOKEN_FORMAT, &page.after) == 1)
        snprintf(expected, sizeof(expected), NEXT_TOKEN_FORMAT, page.after);
    if (r < 0 || (r > 0 && strcmp(token, expected) != 0))
        return refuse(refusal, 400, names->token_error, "The %s is invalid.", names->token);
    *ret = page;
    return 0;
}

int page_answer(const PageNames *names, const char *items_name, json_object *array, bool more,
                uint64_t last, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    char token[64];

    if (!answer) {
        json_object_put(array);
        return -ENOMEM;
    }
    snprintf(token, sizeof(token), NEXT_TOKEN_FORMAT, last);
    if (json_add(answer, items_name, array) < 0 ||
        json_add_string(answer, names->token, more ? token : NULL) < 0)
        return -ENOMEM;
    *ret = TAKE(answer);
    return 0;
}
