/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/retention.h"

#include "common/time.h"

#define INTERVAL_USEC (USEC_PER_SEC / 10) /* at least, between two purges */
#define AT_ONCE_MAX 500U
#define JUMP_USEC USEC_PER_MINUTE /* a clock that is put right little by little goes less far */

uint64_t retention_limit_usec(Retention *retention, uint64_t keep_usec, uint64_t realtime_usec,
                              uint64_t boottime_usec)
{
    uint64_t went_on_usec = time_since(retention->seen_usec, realtime_usec);
    uint64_t passed_usec = retention->seen_boottime_usec > 0
                               ? time_since(retention->seen_boottime_usec, boottime_usec)
                               : keep_usec; /* for so long, the daemon may well have been off */

    if (retention->seen_usec > 0 && time_since(passed_usec, went_on_usec) > JUMP_USEC)
        retention->held_until_usec = boottime_usec + keep_usec;
    retention->seen_usec = realtime_usec;
    retention->seen_boottime_usec = boottime_usec;
    return boottime_usec < retention->held_until_usec ? 0 : time_since(keep_usec, realtime_usec);
}

int retention_purge(Retention *retention, Store *store, const Clock *clock, uint64_t keep_usec,
                    uint64_t *ret_delay_usec)
{
    uint64_t now_usec = clock->realtime_usec(clock->userdata);
    uint64_t boottime_usec = clock->boottime_usec(clock->userdata);
    uint64_t limit_usec = retention_limit_usec(retention, keep_usec, now_usec, boottime_usec);
    uint64_t oldest_usec = 0, delay_usec = keep_usec;
    int r = 0;

    if (limit_usec > 0)
        r = store_purge(store, limit_usec, AT_ONCE_MAX, &oldest_usec);
    else if (retention->held_until_usec > boottime_usec)
        delay_usec = retention->held_until_usec - boottime_usec;
    if (r < 0)
        delay_usec = 0;
    else if (oldest_usec > 0)
        delay_usec = time_since(now_usec, oldest_usec + keep_usec);
    *ret_delay_usec = delay_usec < INTERVAL_USEC ? INTERVAL_USEC : delay_usec;
    return r;
}
