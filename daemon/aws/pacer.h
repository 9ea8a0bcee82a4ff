/* SPDX-License-Identifier: Apache-2.0 */
/* Spaces calls of one kind 1/rate apart (CloudTrail's quotas per account and region).
 *
 * What jobs ask goes before what clients ask, so that no client keeps a job from being polled when
 * it is due; within each, first come, first served. Clients are not kept waiting for ever either:
 * after PACER_JOBS_IN_A_ROW calls of jobs one of theirs goes, if any waits.
 *
 * A place in the queue lives inside the call that waits, so waiting cannot fail, and a call that is
 * given up leaves no hole. */
#pragma once

#include <stdint.h>
#include <sys/queue.h>

#include "daemon/base/timer.h"

#define PACER_JOBS_IN_A_ROW 9U

typedef enum PacerClass { PACER_JOB, PACER_CLIENT, N_PACER_CLASSES } PacerClass;

typedef struct Pacer Pacer;

typedef struct PacerWait {
    TAILQ_ENTRY(PacerWait) entry;
    Pacer *pacer; /* NULL: not waiting */
    PacerClass of;
    void (*granted)(void *userdata);
    void *userdata;
    const void *owner; /* for pacer_move() */
    uint64_t ticket;
} PacerWait;

/* rate: calls per second. The caller's reference is the only one except for those of the waiting.
 * 0 or -ENOMEM. */
int pacer_new(Timers *timers, double rate, Pacer **ret);
void pacer_unref(Pacer *pacer); /* those that wait still get their turn; takes NULL */
void pacer_set_rate(Pacer *pacer, double rate);

/* granted() is called once, from timers_run(), when the call may go. */
void pacer_enter(Pacer *pacer, PacerWait *wait);
void pacer_leave(PacerWait *wait); /* takes one that does not wait */

/* The owner's calls are of the other pacer from now on: those that wait go on waiting there, in
 * their order, and what was let through before counts there too. */
void pacer_move(Pacer *pacer, const void *owner, Pacer *to);

/* When a waiting call will be let through; CLOCK_BOOTTIME. At the latest, unless calls that go
 * first come after it. */
uint64_t pacer_expected_usec(const PacerWait *wait);

/* How many calls go before a waiting one, and how far they are apart. Likewise. */
typedef struct PacerPlace {
    uint64_t before;
    uint64_t interval_usec;
} PacerPlace;
PacerPlace pacer_place(const PacerWait *wait);
