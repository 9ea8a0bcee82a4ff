/* SPDX-License-Identifier: Apache-2.0 */
/* The queues of the configuration, at work, and the book of what they hold. */
#pragma once

#include "daemon/queue/queue.h"

typedef struct QueueSet QueueSet;

/* What it works with; outlives it. */
typedef struct QueueSetContext {
    Timers *timers;
    const Clock *clock; /* the timers' own */
    const Random *random;
    HttpClient *http; /* for queues alone: each has a call that waits for messages at any time */
    struct event_base *base;
    Registry *registry;
    Store *store;
    Outbox *outbox; /* NULL: there are no outcomes */
    Target *(*find_target)(const char *name, void *userdata);
    void *userdata;
} QueueSetContext;

/* Nothing is received before queue_set_start(). 0 or negative errno. */
int queue_set_new(const QueueSetContext *context, const Config *config, QueueSet **ret);
void queue_set_free(QueueSet *set); /* before the registry; takes NULL and half-built ones */
DEFINE_CLEANUP(QueueSet, queue_set_free)

/* Once the registry has the jobs of before, and before any of them calls: what their queues held
 * goes on, and the queues begin to receive. 0, or negative errno of the store. */
int queue_set_start(QueueSet *set);

/* A reload in two steps, so that the first may fail (negative errno) with nothing changed. What
 * queues hold that are not there any more is given back. */
typedef struct QueuePlan QueuePlan;
int queue_set_plan(QueueSet *set, const Config *config, QueuePlan **ret);
void queue_set_adopt(QueueSet *set, QueuePlan *plan); /* frees the plan */
void queue_plan_free(QueuePlan *plan);                /* takes NULL */
DEFINE_CLEANUP(QueuePlan, queue_plan_free)

/* Ends the jobs of messages whose time is over. See lease_book_end_due(). */
void queue_set_end_due(QueueSet *set);

/* At a shutdown: nothing more is received. Then, for each turn, before what changed is saved: gives
 * back what is held. True: some of that is still under way. */
void queue_set_shut_down(QueueSet *set);
bool queue_set_finish(QueueSet *set);

/* Those of the configuration. */
size_t queue_set_size(const QueueSet *set);
const Queue *queue_set_get(const QueueSet *set, size_t i);

/* How many queues are in this state; how many jobs go back to their queues at a shutdown. */
unsigned queue_set_count(const QueueSet *set, TargetState state);
unsigned queue_set_count_jobs(const QueueSet *set);
