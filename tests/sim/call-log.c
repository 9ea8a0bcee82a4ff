/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/call-log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/clock.h"

struct CallLog {
    LoggedCall *calls; /* call number n is at n % size */
    size_t size;
    uint64_t last_sequence;
};

int call_log_new(size_t size, CallLog **ret)
{
    CallLog *log = calloc(1, sizeof(*log));
    LoggedCall *calls = calloc(size, sizeof(*calls));

    if (!log || !calls) {
        free(calls);
        free(log);
        return -ENOMEM;
    }
    log->calls = calls;
    log->size = size;
    *ret = log;
    return 0;
}

void call_log_free(CallLog *log)
{
    if (!log)
        return;
    for (size_t i = 0; i < log->size; i++)
        free(log->calls[i].text);
    free(log->calls);
    free(log);
}

void call_log_clear(CallLog *log)
{
    for (size_t i = 0; i < log->size; i++)
        log->calls[i].sequence = 0;
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static size_t facts_size(const CallFacts *facts)
{
    const struct evkeyval *header;
    size_t size = text_size(facts->import_id) + text_size(facts->queue) +
                  text_size(facts->access_key) + text_size(facts->account_id) +
                  text_size(facts->region) + text_size(facts->peer) + text_size(facts->uri) +
                  facts->body_size + 1;

    TAILQ_FOREACH (header, facts->headers, next)
        size += text_size(header->key) + text_size(header->value);
    return size;
}

/* Copies a text, if there is one, to where *at points, and moves *at past it. */
static const char *copy_text(char **at, const char *text)
{
    const char *copy = *at;

    if (!text)
        return NULL;
    *at = stpcpy(*at, text) + 1;
    return copy;
}

static void copy_facts(LoggedCall *call, const CallFacts *facts)
{
    const struct evkeyval *header;
    char *at = call->text;

    call->facts = (CallFacts){
        .operation = facts->operation,
        .method = facts->method,
        .import_id = copy_text(&at, facts->import_id),
        .queue = copy_text(&at, facts->queue),
        .access_key = copy_text(&at, facts->access_key),
        .account_id = copy_text(&at, facts->account_id),
        .region = copy_text(&at, facts->region),
        .peer = copy_text(&at, facts->peer),
        .uri = copy_text(&at, facts->uri),
        .body = memcpy(at, facts->body, facts->body_size),
        .body_size = facts->body_size,
    };
    at += facts->body_size;
    call->headers = at;
    TAILQ_FOREACH (header, facts->headers, next) {
        copy_text(&at, header->key);
        copy_text(&at, header->value);
    }
    *at = '\0';
}

uint64_t call_log_add(CallLog *log, const CallFacts *facts)
{
    uint64_t sequence = ++log->last_sequence;
    LoggedCall *call = &log->calls[sequence % log->size];
    size_t size = facts_size(facts);

    call->sequence = 0;
    if (size > call->text_size) {
        char *text = realloc(call->text, size);
        if (!text)
            return sequence;
        call->text = text;
        call->text_size = size;
    }
    copy_facts(call, facts);
    call->sequence = sequence;
    call->received_usec = clock_monotonic_usec();
    call->answered_usec = 0;
    call->status = 0;
    *call->fault = *call->error = '\0';
    return sequence;
}

LoggedCall *call_log_find(CallLog *log, uint64_t sequence)
{
    LoggedCall *call = &log->calls[sequence % log->size];

    return call->sequence == sequence ? call : NULL;
}

const char *call_log_request_id(uint64_t sequence, char buffer[static REQUEST_ID_SIZE])
{
    snprintf(buffer, REQUEST_ID_SIZE, "ffffffff-0000-4000-8000-%012" PRIx64,
             sequence & UINT64_C(0xFFFFFFFFFFFF));
    return buffer;
}

static const char *find_header(const char *headers, const char *name)
{
    for (const char *at = headers; *at;) {
        const char *value = at + strlen(at) + 1;
        if (strcasecmp(at, name) == 0)
            return value;
        at = value + strlen(value) + 1;
    }
    return NULL;
}

static json_object *headers_to_json(const char *headers)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();

    for (const char *at = headers; array && *at;) {
        json_object *pair = json_object_new_array();
        const char *value = at + strlen(at) + 1;
        if (!pair || json_object_array_add(array, pair) < 0 ||
            json_object_array_add(pair, json_object_new_string(at)) < 0 ||
            json_object_array_add(pair, json_object_new_string(value)) < 0)
            return NULL;
        at = value + strlen(value) + 1;
    }
    return TAKE(array);
}

/* amz-sdk-request: attempt=1; max=3 */
static int add_attempt(json_object *object, const char *headers)
{
    const char *header = find_header(headers, "amz-sdk-request");
    const char *at = header ? strstr(header, "attempt=") : NULL;
    int64_t attempt;

    if (!at || sscanf(at, "attempt=%" SCNd64, &attempt) != 1)
        return 0;
    return json_add_int64(object, "attempt", attempt);
}

static int add_request(json_object *object, const LoggedCall *call)
{
    const CallFacts *facts = &call->facts;
    json_object *body = json_object_new_string_len(facts->body, (int)facts->body_size);

    if (json_add_string(object, "peer", facts->peer) < 0 ||
        json_add_string(object, "operation", facts->operation) < 0 ||
        json_add_string(object, "importId", facts->import_id) < 0 ||
        json_add_string(object, "queue", facts->queue) < 0 ||
        json_add_string(object, "accessKey", facts->access_key) < 0 ||
        json_add_string(object, "accountId", facts->account_id) < 0 ||
        json_add_string(object, "region", facts->region) < 0 ||
        json_add_string(object, "userAgent", find_header(call->headers, "User-Agent")) < 0 ||
        json_add_string(object, "invocationId",
                        find_header(call->headers, "amz-sdk-invocation-id")) < 0 ||
        add_attempt(object, call->headers) < 0 ||
        json_add_string(object, "method", facts->method) < 0 ||
        json_add_string(object, "uri", facts->uri) < 0 ||
        json_add(object, "headers", headers_to_json(call->headers)) < 0) {
        json_object_put(body);
        return -ENOMEM;
    }
    return json_add(object, "body", body);
}

static int add_answer(json_object *object, const LoggedCall *call)
{
    char request_id[REQUEST_ID_SIZE];

    if (json_add_string(object, "fault", *call->fault ? call->fault : NULL) < 0 ||
        json_add_string(object, "error", *call->error ? call->error : NULL) < 0 ||
        json_add_string(object, "requestId", call_log_request_id(call->sequence, request_id)) < 0)
        return -ENOMEM;
    if (call->answered_usec == 0)
        return 0;
    if (json_add_int64(object, "status", call->status) < 0 ||
        json_add_int64(object, "answeredUsec", (int64_t)call->answered_usec) < 0)
        return -ENOMEM;
    return 0;
}

static json_object *call_to_json(const LoggedCall *call)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!object || json_add_int64(object, "sequence", (int64_t)call->sequence) < 0 ||
        json_add_int64(object, "receivedUsec", (int64_t)call->received_usec) < 0 ||
        add_request(object, call) < 0 || add_answer(object, call) < 0)
        return NULL;
    return TAKE(object);
}

json_object *call_log_to_json(const CallLog *log, uint64_t last, uint64_t after)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    uint64_t newest = log->last_sequence;
    uint64_t held = newest < log->size ? newest : log->size;
    uint64_t first = newest - (last < held ? last : held);

    for (uint64_t i = (first > after ? first : after) + 1; array && i <= newest; i++) {
        const LoggedCall *call = &log->calls[i % log->size];
        json_object *object;

        if (call->sequence != i) /* cleared, or there was no memory for it */
            continue;
        object = call_to_json(call);
        if (!object || json_object_array_add(array, object) < 0)
            return NULL;
    }
    return TAKE(array);
}
