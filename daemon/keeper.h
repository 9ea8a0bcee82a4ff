/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the store: saves what changed at the end of each turn, tries again while that fails, and
 * forgets jobs that ended long ago. An outage of the store is logged once. */
#pragma once

#include "daemon/jobs/retention.h"
#include "daemon/server/methods.h"

typedef struct Keeper {
    Service *service; /* store_failing is the keeper's */
    Retention retention;
    Timer retry_timer; /* set while changes could not be saved */
    Timer purge_timer; /* the next finished job is to be forgotten */
    int error;         /* negative errno: nothing may be acknowledged any more */
} Keeper;

void keeper_init(Keeper *keeper, Service *service, Timers *timers);
void keeper_clear(Keeper *keeper);

/* Everything that changed goes to disk, then to whoever follows it. 1: something changed, and is on
 * disk or tried again; 0: nothing did; negative errno: the daemon has to end. */
int keeper_commit(Keeper *keeper);

/* Forgets jobs that ended longer ago than keep-finished, and comes back for the next. */
void keeper_purge(Keeper *keeper);
