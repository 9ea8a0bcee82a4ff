/* SPDX-License-Identifier: Apache-2.0 */
/* How what an outage is about is doing, as the interface shows it. */
#pragma once

#include "daemon/jobs/outage.h"

/* Adds state, since, nextTryAt and lastError, as far as there are any, as Target and Queue of the
 * Varlink interface have them. The meter is that in which the outage is noted. 0 or -ENOMEM. */
int outage_add_state(const Outage *outage, const AwsMeter *meter, json_object *object);

/* Adds a point in time as RFC 3339; none for 0. 0 or -ENOMEM. */
int outage_add_time(json_object *object, const char *key, uint64_t realtime_usec);
