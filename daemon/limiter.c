#include "daemon/limiter.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "common/time.h"

struct Limiter {
    unsigned references;
    Timers *timers;
    Timer timer; /* set while anyone waits */
    uint64_t interval_usec;
    uint64_t free_usec; /* when the next call may go, CLOCK_BOOTTIME */
    TAILQ_HEAD(LimiterQueue, LimiterWait) queue;
    uint64_t next_ticket;
};

static void limiter_arm(Limiter *limiter)
{
    if (TAILQ_EMPTY(&limiter->queue))
        timer_clear(&limiter->timer);
    else
        timer_set(&limiter->timer, limiter->free_usec);
}

static void limiter_fire(void *userdata)
{
    Limiter *limiter = userdata;
    LimiterWait *wait = TAILQ_FIRST(&limiter->queue);

    limiter->free_usec = timers_boottime_usec(limiter->timers) + limiter->interval_usec;
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
    uint64_t interval_usec = (uint64_t)ceil((double)USEC_PER_SEC / rate);

    if (limiter->free_usec > 0) /* measured from the last call, at the new rate */
        limiter->free_usec = limiter->free_usec - limiter->interval_usec + interval_usec;
    limiter->interval_usec = interval_usec;
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

uint64_t limiter_expected_usec(const LimiterWait *wait)
{
    const Limiter *limiter = wait->limiter;
    uint64_t now = timers_boottime_usec(limiter->timers);
    uint64_t first = limiter->free_usec > now ? limiter->free_usec : now;

    return first + (wait->ticket - TAILQ_FIRST(&limiter->queue)->ticket) * limiter->interval_usec;
}
