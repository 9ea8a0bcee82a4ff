/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/pacer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/time.h"

struct Pacer {
    unsigned references;
    Timers *timers;
    Timer timer; /* set while anyone waits */
    uint64_t interval_usec;
    uint64_t last_usec; /* when the last call went, CLOCK_BOOTTIME; 0: none has */
    TAILQ_HEAD(PacerQueue, PacerWait) queue;
    uint64_t next_ticket;
};

/* When the next call may go. */
static uint64_t pacer_free_usec(const Pacer *pacer)
{
    return pacer->last_usec > 0 ? pacer->last_usec + pacer->interval_usec : 0;
}

static void pacer_arm(Pacer *pacer)
{
    if (TAILQ_EMPTY(&pacer->queue))
        timer_clear(&pacer->timer);
    else
        timer_set(&pacer->timer, pacer_free_usec(pacer));
}

static void pacer_fire(void *userdata)
{
    Pacer *pacer = userdata;
    PacerWait *wait = TAILQ_FIRST(&pacer->queue);

    pacer->last_usec = timers_boottime_usec(pacer->timers);
    pacer_leave(wait); /* may have been the last reference */
    wait->granted(wait->userdata);
}

int pacer_new(Timers *timers, double rate, Pacer **ret)
{
    Pacer *pacer = malloc(sizeof(*pacer));

    if (!pacer)
        return -ENOMEM;
    *pacer = (Pacer){.references = 1, .timers = timers};
    TAILQ_INIT(&pacer->queue);
    timer_init(&pacer->timer, timers, pacer_fire, pacer);
    pacer_set_rate(pacer, rate);
    *ret = pacer;
    return 0;
}

void pacer_unref(Pacer *pacer)
{
    if (!pacer || --pacer->references > 0)
        return;
    timer_clear(&pacer->timer);
    free(pacer);
}

void pacer_set_rate(Pacer *pacer, double rate)
{
    pacer->interval_usec = (uint64_t)ceil((double)USEC_PER_SEC / rate);
    pacer_arm(pacer);
}

void pacer_enter(Pacer *pacer, PacerWait *wait)
{
    pacer->references++;
    wait->pacer = pacer;
    wait->ticket = pacer->next_ticket++;
    TAILQ_INSERT_TAIL(&pacer->queue, wait, entry);
    pacer_arm(pacer);
}

void pacer_leave(PacerWait *wait)
{
    Pacer *pacer = wait->pacer;

    if (!pacer)
        return;
    TAILQ_REMOVE(&pacer->queue, wait, entry);
    wait->pacer = NULL;
    pacer_arm(pacer);
    pacer_unref(pacer);
}

void pacer_move(Pacer *pacer, const void *owner, Pacer *to)
{
    PacerWait *wait, *next;

    if (pacer->last_usec > to->last_usec)
        to->last_usec = pacer->last_usec;
    for (wait = TAILQ_FIRST(&pacer->queue); wait; wait = next) {
        next = TAILQ_NEXT(wait, entry);
        if (wait->owner != owner)
            continue;
        pacer_leave(wait);
        pacer_enter(to, wait);
    }
    pacer_arm(to);
}

uint64_t pacer_expected_usec(const PacerWait *wait)
{
    const Pacer *pacer = wait->pacer;
    uint64_t now = timers_boottime_usec(pacer->timers), first = pacer_free_usec(pacer);

    if (first < now)
        first = now;
    return first + (wait->ticket - TAILQ_FIRST(&pacer->queue)->ticket) * pacer->interval_usec;
}
