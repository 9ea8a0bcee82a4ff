/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/queue/queue-set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/time.h"
#include "daemon/credentials/profile-share.h"
#include "daemon/jobs/aws-connection.h"

#define SWEEP_USEC USEC_PER_SEC

struct QueueSet {
    QueueContext context; /* of the queues */
    AwsContext aws;
    AwsMeters meters;
    Queue **queues; /* in the order of the configuration */
    size_t n_queues;
    bool started;
    LIST_HEAD(, Queue) leaving; /* no longer named, but not all that they hold is given back */
    Timer sweep_timer;          /* one of them may have nothing left */
};

struct QueuePlan {
    const Config *config;
    Queue **queues; /* all of it */
};

static void queue_set_sweep_soon(QueueSet *set)
{
    if (!LIST_EMPTY(&set->leaving) && !set->sweep_timer.set)
        timer_set(&set->sweep_timer, timers_boottime_usec(set->context.timers));
}

static void free_queues(Queue **queues, size_t n_queues)
{
    for (size_t i = 0; i < n_queues; i++)
        queue_free(queues[i]);
    free(queues);
}

/* There may be room for messages, and a queue may have nothing left. */
static void on_room(void *userdata)
{
    QueueSet *set = userdata;

    for (size_t i = 0; i < set->n_queues; i++)
        queue_wake(set->queues[i]);
    queue_set_sweep_soon(set);
}

/* ---- a configuration ---- */

static int build_queue(const QueueSet *set, const Config *config, const QueueConfig *queue,
                       Queue **ret)
{
    AwsClient *client;
    int r = aws_connection_new(&set->aws, config, &queue->account, SQS_SERVICE, queue->endpoint,
                               NULL, &client);

    if (r < 0)
        return r;
    r = queue_new(&set->context, queue, client, ret);
    aws_client_unref(client);
    return r;
}

void queue_plan_free(QueuePlan *plan)
{
    if (!plan)
        return;
    free_queues(plan->queues, plan->queues ? plan->config->n_queues : 0);
    free(plan);
}

int queue_set_plan(QueueSet *set, const Config *config, QueuePlan **ret)
{
    CLEANUP(queue_plan_freep) QueuePlan *plan = calloc(1, sizeof(*plan));

    if (!plan)
        return -ENOMEM;
    plan->config = config;
    plan->queues = calloc(config->n_queues + 1, sizeof(plan->queues[0]));
    if (!plan->queues)
        return -ENOMEM;
    for (size_t i = 0; i < config->n_queues; i++) {
        int r = build_queue(set, config, config->queues[i], &plan->queues[i]);

        if (r < 0)
            return r;
    }
    *ret = TAKE(plan);
    return 0;
}

/* NULL: there is none. */
static Queue *find_queue(Queue *const queues[], size_t n_queues, const LeaseSource *source)
{
    for (size_t i = 0; i < n_queues; i++)
        if (strcmp(queues[i]->source.name, source->name) == 0 &&
            strcmp(queues[i]->source.url, source->url) == 0)
            return queues[i];
    return NULL;
}

void queue_set_adopt(QueueSet *set, QueuePlan *plan)
{
    size_t n_queues = plan->config->n_queues;

    set->context.max_jobs = plan->config->max_jobs;
    set->context.timeout_usec = plan->config->polling_timeout_usec;
    for (size_t i = 0; i < n_queues; i++) {
        Queue *known = find_queue(set->queues, set->n_queues, &plan->queues[i]->source);

        if (known) {
            queue_succeed(known, plan->queues[i]);
            plan->queues[i] = known;
        }
    }
    for (size_t i = 0; i < set->n_queues; i++)
        if (!find_queue(plan->queues, n_queues, &set->queues[i]->source)) {
            queue_leave(set->queues[i], set->queues[i]->source.n_leases);
            LIST_INSERT_HEAD(&set->leaving, set->queues[i], entry);
        }
    free(set->queues);
    set->queues = TAKE(plan->queues);
    set->n_queues = n_queues;
    queue_plan_free(plan);
    (void)lease_book_leave(set->context.book);
    lease_book_check_outcomes(set->context.book);
    if (set->started)
        on_room(set); /* those that are new have to begin */
}

/* ---- the set ---- */

/* What left is freed when nothing is left of it. Not at once: a lease of it may be at work. */
static void queue_set_sweep(void *userdata)
{
    QueueSet *set = userdata;
    Queue *queue, *next;

    for (queue = LIST_FIRST(&set->leaving); queue; queue = next) {
        next = LIST_NEXT(queue, entry);
        if (queue->source.n_leases > 0)
            continue;
        if (queue_let_go(queue)) {
            timer_set(&set->sweep_timer, timers_boottime_usec(set->context.timers) + SWEEP_USEC);
            continue;
        }
        LIST_REMOVE(queue, entry);
        queue_free(queue);
    }
}

static void on_outcome_sent(const char *queue, const char *job, void *userdata)
{
    const QueueSet *set = userdata;

    lease_book_outcome_sent(set->context.book, queue, job);
}

static int queue_set_open(QueueSet *set, const QueueSetContext *context, const Config *config)
{
    const LeaseBookContext book = {
        .timers = context->timers,
        .clock = context->clock,
        .registry = context->registry,
        .store = context->store,
        .outbox = context->outbox,
        .room = on_room,
        .userdata = set,
    };
    QueuePlan *plan;
    int r;

    if ((r = aws_profile_share_new(context->timers, config->shared_files, &set->aws.profiles)) <
            0 ||
        (r = lease_book_new(&book, &set->context.book)) < 0 ||
        (r = queue_set_plan(set, config, &plan)) < 0)
        return r;
    queue_set_adopt(set, plan);
    if (context->outbox)
        outbox_set_listener(context->outbox, on_outcome_sent, set);
    return 0;
}

int queue_set_new(const QueueSetContext *context, const Config *config, QueueSet **ret)
{
    CLEANUP(queue_set_freep) QueueSet *set = malloc(sizeof(*set));
    int r;

    if (!set)
        return -ENOMEM;
    *set = (QueueSet){
        .context = {.timers = context->timers,
                    .random = context->random,
                    .registry = context->registry,
                    .find_target = context->find_target,
                    .userdata = context->userdata},
        .aws = {.timers = context->timers,
                .random = context->random,
                .http = context->http,
                .base = context->base,
                .meters = &set->meters},
        .meters = {.timers = context->timers},
    };
    timer_init(&set->sweep_timer, context->timers, queue_set_sweep, set);
    r = queue_set_open(set, context, config);
    if (r < 0)
        return r;
    *ret = TAKE(set);
    return 0;
}

void queue_set_free(QueueSet *set)
{
    Queue *queue;

    if (!set)
        return;
    lease_book_free(set->context.book);
    while ((queue = LIST_FIRST(&set->leaving))) {
        LIST_REMOVE(queue, entry);
        queue_free(queue);
    }
    free_queues(set->queues, set->n_queues);
    aws_profile_share_free(set->aws.profiles);
    timer_clear(&set->sweep_timer);
    free(set);
}

static LeaseSource *find_source(const char *name, void *userdata)
{
    const QueueSet *set = userdata;

    for (size_t i = 0; i < set->n_queues; i++)
        if (strcmp(set->queues[i]->source.name, name) == 0)
            return &set->queues[i]->source;
    return NULL;
}

int queue_set_start(QueueSet *set)
{
    int r = lease_book_load(set->context.book, find_source, set);

    if (r < 0)
        return r;
    set->started = true;
    on_room(set);
    return 0;
}

void queue_set_end_due(QueueSet *set)
{
    lease_book_end_due(set->context.book);
}

void queue_set_shut_down(QueueSet *set)
{
    for (size_t i = 0; i < set->n_queues; i++)
        queue_leave(set->queues[i], set->queues[i]->source.n_under_way); /* what ended stays */
}

bool queue_set_finish(QueueSet *set)
{
    bool waits = lease_book_leave(set->context.book);

    if (!waits)
        for (size_t i = 0; i < set->n_queues; i++)
            waits = queue_let_go(set->queues[i]) || waits;
    return waits;
}

size_t queue_set_size(const QueueSet *set)
{
    return set->n_queues;
}

const Queue *queue_set_get(const QueueSet *set, size_t i)
{
    return set->queues[i];
}

unsigned queue_set_count(const QueueSet *set, TargetState state)
{
    return set->meters.n_in_state[state];
}

unsigned queue_set_count_jobs(const QueueSet *set)
{
    return lease_book_count_jobs(set->context.book);
}
