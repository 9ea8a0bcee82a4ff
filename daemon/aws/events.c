/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/events.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/aws/decode.h"

static const Member entry_members[] = {
    {"EventId", MEMBER_STRING, NULL},
    {"ErrorCode", MEMBER_STRING, NULL},
    {"ErrorMessage", MEMBER_STRING, NULL},
    {0},
};

static const Member answer_members[] = {
    {"FailedEntryCount", MEMBER_COUNT, NULL},
    {"Entries", MEMBER_OBJECTS, entry_members},
    {0},
};

/* The one that was put; NULL: the answer does not mention it. */
static json_object *find_entry(json_object *answer)
{
    json_object *entries;

    return json_get_array(answer, "Entries", &entries) > 0 ? json_object_array_get_idx(entries, 0)
                                                           : NULL;
}

/* NULL: none, as where it is empty. */
static const char *find_code(json_object *entry)
{
    const char *code;

    return entry && json_get_string(entry, "ErrorCode", &code) > 0 && *code ? code : NULL;
}

/* A failure of which nobody says what it is, or no word about what became of the event, is not an
 * answer. */
static int decode_put(json_object *answer, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *decoded = NULL;
    json_object *entry;
    const char *text;
    int64_t n_failed = -1;
    int r = decode_answer(answer, answer_members, &decoded);

    if (r < 0)
        return r;
    entry = find_entry(decoded);
    (void)json_get_int64(decoded, "FailedEntryCount", &n_failed);
    if (!find_code(entry) && n_failed != 0 &&
        !(n_failed < 0 && entry && json_get_string(entry, "EventId", &text) > 0))
        return -EBADMSG;
    *ret = TAKE(decoded);
    return 0;
}

/* Codes that ask for another try, according to PutEvents; those of throttling are known as such for
 * all services. */
static bool may_pass(const char *code)
{
    static const char *const codes[] = {"InternalFailure", "InternalException", "InternalError",
                                        "ServiceUnavailable", "ServiceUnavailableException"};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
        if (strcmp(code, codes[i]) == 0)
            return true;
    return false;
}

static bool find_error(json_object *decoded, AwsErrorText *ret)
{
    json_object *entry = find_entry(decoded);

    ret->code = find_code(entry);
    if (!ret->code)
        return false;
    (void)json_get_string(entry, "ErrorMessage", &ret->message); /* else it has none */
    ret->http_status = may_pass(ret->code) ? 500 : 400;
    return true;
}

static const AwsOperation put_events = {
    .name = "PutEvents",
    .target = "AWSEvents.PutEvents",
    .decode = decode_put,
    .find_error = find_error,
    .of_target = true,
    .refusal_is_trouble = true,
};

int events_put(AwsClient *client, const char *bus, const char *source, const char *detail_type,
               const char *detail, const AwsCaller *caller, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();
    json_object *entries, *entry;
    const char *text;

    if (!body || json_add(body, "Entries", entries = json_object_new_array()) < 0 ||
        json_append(entries, entry = json_object_new_object()) < 0 ||
        json_add_string(entry, "Source", source) < 0 ||
        json_add_string(entry, "DetailType", detail_type) < 0 ||
        json_add_string(entry, "Detail", detail) < 0 ||
        json_add_string(entry, "EventBusName", bus) < 0)
        return -ENOMEM;
    text = json_text(body, NULL);
    return text ? aws_call_start(client, &put_events, text, NULL, caller, ret) : -ENOMEM;
}
