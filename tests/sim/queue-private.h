/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a queue share: queue.c has what it is made of, queue-receive.c what becomes of
 * messages that are received. */
#pragma once

#include <json-c/linkhash.h>

#include "tests/sim/queue.h"

#define VISIBILITY_MAX_SEC 43200U

TAILQ_HEAD(MessageList, Message);

/* A message that was sent to a FIFO queue: another one with its id is the same until then. */
typedef struct Duplicate {
    TAILQ_ENTRY(Duplicate) link;
    char *id;
    uint64_t until_usec;
    Sent sent;
} Duplicate;
TAILQ_HEAD(DuplicateList, Duplicate);

struct Queue {
    struct Queues *queues;
    QueueSpec spec;
    struct MessageList messages;     /* in the order they came */
    struct lh_table *by_id;          /* id → Message */
    struct lh_table *groups;         /* name → MessageGroup; the entry owns it */
    struct DuplicateList duplicates; /* the oldest first */
    struct lh_table *by_duplicate;   /* deduplication id → Duplicate */
    uint64_t next_visible_usec;      /* nothing that is hidden comes back before */
    QueueCounts counts;              /* delayed is counted when it is asked for */
};

/* Takes out a message that is not in flight, and ends it. */
void queue_drop(Queue *queue, Message *message);

/* Takes one to the dead-letter queue. It stays where that queue is not there any more, and is lost
 * where there is no memory for it. */
void queue_move_dead_letter(Queue *queue, Message *message);

/* Something that is hidden comes back then. */
static inline void queue_look_again_at(Queue *queue, uint64_t usec)
{
    if (usec < queue->next_visible_usec)
        queue->next_visible_usec = usec;
}
