/* SPDX-License-Identifier: Apache-2.0 */
/* How long jobs that ended are kept, by a wall clock that may jump.
 *
 * After a jump ahead nothing is forgotten before the time to keep has really passed: what ended
 * before the jump is not as old as it looks, and the clock may go back. So that a turn is short,
 * some jobs are forgotten at a time. */
#pragma once

#include "daemon/base/timer.h"
#include "daemon/jobs/store.h"

/* Begin with seen_usec the time of the store's last change, the rest 0. */
typedef struct Retention {
    uint64_t seen_usec;          /* CLOCK_REALTIME when it was looked at last; 0: never */
    uint64_t seen_boottime_usec; /* and CLOCK_BOOTTIME then; 0: of a run before this one */
    uint64_t held_until_usec;    /* CLOCK_BOOTTIME */
} Retention;

/* Jobs that ended before this may be forgotten now (CLOCK_REALTIME); 0: none. */
uint64_t retention_limit_usec(Retention *retention, uint64_t keep_usec, uint64_t realtime_usec,
                              uint64_t boottime_usec);

/* Forgets jobs that ended longer ago than keep_usec; *ret_delay_usec is after how long to come
 * again, also where it fails. As store_purge(). */
int retention_purge(Retention *retention, Store *store, const Clock *clock, uint64_t keep_usec,
                    uint64_t *ret_delay_usec);
