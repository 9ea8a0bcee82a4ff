/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of what the daemon did since it started. */
#pragma once

#include <stdint.h>

#include <json-c/json.h>

typedef enum Stat {
#define STAT(symbol, name) STAT_##symbol,
#include "daemon/base/stats.def"
#undef STAT
    N_STATS
} Stat;

void stats_add(Stat stat, uint64_t n);
uint64_t stats_get(Stat stat);

/* Adds every counter as a member. 0 or -ENOMEM. */
int stats_to_json(json_object *object);
