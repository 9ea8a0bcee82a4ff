/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: turns, timers, signals, and signs of life for systemd.
 *
 * A turn waits for events, handles each that is ready once, fires the timers that are due, and ends
 * with turn(): the place where changes are written down together. It is short whatever anyone
 * outside does, so a handler takes a bounded share of what is ready. Whoever leaves work over asks
 * for the next turn at once: turn() by its answer, others by a timer set to now. That turn looks at
 * all descriptors, timers and signals again before it goes on. */
#pragma once

#include <stdbool.h>

#include <event2/event.h>

#include "common/memory.h"
#include "daemon/base/timer.h"

typedef struct Loop Loop;

#define LOOP_BUSY 1

/* Of a list that may be very long, such as all jobs, so many are dealt with in one turn. Each takes
 * a microsecond or less. */
#define LOOP_SHARE_MAX 1000U

typedef struct LoopHandler {
    bool (*is_well)(void *userdata); /* asked before each sign of life for the watchdog */
    /* 0; LOOP_BUSY where work is left that waits for nothing: the next turn does not wait either;
     * negative errno ends the loop with it. */
    int (*turn)(void *userdata);
    void (*reload)(void *userdata);    /* SIGHUP */
    void (*shut_down)(void *userdata); /* SIGTERM or SIGINT */
    void *userdata;
} LoopHandler;

extern const Clock loop_clock;
extern const Random loop_random;

/* From now on SIGTERM, SIGINT and SIGHUP wait for loop_run(), and again when it has returned: for
 * the beginning of the process. */
void loop_hold_signals(void);

int loop_new(Loop **ret);
void loop_free(Loop *loop); /* takes NULL */
DEFINE_CLEANUP(Loop, loop_free)

struct event_base *loop_base(Loop *loop);
Timers *loop_timers(Loop *loop);

/* For the handler of a descriptor that may have much to do, at its beginning and at its end: where
 * this pass has taken long, the others that are ready wait for the next turn. */
void loop_begin_work(void);
void loop_end_work(struct event_base *base);

/* Runs until loop_stop() or an error of a turn. */
int loop_run(Loop *loop, const LoopHandler *handler);
void loop_stop(Loop *loop);
