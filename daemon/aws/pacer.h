/* Spaces calls of one kind 1/rate apart (CloudTrail's quotas per account and region), first come
 * first served. A place in the queue lives inside the call that waits, so waiting cannot fail, and
 * a call that is given up leaves no hole. */
#pragma once

#include <stdint.h>
#include <sys/queue.h>

#include "daemon/base/timer.h"

typedef struct Limiter Limiter;

typedef struct LimiterWait {
    TAILQ_ENTRY(LimiterWait) entry;
    Limiter *limiter; /* NULL: not waiting */
    void (*granted)(void *userdata);
    void *userdata;
    const void *owner; /* for limiter_move() */
    uint64_t ticket;
} LimiterWait;

/* rate: calls per second. The reference returned is the only one but for those of the waiting. */
int limiter_new(Timers *timers, double rate, Limiter **ret);
void limiter_unref(Limiter *limiter); /* those who wait still get their turn; takes NULL */
void limiter_set_rate(Limiter *limiter, double rate);

/* granted() is called once, from timers_run(), when the call may go. */
void limiter_enter(Limiter *limiter, LimiterWait *wait);
void limiter_leave(LimiterWait *wait); /* takes one that does not wait */

/* The owner's calls are of the other limiter from now on: those that wait go on waiting there, in
 * their order, and what was let through before counts there too. */
void limiter_move(Limiter *limiter, const void *owner, Limiter *to);

/* When a waiting call will be let through, at the latest; CLOCK_BOOTTIME. */
uint64_t limiter_expected_usec(const LimiterWait *wait);
