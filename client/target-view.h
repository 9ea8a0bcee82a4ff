/* SPDX-License-Identifier: Apache-2.0 */
/* What a Target of the interface says, taken out of its JSON for showing and judging it. */
#pragma once

#include <stdbool.h>

#include <json-c/json.h>

#include "common/time.h"

/* Strings are borrowed from the JSON; NULL: absent. */
typedef struct TargetView {
    const char *name, *region, *endpoint, *credentials, *role_arn;
    const char *state, *since, *next_try_at, *credentials_expire_at;
    const char *error_code, *error_message; /* lastError */
} TargetView;

/* 0, or -EBADMSG: it is not a Target. */
int target_view_read(json_object *json, TargetView *ret);

bool target_view_is_ok(const TargetView *target);

/* The state for people, e.g. "no credentials"; one of a later version as it is; NULL: absent. */
const char *target_view_state(const TargetView *target);

/* How long ago a time of RFC 3339 was, or how long it is until then, in whole seconds; "" where it
 * is absent, "now" where that is less than a second. Returns the buffer. */
const char *target_view_age(const char *time, char buffer[static TIMESPAN_SIZE]);
const char *target_view_left(const char *time, char buffer[static TIMESPAN_SIZE]);
