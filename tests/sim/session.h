/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions: credentials of a role that expire, as STS and the metadata services hand them out. The
 * services take them like those of any account, for as long as they last. */
#pragma once

#include "tests/sim/call.h"

/* Begins a session of the role for the call; seconds count unless the settings say otherwise, and
 * the end is at a full second. 0; -EINVAL: that is not a role's ARN; -ENOMEM. */
int session_new(SimCall *call, const char *role_arn, double seconds, const Account **ret);

/* Adds the four members that all services have in common; the token goes by different names. 0 or
 * -ENOMEM. */
int session_add(json_object *object, const Account *session, const char *token_name);

/* "2026-11-22T12:23:45Z" */
#define SESSION_TIME_SIZE sizeof("2026-11-22T12:23:45Z")
const char *session_format_time(uint64_t realtime_usec, char buffer[static SESSION_TIME_SIZE]);
