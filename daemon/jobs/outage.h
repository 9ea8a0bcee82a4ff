/* SPDX-License-Identifier: Apache-2.0 */
/* A target that does not answer: its jobs wait together, and one call at a time probes for all of
 * them. A queue or a destination of outcomes is the same with what calls there in place of jobs.
 *
 * Each job takes part with an OutageWait of its own. Before a call it asks outage_enter();
 * afterwards it calls outage_answered(), outage_failed() or outage_troubled(). The wait between
 * probes doubles from 1 s to 5 min with full jitter; a job that comes when no job waits and none
 * probes is the probe at once. An answer, whatever it says and whoever asked, ends the outage for
 * all.
 *
 * One import alone may make CloudTrail fail: with an answer of 5xx, or one that cannot be read.
 * outage_troubled() holds up that job alone, for longer each time. Only where all jobs of the
 * target are in such trouble, and none has been answered since it began, it is the target's and
 * begins an outage, in which a job without trouble of its own is the next to probe, and soon. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/aws/meter.h"
#include "daemon/aws/owner.h"
#include "daemon/base/call-error.h"
#include "daemon/base/timer.h"

typedef struct Outage Outage;

/* What those that take part do; the same table for all jobs. */
typedef struct OutageHooks {
    /* Go ahead and call after that delay. Comes from timers_run(), or from within
       outage_troubled(), outage_answered() and outage_end(). */
    void (*resume)(uint64_t delay_usec, void *userdata);
    /* The target became unreachable while this one was calling: true when its call was not on the
       wire and has been given up, so that it waits with the others. NULL: it is the only one. */
    bool (*hold)(void *userdata);
} OutageHooks;

typedef struct OutageWait {
    TAILQ_ENTRY(OutageWait) entry;
    Outage *outage;
    enum { OUTAGE_APART, OUTAGE_CALLING, OUTAGE_WAITING } place;
    unsigned failures;      /* in a row, that were this job's alone or began an outage */
    uint64_t troubled_usec; /* since when its own answers are the trouble; 0: they are not */
    const OutageHooks *hooks;
    void *userdata; /* theirs */
} OutageWait;

/* Of that which is unreachable; name: copied. 0 or -ENOMEM. */
int outage_new(Timers *timers, const Random *random, AwsOwner owner, const char *name,
               Outage **ret);
Outage *outage_ref(Outage *outage);
void outage_unref(Outage *outage); /* no job may take part when the last one goes; takes NULL */

/* Where outages are noted from now on: a reference is taken. */
void outage_set_meter(Outage *outage, AwsMeter *meter);

/* True: go ahead. False: the target is unreachable, resume() will come. */
bool outage_enter(Outage *outage, OutageWait *wait);

/* How the call ended: the target is in trouble; trouble that may be this import's own; an answer.
 */
void outage_failed(OutageWait *wait, const CallError *error);
void outage_troubled(OutageWait *wait, const CallError *error);
void outage_answered(OutageWait *wait);

/* The call was given up, or the job waits no longer, and comes again; takes one that does neither.
 */
void outage_step_back(OutageWait *wait);
void outage_leave(OutageWait *wait); /* the job takes part no more; takes one that does not */

/* The target answered a call that takes no part; also while it is reachable. */
void outage_end(Outage *outage);

/* What kept it from answering may be over: the waits between probes begin again at 1 s. */
void outage_restart_waits(Outage *outage);

/* While waiting: what is wrong with the target, and when the next probe is due (CLOCK_BOOTTIME). */
const CallError *outage_error(const Outage *outage);
uint64_t outage_next_usec(const Outage *outage);

/* When the next probe is due, CLOCK_BOOTTIME; 0: none is waiting. */
uint64_t outage_probe_usec(const Outage *outage);
