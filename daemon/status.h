/* SPDX-License-Identifier: Apache-2.0 */
/* The line that systemctl status shows of the daemon, sent when it changes and no more than once a
 * second. */
#pragma once

#include "daemon/server/methods.h"

/* How many are in each state. */
typedef struct StatusCounts {
    unsigned jobs[N_JOB_STATES];
    unsigned targets[N_TARGET_STATES];
    unsigned queues[N_TARGET_STATES];
} StatusCounts;

typedef struct Status {
    const Service *service;
    Timer timer; /* set since systemd was last notified */
    StatusCounts shown;
} Status;

void status_init(Status *status, const Service *service, Timers *timers);
void status_clear(Status *status);

/* For each turn of the loop. */
void status_update(Status *status);
