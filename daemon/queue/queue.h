/* SPDX-License-Identifier: Apache-2.0 */
/* One queue of the configuration, at work: asks SQS for messages, as many as jobs may still be
 * taken and never more, and makes requests of them.
 *
 * One ReceiveMessage is under way at a time, which SQS holds back until there is a message or the
 * wait is over. Where it came back sooner and brought nothing to do, the next one waits for a
 * second, whatever the cause: no message makes a hot loop. A queue that is unreachable is an outage
 * like a target's.
 *
 * A message that is not a request is logged at each receive and left to the queue's redrive policy.
 * One for which there is no room after all is given back at once, without a word. */
#pragma once

#include "common/memory.h"
#include "daemon/base/log-limit.h"
#include "daemon/config/config.h"
#include "daemon/queue/lease-book.h"

/* What all queues share; outlives them. */
typedef struct QueueContext {
    Timers *timers;
    const Random *random;
    Registry *registry;
    LeaseBook *book;
    Target *(*find_target)(const char *name, void *userdata); /* NULL: the default one */
    void *userdata;
    unsigned max_jobs;     /* of the registry */
    uint64_t timeout_usec; /* of a job whose message names none; 0: none */
} QueueContext;

typedef struct Queue {
    LeaseSource source;
    const QueueContext *context;
    const QueueConfig *config; /* NULL once it leaves */
    Timer timer;               /* the next receive */
    OutageWait outage_wait;
    AwsCall *receive;                    /* under way; NULL: none */
    uint64_t wait_usec, visibility_usec; /* that it asks for */
    uint64_t sent_usec;                  /* CLOCK_BOOTTIME */
    uint64_t singly_until_usec;          /* until then one message is asked for at a time */
    LogLimit rejections;
    LIST_ENTRY(Queue) entry; /* the set's, of those that leave */
} Queue;

/* client: of SQS, with the queue's credentials and a meter; a reference is taken. The configuration
 * is borrowed. Nothing happens before queue_wake(). 0 or -ENOMEM. */
int queue_new(const QueueContext *context, const QueueConfig *config, AwsClient *client,
              Queue **ret);
void queue_free(Queue *queue); /* no lease may be left; takes NULL */
DEFINE_CLEANUP(Queue, queue_free)

/* There may be room for messages. */
void queue_wake(Queue *queue);

/* Makes it what its successor is, of the same name and URL, which is freed. */
void queue_succeed(Queue *queue, Queue *successor);

/* It receives no more, and what it holds is given back, see lease_book_leave(); n_returning: how
 * much of that is. Without any, a receive on the wire is given up at once. */
void queue_leave(Queue *queue, unsigned n_returning);

/* All that it held has been given back. True: a receive is still waited for, which may have got
 * some of that; not for long. */
bool queue_let_go(Queue *queue);

/* As Queue of the Varlink interface. NULL: no memory. */
json_object *queue_to_json(const Queue *queue);
