/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop: turns, timers, signals, and what systemd is told.
 *
 * A turn waits for events, handles all that are there, fires the timers that are due, and ends with
 * turn(): the place where changes are written down together. */
#pragma once

#include <stdbool.h>

#include <event2/event.h>

#include "common/memory.h"
#include "daemon/base/timer.h"

typedef struct Loop Loop;

typedef struct LoopHandler {
    bool (*is_well)(void *userdata);   /* before the watchdog is told of a sign of life */
    int (*turn)(void *userdata);       /* negative errno ends the loop with it */
    void (*reload)(void *userdata);    /* SIGHUP */
    void (*shut_down)(void *userdata); /* SIGTERM or SIGINT */
    void *userdata;
} LoopHandler;

extern const Clock loop_clock;
extern const Random loop_random;

int loop_new(Loop **ret);
void loop_free(Loop *loop); /* takes NULL */
DEFINE_CLEANUP(Loop, loop_free)

struct event_base *loop_base(Loop *loop);
Timers *loop_timers(Loop *loop);

/* Runs until loop_stop() or an error of a turn. */
int loop_run(Loop *loop, const LoopHandler *handler);
void loop_stop(Loop *loop);
