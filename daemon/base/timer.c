/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/timer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

struct Timers {
    Clock clock;
    Timer *root;              /* the earliest; a pairing heap (Fredman et al., 1986) below it */
    uint64_t not_before_usec; /* while timers run: what is set now is for the next run */
};

int timers_new(const Clock *clock, Timers **ret)
{
    Timers *timers = malloc(sizeof(*timers));

    if (!timers)
        return -ENOMEM;
    *timers = (Timers){.clock = *clock};
    *ret = timers;
    return 0;
}

void timers_free(Timers *timers)
{
    free(timers);
}

uint64_t timers_boottime_usec(const Timers *timers)
{
    return timers->clock.boottime_usec(timers->clock.userdata);
}

uint64_t timers_realtime_usec(const Timers *timers)
{
    return timers->clock.realtime_usec(timers->clock.userdata);
}

uint64_t timers_next_usec(const Timers *timers)
{
    return timers->root ? timers->root->at_usec : TIMER_NEVER;
}

/* Joins two heaps: the later root becomes the first child of the earlier one. */
static Timer *heap_meld(Timer *a, Timer *b)
{
    assert((!a || !a->sibling) && (!b || !b->sibling)); /* two roots */
    if (!a || !b)
        return a ? a : b;
    assert(a != b);
    if (b->at_usec < a->at_usec) {
        Timer *earlier = b;

        b = a;
        a = earlier;
    }
    b->previous = a;
    b->sibling = a->child;
    if (a->child)
        a->child->previous = b;
    a->child = b;
    a->sibling = a->previous = NULL;
    return a;
}

/* Joins a list of siblings: neighbours in pairs from the left, then the pairs from the right. */
static Timer *heap_meld_siblings(Timer *first)
{
    Timer *pairs = NULL, *heap = NULL;

    while (first) {
        Timer *a = first, *b = a->sibling;

        first = b ? b->sibling : NULL;
        a->sibling = a->previous = NULL;
        if (b)
            b->sibling = b->previous = NULL;
        a = heap_meld(a, b);
        a->sibling = pairs;
        pairs = a;
    }
    while (pairs) {
        Timer *next = pairs->sibling;

        pairs->sibling = NULL;
        heap = heap_meld(heap, pairs);
        pairs = next;
    }
    return heap;
}

static void heap_remove(Timers *timers, Timer *timer)
{
    Timer *children = heap_meld_siblings(timer->child);

    assert(timer->set && (timer == timers->root) == !timer->previous);
    if (timer == timers->root) {
        timers->root = children;
    } else {
        if (timer->previous->child == timer)
            timer->previous->child = timer->sibling;
        else
            timer->previous->sibling = timer->sibling;
        if (timer->sibling)
            timer->sibling->previous = timer->previous;
        timers->root = heap_meld(timers->root, children);
    }
    timer->child = timer->sibling = timer->previous = NULL;
}

void timers_run_for(Timers *timers, uint64_t usec)
{
    uint64_t now = timers_boottime_usec(timers);

    assert(timers->not_before_usec == 0); /* never from within a timer */
    timers->not_before_usec = now + 1;
    while (timers->root && timers->root->at_usec <= now) {
        Timer *timer = timers->root;

        assert(timer->set);
        timer_clear(timer);
        timer->fire(timer->userdata);
        if (timers_boottime_usec(timers) - now >= usec)
            break;
    }
    timers->not_before_usec = 0;
}

void timers_run(Timers *timers)
{
    timers_run_for(timers, UINT64_MAX);
}

void timer_init(Timer *timer, Timers *timers, void (*fire)(void *userdata), void *userdata)
{
    *timer = (Timer){.timers = timers, .fire = fire, .userdata = userdata};
}

void timer_set(Timer *timer, uint64_t at_usec)
{
    Timers *timers = timer->timers;

    assert(timers && timer->fire);
    timer_clear(timer);
    timer->at_usec = at_usec < timers->not_before_usec ? timers->not_before_usec : at_usec;
    timer->set = true;
    timers->root = heap_meld(timers->root, timer);
}

void timer_clear(Timer *timer)
{
    if (!timer->set)
        return;
    heap_remove(timer->timers, timer);
    timer->set = false;
}
