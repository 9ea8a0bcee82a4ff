/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/log-limit.h"

#include "common/time.h"

#define INTERVAL_USEC USEC_PER_SEC

static void begin_second(LogLimit *limit, uint64_t now_usec)
{
    uint64_t n_seconds = (now_usec - limit->began_usec) / INTERVAL_USEC;
    uint64_t n_unused = n_seconds * limit->burst -
                        (limit->n_logged < limit->burst ? limit->n_logged : limit->burst);

    limit->n_spent -= n_unused < limit->n_spent ? (unsigned)n_unused : limit->n_spent;
    limit->began_usec = now_usec;
    limit->n_logged = 0;
}

bool log_limit_take(LogLimit *limit, uint64_t now_usec, unsigned *ret_left_out)
{
    if (limit->began_usec == 0 || now_usec - limit->began_usec >= INTERVAL_USEC)
        begin_second(limit, now_usec);
    if (limit->n_logged > 0 && limit->n_logged >= limit->burst) {
        if (limit->n_spent == limit->reserve) {
            limit->n_left_out++;
            return false;
        }
        limit->n_spent++;
    }
    limit->n_logged++;
    *ret_left_out = limit->n_left_out;
    limit->n_left_out = 0;
    return true;
}
