/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/log-limit.h"

#include "common/time.h"

#define INTERVAL_USEC USEC_PER_SEC

bool log_limit_take(LogLimit *limit, uint64_t now_usec, unsigned *ret_left_out)
{
    if (limit->began_usec == 0 || now_usec - limit->began_usec >= INTERVAL_USEC) {
        limit->began_usec = now_usec;
        limit->n_logged = 0;
    }
    if (limit->n_logged > 0 && limit->n_logged >= limit->burst) {
        limit->n_left_out++;
        return false;
    }
    limit->n_logged++;
    *ret_left_out = limit->n_left_out;
    limit->n_left_out = 0;
    return true;
}
