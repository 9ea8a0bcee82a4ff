#include "daemon/aws/pacer.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/time.h"

struct Limiter {
    unsigned references;
    Timers *timers;
    Timer timer; /* set while anyone waits */
    uint64_t interval_usec;
    uint64_t last_usec; /* when the last call went, CLOCK_BOOTTIME; 0: none has */
    TAILQ_HEAD(LimiterQueue, LimiterWait) queue;
    uint64_t next_ticket;
};

/* When the next call may go. */
static uint64_t limiter_free_usec(const Limiter *limiter)
{
    return limiter->last_usec > 0 ? limiter->last_usec + limiter->interval_usec : 0;
}

static void limiter_arm(Limiter *limiter)
{
    if (TAILQ_EMPTY(&limiter->queue))
        timer_clear(&limiter->timer);
    else
        timer_set(&limiter->timer, limiter_free_usec(limiter));
}

static void limiter_fire(void *userdata)
{
    Limiter *limiter = userdata;
    LimiterWait *wait = TAILQ_FIRST(&limiter->queue);

    limiter->last_usec = timers_boottime_usec(limiter->timers);
    limiter_leave(wait); /* may have been the last reference */
    wait->granted(wait->userdata);
}

int limiter_new(Timers *timers, double rate, Limiter **ret)
{
    Limiter *limiter = malloc(sizeof(*limiter));

    if (!limiter)
        return -ENOMEM;
    *limiter = (Limiter){.references = 1, .timers = timers};
    TAILQ_INIT(&limiter->queue);
    timer_init(&limiter->timer, timers, limiter_fire, limiter);
    limiter_set_rate(limiter, rate);
    *ret = limiter;
    return 0;
}

void limiter_unref(Limiter *limiter)
{
    if (!limiter || --limiter->references > 0)
        return;
    timer_clear(&limiter->timer);
    free(limiter);
}

void limiter_set_rate(Limiter *limiter, double rate)
{
    limiter->interval_usec = (uint64_t)ceil((double)USEC_PER_SEC / rate);
    limiter_arm(limiter);
}

void limiter_enter(Limiter *limiter, LimiterWait *wait)
{
    limiter->references++;
    wait->limiter = limiter;
    wait->ticket = limiter->next_ticket++;
    TAILQ_INSERT_TAIL(&limiter->queue, wait, entry);
    limiter_arm(limiter);
}

void limiter_leave(LimiterWait *wait)
{
    Limiter *limiter = wait->limiter;

    if (!limiter)
        return;
    TAILQ_REMOVE(&limiter->queue, wait, entry);
    wait->limiter = NULL;
    limiter_arm(limiter);
    limiter_unref(limiter);
}

void limiter_move(Limiter *limiter, const void *owner, Limiter *to)
{
    LimiterWait *wait, *next;

    if (limiter->last_usec > to->last_usec)
        to->last_usec = limiter->last_usec;
    for (wait = TAILQ_FIRST(&limiter->queue); wait; wait = next) {
        next = TAILQ_NEXT(wait, entry);
        if (wait->owner != owner)
            continue;
        limiter_leave(wait);
        limiter_enter(to, wait);
    }
    limiter_arm(to);
}

uint64_t limiter_expected_usec(const LimiterWait *wait)
{
    const Limiter *limiter = wait->limiter;
    uint64_t now = timers_boottime_usec(limiter->timers), first = limiter_free_usec(limiter);

    if (first < now)
        first = now;
    return first + (wait->ticket - TAILQ_FIRST(&limiter->queue)->ticket) * limiter->interval_usec;
}
