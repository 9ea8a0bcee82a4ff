/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/answer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <event2/buffer.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/error-form.h"

#define CONTENT_TYPE_AWS_JSON "application/x-amz-json-1.1"
#define HUGE_SIZE (2U * 1024 * 1024)

static int add_header(struct evhttp_request *request, const char *name, const char *value)
{
    return evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

void answer_set_common(struct evhttp_request *request, const char *request_id,
                       uint64_t realtime_usec)
{
    time_t seconds = (time_t)(realtime_usec / USEC_PER_SEC);
    char date[64];
    struct tm time;

    gmtime_r(&seconds, &time);
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &time);
    add_header(request, "Date", date);
    add_header(request, "x-amzn-RequestId", request_id);
}

static unsigned set_body(struct evhttp_request *request, unsigned status, const char *content_type,
                         const char *body, size_t size)
{
    if ((content_type && add_header(request, "Content-Type", content_type) < 0) ||
        evbuffer_add(evhttp_request_get_output_buffer(request), body, size) < 0)
        return HTTP_INTERNAL;
    return status;
}

unsigned answer_set_text(struct evhttp_request *request, unsigned status, const char *content_type,
                         const char *text)
{
    return set_body(request, status, content_type, text, strlen(text));
}

unsigned answer_set_json(struct evhttp_request *request, unsigned status, const char *content_type,
                         json_object *body)
{
    size_t size;

    const char *text = body ? json_text(body, &size) : NULL;
    if (!text)
        return HTTP_INTERNAL;
    return set_body(request, status, content_type ? content_type : CONTENT_TYPE_AWS_JSON, text,
                    size);
}

unsigned answer_set_error(struct evhttp_request *request, unsigned status, const char *form,
                          const char *code, const char *message)
{
    char header[ERROR_HEADER_SIZE];

    CLEANUP(json_object_putp)
    json_object *body = error_form_body(form, code, message, header);
    if (*header && add_header(request, "X-Amzn-Errortype", header) < 0)
        return HTTP_INTERNAL;
    return answer_set_json(request, status, NULL, body);
}

int answer_set_fault_headers(struct evhttp_request *request, const Fault *fault)
{
    if ((fault->retry_after && add_header(request, "x-amz-retry-after", fault->retry_after) < 0) ||
        (fault->retry_after_seconds &&
         add_header(request, "Retry-After", fault->retry_after_seconds) < 0) ||
        (fault->location && add_header(request, "Location", fault->location) < 0))
        return -ENOMEM;
    return 0;
}

unsigned answer_set_fault(struct evhttp_request *request, const Fault *fault)
{
    if (answer_set_fault_headers(request, fault) < 0)
        return HTTP_INTERNAL;
    return answer_set_text(request, (unsigned)fault->status, fault->content_type,
                           fault->body ? fault->body : "");
}

int answer_truncate(struct evhttp_request *request)
{
    struct evbuffer *body = evhttp_request_get_output_buffer(request);
    size_t size = evbuffer_get_length(body);
    char length[32];
    CLEANUP(freep) char *half = NULL;

    snprintf(length, sizeof(length), "%zu", size);
    half = malloc(size / 2 + 1);
    if (!half || evbuffer_remove(body, half, size / 2) < 0 ||
        evbuffer_drain(body, evbuffer_get_length(body)) < 0 ||
        evbuffer_add(body, half, size / 2) < 0 ||
        add_header(request, "Content-Length", length) < 0 ||
        add_header(request, "Connection", "close") < 0)
        return -ENOMEM;
    return 0;
}

int answer_make_huge(struct evhttp_request *request)
{
    CLEANUP(freep) char *blanks = malloc(HUGE_SIZE);

    if (!blanks)
        return -ENOMEM;
    memset(blanks, ' ', HUGE_SIZE);
    if (evbuffer_add(evhttp_request_get_output_buffer(request), blanks, HUGE_SIZE) < 0)
        return -ENOMEM;
    return 0;
}

static json_object *change_type(json_object *value)
{
    if (json_object_is_type(value, json_type_string))
        return json_object_new_int(7);
    if (json_object_is_type(value, json_type_object))
        return json_object_new_array();
    if (json_object_is_type(value, json_type_array))
        return json_object_new_object();
    return json_object_new_string("yesterday");
}

json_object *answer_change_types(json_object *body)
{
    CLEANUP(json_object_putp) json_object *changed = NULL;
    struct json_object_iter member;

    if (!json_object_is_type(body, json_type_object))
        return change_type(body);

    changed = json_object_new_object();
    json_object_object_foreachC (body, member) {
        if (!changed || json_add(changed, member.key, change_type(member.val)) < 0)
            return NULL;
    }
    return TAKE(changed);
}
