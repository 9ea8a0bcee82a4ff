/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/log-limit.h"

#include "common/time.h"

#define INTERVAL_USEC USEC_PER_SEC

bool log_limit_take(LogLimit *limit, unsigned *ret_left_out)
{
    uint64_t now_usec = time_now_boottime();

    if (limit->last_usec > 0 && now_usec - limit->last_usec < INTERVAL_USEC) {
        limit->n_left_out++;
        return false;
    }
    *ret_left_out = limit->n_left_out;
    *limit = (LogLimit){.last_usec = now_usec};
    return true;
}
