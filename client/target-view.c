/* SPDX-License-Identifier: Apache-2.0 */
#include "client/target-view.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"

int target_view_read(json_object *json, TargetView *ret)
{
    TargetView target = {0};
    json_object *error = NULL;
    const struct {
        const char *key;
        const char **value;
    } members[] = {
        {"name", &target.name},
        {"region", &target.region},
        {"endpoint", &target.endpoint},
        {"credentials", &target.credentials},
        {"roleArn", &target.role_arn},
        {"state", &target.state},
        {"since", &target.since},
        {"nextTryAt", &target.next_try_at},
        {"credentialsExpireAt", &target.credentials_expire_at},
    };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (json_get_string(json, members[i].key, members[i].value) < 0)
            return -EBADMSG;
    if (!target.name || json_get_object(json, "lastError", &error) < 0 ||
        json_get_string(error, "code", &target.error_code) < 0 ||
        json_get_string(error, "message", &target.error_message) < 0)
        return -EBADMSG;
    *ret = target;
    return 0;
}

static const struct {
    const char *name, *word;
} states[] = {
#define TARGET_STATE(symbol, name, word, phrase) {name, word},
#include "common/target-states.def"
};

bool target_view_is_ok(const TargetView *target)
{
    return !target->state || strcmp(target->state, states[0].name) == 0;
}

const char *target_view_state(const TargetView *target)
{
    for (size_t i = 0; target->state && i < sizeof(states) / sizeof(states[0]); i++)
        if (strcmp(target->state, states[i].name) == 0)
            return states[i].word;
    return target->state;
}

static const char *format_span(uint64_t from_usec, uint64_t to_usec, char *buffer)
{
    uint64_t span_usec = to_usec > from_usec ? to_usec - from_usec : 0;

    if (span_usec < USEC_PER_SEC)
        return strcpy(buffer, "now");
    return timespan_format(span_usec - span_usec % USEC_PER_SEC, buffer);
}

const char *target_view_age(const char *time, char buffer[static TIMESPAN_SIZE])
{
    uint64_t at_usec;

    if (!time || time_parse_rfc3339(time, &at_usec) < 0)
        return strcpy(buffer, "");
    return format_span(at_usec, time_now_realtime(), buffer);
}

const char *target_view_left(const char *time, char buffer[static TIMESPAN_SIZE])
{
    uint64_t at_usec;

    if (!time || time_parse_rfc3339(time, &at_usec) < 0)
        return strcpy(buffer, "");
    return format_span(time_now_realtime(), at_usec, buffer);
}
