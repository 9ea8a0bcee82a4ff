/* SPDX-License-Identifier: Apache-2.0 */
/* A clock and a random number that stand still until a test moves them. */
#pragma once

#include "daemon/base/timer.h"

typedef struct VirtualClock {
    uint64_t boottime_usec, realtime_usec;
    double random;
} VirtualClock;

static inline uint64_t virtual_boottime_usec(void *userdata)
{
    const VirtualClock *clock = userdata;

    return clock->boottime_usec;
}

static inline uint64_t virtual_realtime_usec(void *userdata)
{
    const VirtualClock *clock = userdata;

    return clock->realtime_usec;
}

static inline double virtual_uniform(void *userdata)
{
    const VirtualClock *clock = userdata;

    return clock->random;
}

static inline Clock virtual_clock(VirtualClock *clock)
{
    return (Clock){virtual_boottime_usec, virtual_realtime_usec, clock};
}

static inline Random virtual_random(VirtualClock *clock)
{
    return (Random){virtual_uniform, clock};
}

/* Lets the time go on to each timer that is due by then. */
static inline void virtual_advance(VirtualClock *clock, Timers *timers, uint64_t until_usec)
{
    while (timers_next_usec(timers) <= until_usec) {
        if (timers_next_usec(timers) > clock->boottime_usec)
            clock->boottime_usec = timers_next_usec(timers);
        timers_run(timers);
    }
    clock->boottime_usec = until_usec;
}
