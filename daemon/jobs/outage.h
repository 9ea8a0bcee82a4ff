/* SPDX-License-Identifier: Apache-2.0 */
/* A target that does not answer: its jobs wait together, and one call at a time probes for all of
 * them.
 *
 * Each job takes part with an OutageWait of its own. Before a call it asks outage_enter();
 * afterwards it says outage_failed() or outage_answered(). The wait between probes doubles from 1 s
 * to 5 min with full jitter; who comes when nobody waits and nobody probes is the probe at once. An
 * answer, whatever it says and whoever asked, ends the outage for all. Where it was one import
 * alone that made CloudTrail fail, the job that began the outage does not go with the others but
 * waits longer each time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/aws/meter.h"
#include "daemon/base/call-error.h"
#include "daemon/base/timer.h"

typedef struct Outage Outage;

typedef struct OutageWait {
    TAILQ_ENTRY(OutageWait) entry;
    Outage *outage;
    enum { OUTAGE_APART, OUTAGE_CALLING, OUTAGE_WAITING } place;
    unsigned begun; /* outages in a row that this job's calls began */
    /* Go ahead and call after that delay. Comes from timers_run(), or from within
       outage_answered() and outage_end(). */
    void (*resume)(uint64_t delay_usec, void *userdata);
    /* The target went out while this one was calling: true when its call was not on the wire and
       has been given up, so that it waits with the others. */
    bool (*hold)(void *userdata);
    void *userdata;
} OutageWait;

int outage_new(Timers *timers, const Random *random, const char *target, Outage **ret);
Outage *outage_ref(Outage *outage);
void outage_unref(Outage *outage); /* nobody may take part when the last one goes; takes NULL */

/* Where outages are noted from now on: a reference is taken. */
void outage_set_meter(Outage *outage, AwsMeter *meter);

/* True: go ahead. False: the target is out, resume() will come. */
bool outage_enter(Outage *outage, OutageWait *wait);
void outage_failed(OutageWait *wait, const CallError *error);
void outage_answered(OutageWait *wait);
void outage_leave(OutageWait *wait); /* the job takes part no more; takes one that does not */

/* The target answered somebody who takes no part; also while it is not out. */
void outage_end(Outage *outage);

/* What it was out with may have been mended: the waits between probes begin anew at 1 s. */
void outage_restart_waits(Outage *outage);

/* While waiting: what the target is out with, and when the next probe is due (CLOCK_BOOTTIME). */
const CallError *outage_error(const Outage *outage);
uint64_t outage_next_usec(const Outage *outage);

/* When the next probe is due, CLOCK_BOOTTIME; 0: none is waiting. */
uint64_t outage_probe_usec(const Outage *outage);
