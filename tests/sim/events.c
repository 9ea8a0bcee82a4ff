/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/json-service.h"

#define ENTRIES_MAX 10U
#define ENTRIES_BYTES_MAX (256U * 1024)
#define DETAIL_DEPTH_MAX 64U
#define EVENTS_MAX 100000U /* as many are kept, the last ones */

static const char *text_of(json_object *entry, const char *name)
{
    const char *text = NULL;

    (void)json_get_string(entry, name, &text);
    return text;
}

static size_t entry_size(json_object *entry)
{
    static const char *const members[] = {"Source", "DetailType", "Detail"};
    size_t size = 0;

    for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++) {
        const char *text = text_of(entry, members[i]);
        size += text ? strlen(text) : 0;
    }
    return size;
}

static int check_entries(json_object *entries, Refusal *refusal)
{
    size_t n = entries ? json_object_array_length(entries) : 0, size = 0;

    if (n == 0 || n > ENTRIES_MAX)
        return refuse(refusal, 400, "ValidationException",
                      "%zu entries: Member must have length between 1 and %u", n, ENTRIES_MAX);
    for (size_t i = 0; i < n; i++)
        size += entry_size(json_object_array_get_idx(entries, i));
    return size <= ENTRIES_BYTES_MAX
               ? 0
               : refuse(refusal, 400, "ValidationException",
                        "Total size of the entries in the request is over the limit.");
}

static bool is_object(const char *text)
{
    CLEANUP(json_object_putp) json_object *object = NULL;

    return json_read(text, strlen(text), DETAIL_DEPTH_MAX, &object) == 0 &&
           json_object_is_type(object, json_type_object);
}

/* What is wrong with an entry does not spoil the others. 0, or -EACCES and the refusal. */
static int check_entry(json_object *entry, Refusal *refusal)
{
    static const char *const needed[] = {"Source", "DetailType", "Detail"};

    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
        const char *text = text_of(entry, needed[i]);
        if (!text || !*text)
            return refuse(refusal, 400, "InvalidArgument",
                          "Parameter %s is not valid. Reason: %s is a required argument.",
                          needed[i], needed[i]);
    }
    if (strncmp(text_of(entry, "Source"), "aws.", 4) == 0)
        return refuse(refusal, 400, "NotAuthorizedForSourceException",
                      "Not authorized for the source.");
    if (!is_object(text_of(entry, "Detail")))
        return refuse(refusal, 400, "MalformedDetail", "Detail is malformed.");
    return 0;
}

static int keep(SimCall *call, json_object *entry, const char *id)
{
    json_object *events = call->sim->events;
    CLEANUP(json_object_putp) json_object *event = json_object_new_object();
    const char *bus = text_of(entry, "EventBusName");
    struct json_object_iter member;

    if (!event || json_add_string(event, "EventId", id) < 0 ||
        json_add_string(event, "EventBusName", bus ? bus : "default") < 0 ||
        json_add_string(event, "region", call->claim.region) < 0 ||
        json_add_string(event, "accessKey", call->claim.access_key) < 0)
        return -ENOMEM;
    json_object_object_foreachC (entry, member) {
        if (member.val && strcmp(member.key, "EventBusName") != 0 &&
            json_add(event, member.key, json_object_get(member.val)) < 0)
            return -ENOMEM;
    }
    if (json_object_array_length(events) >= EVENTS_MAX)
        json_object_array_del_idx(events, 0, EVENTS_MAX / 2);
    return json_append(events, TAKE(event));
}

static json_object *put_entry(SimCall *call, json_object *entry, size_t number, bool *ret_failed)
{
    const Fault *fault = call->fault && call->fault->kind == FAULT_ENTRY_ERROR ? call->fault : NULL;
    CLEANUP(json_object_putp) json_object *result = json_object_new_object();
    char id[64];
    Refusal refusal;
    int r = fault ? refuse(&refusal, 500, fault->code, "%s", fault->message)
                  : check_entry(entry, &refusal);

    snprintf(id, sizeof(id), "00000000-0000-4000-a%03zx-%012" PRIx64, number & 0xFFF,
             call->sequence & UINT64_C(0xFFFFFFFFFFFF));
    *ret_failed = r == -EACCES;
    if (!result)
        return NULL;
    if (r == 0)
        r = keep(call, entry, id) < 0 ? -ENOMEM : json_add_string(result, "EventId", id);
    else if (json_add_string(result, "ErrorCode", refusal.code) == 0)
        r = json_add_string(result, "ErrorMessage", refusal.message);
    return r < 0 ? NULL : TAKE(result);
}

static int put_events(SimCall *call, json_object **ret, Refusal *refusal)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    json_object *results = json_object_new_array(); /* belongs to the answer */
    json_object *entries = NULL;
    int64_t n_failed = 0;
    int r;

    if (json_add(answer, "Entries", results) < 0)
        return -ENOMEM;
    if (json_get_array(call->body, "Entries", &entries) < 0)
        return refuse(refusal, 400, "SerializationException", "Entries must be a list.");
    r = check_entries(entries, refusal);
    for (size_t i = 0; r == 0 && i < json_object_array_length(entries); i++) {
        bool failed = false;
        r = json_append(results,
                        put_entry(call, json_object_array_get_idx(entries, i), i, &failed));
        n_failed += failed;
    }
    if (r == 0)
        r = json_add_int64(answer, "FailedEntryCount", n_failed);
    if (r == 0)
        *ret = TAKE(answer);
    return r;
}

static const JsonOperation operations[] = {
    {OPERATION_PUT_EVENTS, put_events},
};

static const char *const target_prefixes[] = {"AWSEvents.", NULL};

static const JsonService events = {
    .signing_name = "events",
    .target_prefixes = target_prefixes,
    .operations = operations,
    .n_operations = sizeof(operations) / sizeof(*operations),
    .content_type = CONTENT_TYPE_JSON_1_1,
};

const ServiceType events_service = {
    .json = &events,
    .recognizes = json_service_recognizes,
    .read = json_service_read,
    .authenticate = json_service_authenticate,
    .run = json_service_run,
    .write = json_service_write,
    .write_error = json_service_write_error,
};
