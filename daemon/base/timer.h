/* SPDX-License-Identifier: Apache-2.0 */
/* One-shot timers on CLOCK_BOOTTIME, kept in a heap that needs no memory of its own.
 *
 * The clock is given, so that the same code runs on a virtual clock in the model tests. A Timer
 * lives inside the object that waits; setting it cannot fail. Callbacks run from timers_run() only,
 * never from timer_set(), so that setting a timer to "now" is the way to do something soon but not
 * recursively. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef struct Clock {
    uint64_t (*boottime_usec)(void *userdata); /* waits and deadlines: knows no jumps */
    uint64_t (*realtime_usec)(void *userdata); /* what is shown, stored and signed */
    void *userdata;
} Clock;

/* Uniform in [0, 1). Injected for the same reason as the clock. */
typedef struct Random {
    double (*uniform)(void *userdata);
    void *userdata;
} Random;

typedef struct Timers Timers;

typedef struct Timer {
    Timers *timers;
    void (*fire)(void *userdata);
    void *userdata;
    uint64_t at_usec; /* CLOCK_BOOTTIME; meaningful while set */
    bool set;
    struct Timer *child, *sibling,
        *previous; /* pairing heap; previous: elder sibling, else parent */
} Timer;

#define TIMER_NEVER UINT64_MAX

int timers_new(const Clock *clock, Timers **ret);
void timers_free(Timers *timers);

uint64_t timers_boottime_usec(const Timers *timers);
uint64_t timers_realtime_usec(const Timers *timers);

/* When the earliest timer is due, TIMER_NEVER where none is set. */
uint64_t timers_next_usec(const Timers *timers);

/* Fires each timer that is due now; those set to "now" meanwhile fire in the next run. */
void timers_run(Timers *timers);

/* The same for so long, one at least: what is left is due at once. */
void timers_run_for(Timers *timers, uint64_t usec);

void timer_init(Timer *timer, Timers *timers, void (*fire)(void *userdata), void *userdata);
void timer_set(Timer *timer, uint64_t at_usec);
void timer_clear(Timer *timer); /* takes a timer that is not set, or all zero */
