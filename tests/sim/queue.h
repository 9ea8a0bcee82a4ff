/* SPDX-License-Identifier: Apache-2.0 */
/* One queue of SQS and its messages: README.md, "Queues". Neither HTTP nor SQS's JSON.
 *
 * Times are microseconds of the clock that the caller hands in: that of queues_now(), which lets
 * messages come back before anything is asked. Those that SQS shows are CLOCK_REALTIME.
 *
 * Source: Amazon SQS Developer Guide and API Reference. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include <json-c/json.h>

#define QUEUE_RECEIVE_MAX 10U
#define MESSAGE_ID_SIZE sizeof("00000000-0000-4000-9000-000000000001")
#define RECEIPT_SIZE 64U

typedef struct QueueSpec {
    char *name; /* of a FIFO queue it ends in ".fifo" */
    char *account;
    uint64_t visibility_seconds, wait_seconds, delay_seconds; /* where calls name none */
    uint64_t max_receive_count;                               /* 0: for ever */
    char *dead_letter_queue;                                  /* NULL: none */
    bool content_based_deduplication;
    uint64_t max_in_flight;
    uint64_t max_message_bytes;
} QueueSpec;

/* The messages of one group: in a FIFO queue they are received in their order. */
typedef struct MessageGroup {
    char *name;
    uint64_t n_messages, n_in_flight;
} MessageGroup;

/* What there is to see of a message; only its queue changes it. */
typedef struct Message {
    TAILQ_ENTRY(Message) link;
    char id[MESSAGE_ID_SIZE];
    uint64_t sequence; /* no two messages of a simulator have the same */
    char *body;
    char *sender;        /* the access key that sent it */
    char *deduplication; /* NULL: none, as in the next two lines */
    char *source;        /* a dead letter of this queue */
    MessageGroup *group;
    uint64_t sent_usec;          /* CLOCK_REALTIME */
    uint64_t first_receive_usec; /* CLOCK_REALTIME; 0: never */
    uint64_t visible_usec;       /* hidden until then */
    uint64_t received_usec;
    unsigned receives;
    bool in_flight;
    char receiver[129]; /* the access key that received it last */
} Message;

typedef struct MessageDraft {
    const char *body, *sender;
    const char *group, *deduplication; /* NULL: none */
    uint64_t delay_seconds;
} MessageDraft;

typedef struct QueueCounts {
    uint64_t messages, in_flight, delayed;                  /* now */
    uint64_t n_sent, n_received, n_deleted, n_dead_letters; /* ever; the last: moved away */
} QueueCounts;

/* What becomes of a receipt handle. */
typedef enum QueueResult {
    QUEUE_DONE,
    QUEUE_RECEIPT_INVALID, /* never handed out by this queue */
    QUEUE_RECEIPT_OLD,     /* the message was received again since */
    QUEUE_RECEIPT_EXPIRED, /* of a FIFO queue: its visibility has ended */
    QUEUE_MESSAGE_GONE,
    QUEUE_NOT_IN_FLIGHT,
    QUEUE_TOO_LONG, /* over 12 hours in all */
} QueueResult;

typedef struct Queue Queue;
struct Queues;

/* A queue as declared. queues, borrowed, is where its dead-letter queue is found. 0; -EINVAL and an
 * owned sentence; -ENOMEM. */
int queue_new(struct Queues *queues, json_object *declaration, Queue **ret, char **ret_error);
void queue_free(Queue *queue);

const QueueSpec *queue_spec(const Queue *queue);
bool queue_is_fifo(const Queue *queue);
QueueCounts queue_counts(const Queue *queue, uint64_t now_usec);
bool queue_is_full(const Queue *queue); /* no more may be in flight */

/* The first message, or the one after; NULL: no more. */
const Message *queue_next(const Queue *queue, const Message *after);

/* What was sent; of a FIFO queue within five minutes of the same deduplication id, what was sent
 * then. 0 or -ENOMEM. */
typedef struct Sent {
    char id[MESSAGE_ID_SIZE];
    uint64_t sequence;
} Sent;
int queue_send(Queue *queue, const MessageDraft *draft, uint64_t now_usec, Sent *ret);

/* Receives up to max messages, which are hidden then for so long. Returns how many; they are valid
 * until something else is asked of the queue. */
size_t queue_receive(Queue *queue, size_t max, uint64_t visibility_seconds, const char *receiver,
                     uint64_t now_usec, const Message *ret[static QUEUE_RECEIVE_MAX]);

/* Takes note of the time: what was hidden long enough comes back. */
void queue_refresh(Queue *queue, uint64_t now_usec);

/* When a message that is hidden now may be received; UINT64_MAX: there is none. */
uint64_t queue_next_visible_usec(const Queue *queue);

QueueResult queue_delete(Queue *queue, const char *receipt);
QueueResult queue_change_visibility(Queue *queue, const char *receipt, uint64_t seconds,
                                    uint64_t now_usec);

/* For the control interface: sets when messages in flight come back, those that fit; NULL: all.
 * Returns how many. */
size_t queue_end_visibility(Queue *queue, const char *id, const char *receiver, uint64_t seconds,
                            uint64_t now_usec);

/* The handle of the message's last receive. */
const char *message_receipt(const Message *message, char buffer[static RECEIPT_SIZE]);

/* What the control interface shows. NULL: no memory. */
json_object *queue_to_json(const Queue *queue, const char *endpoint, uint64_t now_usec);
char *queue_url(const Queue *queue, const char *endpoint);

/* Adds the messages, in their order. 0 or -ENOMEM. */
int queue_messages_to_json(const Queue *queue, uint64_t now_usec, json_object *array);
