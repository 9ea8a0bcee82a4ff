/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/long-poll.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "tests/sim/client-watch.h"
#include "tests/sim/clock.h"

typedef struct LongPoll {
    TAILQ_ENTRY(LongPoll) link;
    LongPolls *polls;
    SimCall *call;
    struct event *timer;
    ClientWatch *watch;
} LongPoll;

struct LongPolls {
    struct event_base *base;
    bool (*retry)(SimCall *call);
    TAILQ_HEAD(LongPollList, LongPoll) waiting;
};

int long_polls_new(struct event_base *base, bool (*retry)(SimCall *call), LongPolls **ret)
{
    LongPolls *polls = calloc(1, sizeof(*polls));
    if (!polls)
        return -ENOMEM;
    polls->base = base;
    polls->retry = retry;
    TAILQ_INIT(&polls->waiting);
    *ret = polls;
    return 0;
}

static void free_poll(LongPoll *poll)
{
    TAILQ_REMOVE(&poll->polls->waiting, poll, link);
    if (poll->timer)
        event_free(poll->timer);
    client_watch_free(poll->watch);
    free(poll);
}

void long_polls_free(LongPolls *polls)
{
    LongPoll *poll;

    if (!polls)
        return;
    while ((poll = TAILQ_FIRST(&polls->waiting))) {
        call_free(poll->call);
        free_poll(poll);
    }
    free(polls);
}

static int set_timer(LongPoll *poll)
{
    uint64_t wait_usec = time_since(clock_monotonic_usec(), poll->call->again_usec);
    const struct timeval timeout = {.tv_sec = (time_t)(wait_usec / USEC_PER_SEC),
                                    .tv_usec = (suseconds_t)(wait_usec % USEC_PER_SEC)};

    return evtimer_add(poll->timer, &timeout) < 0 ? -ENOMEM : 0;
}

static void retry(LongPoll *poll)
{
    if (poll->polls->retry(poll->call))
        free_poll(poll);
    else
        (void)set_timer(poll);
}

static void time_has_come(evutil_socket_t fd, short what, void *userdata)
{
    (void)fd, (void)what;
    retry(userdata);
}

static void client_gone(void *userdata)
{
    LongPoll *poll = userdata;
    SimCall *call = poll->call;

    free_poll(poll);
    record_answer(call->sim->record, call->sequence, 0);
    client_close(call->request);
    call_free(call);
}

static int set_events(LongPoll *poll)
{
    struct event_base *base = poll->polls->base;

    poll->timer = evtimer_new(base, time_has_come, poll);
    if (!poll->timer)
        return -ENOMEM;
    if (!poll->call->sim->settings.polls_outlive_clients &&
        client_watch_new(base, poll->call->request, client_gone, poll, &poll->watch) < 0)
        return -ENOMEM;
    return set_timer(poll);
}

int long_polls_add(LongPolls *polls, SimCall *call)
{
    LongPoll *poll = calloc(1, sizeof(*poll));
    int r;

    if (!poll)
        return -ENOMEM;
    poll->polls = polls;
    poll->call = call;
    TAILQ_INSERT_TAIL(&polls->waiting, poll, link);
    r = set_events(poll);
    if (r < 0)
        free_poll(poll);
    return r;
}

void long_polls_retry(LongPolls *polls)
{
    LongPoll *poll, *next;

    for (poll = TAILQ_FIRST(&polls->waiting); poll; poll = next) {
        next = TAILQ_NEXT(poll, link);
        retry(poll);
    }
}
