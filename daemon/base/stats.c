/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/stats.h"

#include "common/json.h"

static const char *const names[N_STATS] = {
#define STAT(symbol, name) [STAT_##symbol] = name,
#include "daemon/base/stats.def"
#undef STAT
};

static uint64_t counters[N_STATS];

void stats_add(Stat stat, uint64_t n)
{
    counters[stat] += n;
}

uint64_t stats_get(Stat stat)
{
    return counters[stat];
}

int stats_to_json(json_object *object)
{
    for (Stat stat = 0; stat < N_STATS; stat++) {
        int r = json_add_int64(object, names[stat], (int64_t)counters[stat]);

        if (r < 0)
            return r;
    }
    return 0;
}
