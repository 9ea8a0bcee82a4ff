/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/pacer.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/time.h"

typedef TAILQ_HEAD(PacerWaits, PacerWait) PacerWaits;

typedef struct PacerQueue {
    PacerWaits waits;
    uint64_t next_ticket;
} PacerQueue;

struct Pacer {
    unsigned references;
    Timers *timers;
    Timer timer; /* set while anyone waits */
    uint64_t interval_usec;
    uint64_t last_usec; /* when the last call went, CLOCK_BOOTTIME; 0: none has */
    PacerQueue queues[N_PACER_CLASSES];
    unsigned jobs_in_a_row; /* that went since a client's call did */
};

static PacerWait *first_of(const Pacer *pacer, PacerClass of)
{
    return TAILQ_FIRST(&pacer->queues[of].waits);
}

static PacerWait *pacer_first(const Pacer *pacer)
{
    PacerWait *job = first_of(pacer, PACER_JOB), *client = first_of(pacer, PACER_CLIENT);

    if (!job || (client && pacer->jobs_in_a_row >= PACER_JOBS_IN_A_ROW))
        return client;
    return job;
}

/* When the next call may go. */
static uint64_t pacer_free_usec(const Pacer *pacer)
{
    return pacer->last_usec > 0 ? pacer->last_usec + pacer->interval_usec : 0;
}

static void pacer_arm(Pacer *pacer)
{
    if (pacer_first(pacer))
        timer_set(&pacer->timer, pacer_free_usec(pacer));
    else
        timer_clear(&pacer->timer);
}

static void pacer_fire(void *userdata)
{
    Pacer *pacer = userdata;
    PacerWait *wait = pacer_first(pacer);
    uint64_t now_usec = timers_boottime_usec(pacer->timers);

    assert(wait && wait->pacer == pacer);
    assert(now_usec >= pacer_free_usec(pacer));
    pacer->last_usec = now_usec;
    if (wait->of == PACER_CLIENT)
        pacer->jobs_in_a_row = 0;
    else if (pacer->jobs_in_a_row < PACER_JOBS_IN_A_ROW)
        pacer->jobs_in_a_row++;
    pacer_leave(wait); /* may have been the last reference */
    wait->granted(wait->userdata);
}

int pacer_new(Timers *timers, double rate, Pacer **ret)
{
    Pacer *pacer = malloc(sizeof(*pacer));

    if (!pacer)
        return -ENOMEM;
    *pacer = (Pacer){.references = 1, .timers = timers};
    for (PacerClass of = 0; of < N_PACER_CLASSES; of++)
        TAILQ_INIT(&pacer->queues[of].waits);
    timer_init(&pacer->timer, timers, pacer_fire, pacer);
    pacer_set_rate(pacer, rate);
    *ret = pacer;
    return 0;
}

void pacer_unref(Pacer *pacer)
{
    if (!pacer || --pacer->references > 0)
        return;
    assert(!pacer_first(pacer)); /* each of the waiting has a reference */
    timer_clear(&pacer->timer);
    free(pacer);
}

void pacer_set_rate(Pacer *pacer, double rate)
{
    assert(rate > 0);
    pacer->interval_usec = (uint64_t)ceil((double)USEC_PER_SEC / rate);
    pacer_arm(pacer);
}

void pacer_enter(Pacer *pacer, PacerWait *wait)
{
    PacerQueue *queue = &pacer->queues[wait->of];

    assert(!wait->pacer);
    pacer->references++;
    wait->pacer = pacer;
    wait->ticket = queue->next_ticket++;
    TAILQ_INSERT_TAIL(&queue->waits, wait, entry);
    pacer_arm(pacer);
}

void pacer_leave(PacerWait *wait)
{
    Pacer *pacer = wait->pacer;

    if (!pacer)
        return;
    TAILQ_REMOVE(&pacer->queues[wait->of].waits, wait, entry);
    wait->pacer = NULL;
    pacer_arm(pacer);
    pacer_unref(pacer);
}

void pacer_move(Pacer *pacer, const void *owner, Pacer *to)
{
    PacerWait *wait, *next;

    assert(pacer != to);
    if (pacer->last_usec > to->last_usec)
        to->last_usec = pacer->last_usec;
    for (PacerClass of = 0; of < N_PACER_CLASSES; of++)
        for (wait = first_of(pacer, of); wait; wait = next) {
            next = TAILQ_NEXT(wait, entry);
            if (wait->owner != owner)
                continue;
            pacer_leave(wait);
            pacer_enter(to, wait);
        }
    pacer_arm(to);
}

/* How many calls of that class wait before the ticket; those that left still count. */
static uint64_t count_before(const Pacer *pacer, PacerClass of, uint64_t ticket)
{
    const PacerWait *first = first_of(pacer, of);

    return first && ticket > first->ticket ? ticket - first->ticket : 0;
}

/* The same of all calls that go before a waiting one. */
static uint64_t count_all_before(const PacerWait *wait)
{
    const Pacer *pacer = wait->pacer;
    PacerClass other = wait->of == PACER_JOB ? PACER_CLIENT : PACER_JOB;
    uint64_t before = count_before(pacer, wait->of, wait->ticket);
    uint64_t others = count_before(pacer, other, pacer->queues[other].next_ticket);
    uint64_t in_between = wait->of == PACER_JOB
                              ? (pacer->jobs_in_a_row + before) / PACER_JOBS_IN_A_ROW
                              : (before + 1) * PACER_JOBS_IN_A_ROW - pacer->jobs_in_a_row;

    return before + (in_between < others ? in_between : others);
}

uint64_t pacer_expected_usec(const PacerWait *wait)
{
    const Pacer *pacer = wait->pacer;
    uint64_t now = timers_boottime_usec(pacer->timers), first = pacer_free_usec(pacer);

    if (first < now)
        first = now;
    return first + count_all_before(wait) * pacer->interval_usec;
}

PacerPlace pacer_place(const PacerWait *wait)
{
    return (PacerPlace){
        .before = count_all_before(wait),
        .interval_usec = wait->pacer->interval_usec,
    };
}
