/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/queue.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/linkhash.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/fields.h"
#include "tests/sim/queue-private.h"
#include "tests/sim/queues.h"

#define DEDUPLICATION_USEC (5 * USEC_PER_MINUTE)
static const Field queue_fields[] = {
    {"name", FIELD_STRING, offsetof(QueueSpec, name)},
    {"account", FIELD_STRING, offsetof(QueueSpec, account)},
    {"visibilitySeconds", FIELD_COUNT, offsetof(QueueSpec, visibility_seconds)},
    {"waitSeconds", FIELD_COUNT, offsetof(QueueSpec, wait_seconds)},
    {"delaySeconds", FIELD_COUNT, offsetof(QueueSpec, delay_seconds)},
    {"maxReceiveCount", FIELD_COUNT, offsetof(QueueSpec, max_receive_count)},
    {"deadLetterQueue", FIELD_STRING, offsetof(QueueSpec, dead_letter_queue)},
    {"contentBasedDeduplication", FIELD_BOOL, offsetof(QueueSpec, content_based_deduplication)},
    {"maxInFlight", FIELD_COUNT, offsetof(QueueSpec, max_in_flight)},
    {"maxMessageBytes", FIELD_COUNT, offsetof(QueueSpec, max_message_bytes)},
};
#define N_QUEUE_FIELDS (sizeof(queue_fields) / sizeof(*queue_fields))

const QueueSpec *queue_spec(const Queue *queue)
{
    return &queue->spec;
}

bool queue_is_fifo(const Queue *queue)
{
    const char *suffix = strrchr(queue->spec.name, '.');

    return suffix && strcmp(suffix, ".fifo") == 0;
}

const Message *queue_next(const Queue *queue, const Message *after)
{
    return after ? TAILQ_NEXT(after, link) : TAILQ_FIRST(&queue->messages);
}

static void message_free(Message *message)
{
    if (!message)
        return;
    free(message->body);
    free(message->sender);
    free(message->deduplication);
    free(message->source);
    free(message);
}
DEFINE_CLEANUP(Message, message_free)

static void free_group(struct lh_entry *entry)
{
    MessageGroup *group = lh_entry_v(entry);

    free(group->name);
    free(group);
}

/* The group of that name, made where it is new. NULL: no memory. */
static MessageGroup *find_group(Queue *queue, const char *name)
{
    MessageGroup *group;
    void *found;

    if (lh_table_lookup_ex(queue->groups, name, &found))
        return found;
    group = calloc(1, sizeof(*group));
    if (group)
        group->name = strdup(name);
    if (group && group->name && lh_table_insert(queue->groups, group->name, group) == 0)
        return group;
    if (group)
        free(group->name);
    free(group);
    return NULL;
}

static int insert(Queue *queue, Message *message, const char *group)
{
    message->group = group ? find_group(queue, group) : NULL;
    if ((group && !message->group) || lh_table_insert(queue->by_id, message->id, message) < 0)
        return -ENOMEM;
    if (message->group)
        message->group->n_messages++;
    TAILQ_INSERT_TAIL(&queue->messages, message, link);
    queue->counts.messages++;
    return 0;
}

static void remove_message(Queue *queue, Message *message)
{
    MessageGroup *group = TAKE(message->group);

    assert(!message->in_flight);
    lh_table_delete(queue->by_id, message->id);
    TAILQ_REMOVE(&queue->messages, message, link);
    queue->counts.messages--;
    if (group && --group->n_messages == 0)
        lh_table_delete(queue->groups, group->name);
}

void queue_drop(Queue *queue, Message *message)
{
    remove_message(queue, message);
    message_free(message);
}

void queue_move_dead_letter(Queue *queue, Message *message)
{
    Queue *to = queues_find(queue->queues, queue->spec.account, queue->spec.dead_letter_queue);
    CLEANUP(freep) char *group = message->group ? strdup(message->group->name) : NULL;

    if (!to)
        return;
    remove_message(queue, message);
    queue->counts.n_dead_letters++;
    if (fields_set_string(&message->source, queue->spec.name) < 0 || insert(to, message, group) < 0)
        message_free(message);
}

static void duplicate_free(Duplicate *duplicate)
{
    if (!duplicate)
        return;
    free(duplicate->id);
    free(duplicate);
}

static void forget_duplicates(Queue *queue, uint64_t now_usec)
{
    Duplicate *duplicate;

    while ((duplicate = TAILQ_FIRST(&queue->duplicates)) && duplicate->until_usec <= now_usec) {
        TAILQ_REMOVE(&queue->duplicates, duplicate, link);
        lh_table_delete(queue->by_duplicate, duplicate->id);
        duplicate_free(duplicate);
    }
}

static int remember_duplicate(Queue *queue, const Message *message, uint64_t now_usec)
{
    Duplicate *duplicate = calloc(1, sizeof(*duplicate));

    if (!duplicate)
        return -ENOMEM;
    duplicate->id = strdup(message->deduplication);
    duplicate->until_usec = now_usec + DEDUPLICATION_USEC;
    duplicate->sent = (Sent){.sequence = message->sequence};
    memcpy(duplicate->sent.id, message->id, sizeof(message->id));
    if (!duplicate->id || lh_table_insert(queue->by_duplicate, duplicate->id, duplicate) < 0) {
        duplicate_free(duplicate);
        return -ENOMEM;
    }
    TAILQ_INSERT_TAIL(&queue->duplicates, duplicate, link);
    return 0;
}

static int message_new(Queue *queue, const MessageDraft *draft, uint64_t now_usec, Message **ret)
{
    CLEANUP(message_freep) Message *message = calloc(1, sizeof(*message));

    if (!message)
        return -ENOMEM;
    message->sequence = queues_next_sequence(queue->queues);
    snprintf(message->id, sizeof(message->id), "00000000-0000-4000-9000-%012" PRIx64,
             message->sequence & UINT64_C(0xFFFFFFFFFFFF));
    message->sent_usec = time_now_realtime();
    message->visible_usec = now_usec + draft->delay_seconds * USEC_PER_SEC;
    if (fields_set_string(&message->body, draft->body) < 0 ||
        fields_set_string(&message->sender, draft->sender) < 0 ||
        (draft->deduplication &&
         fields_set_string(&message->deduplication, draft->deduplication) < 0))
        return -ENOMEM;
    *ret = TAKE(message);
    return 0;
}

int queue_send(Queue *queue, const MessageDraft *draft, uint64_t now_usec, Sent *ret)
{
    CLEANUP(message_freep) Message *message = NULL;
    void *duplicate;
    int r;

    forget_duplicates(queue, now_usec);
    if (queue_is_fifo(queue) && draft->deduplication &&
        lh_table_lookup_ex(queue->by_duplicate, draft->deduplication, &duplicate)) {
        *ret = ((Duplicate *)duplicate)->sent;
        return 0;
    }
    r = message_new(queue, draft, now_usec, &message);
    if (r == 0 && queue_is_fifo(queue) && draft->deduplication)
        r = remember_duplicate(queue, message, now_usec);
    if (r == 0)
        r = insert(queue, message, draft->group);
    if (r < 0)
        return r;
    *ret = (Sent){.sequence = message->sequence};
    memcpy(ret->id, message->id, sizeof(ret->id));
    if (draft->delay_seconds > 0)
        queue_look_again_at(queue, message->visible_usec);
    queue->counts.n_sent++;
    TAKE(message);
    return 0;
}

void queue_free(Queue *queue)
{
    Message *message;

    if (!queue)
        return;
    while ((message = TAILQ_FIRST(&queue->messages))) {
        TAILQ_REMOVE(&queue->messages, message, link);
        message_free(message);
    }
    if (queue->by_duplicate) {
        forget_duplicates(queue, UINT64_MAX);
        lh_table_free(queue->by_duplicate);
    }
    if (queue->groups)
        lh_table_free(queue->groups);
    if (queue->by_id)
        lh_table_free(queue->by_id);
    fields_clear(queue_fields, N_QUEUE_FIELDS, &queue->spec);
    free(queue);
}
DEFINE_CLEANUP(Queue, queue_free)

static int check_dead_letter_queue(const Queue *queue, char **ret_error)
{
    const QueueSpec *spec = &queue->spec;
    const Queue *to = queues_find(queue->queues, spec->account, spec->dead_letter_queue);

    if (!to)
        return explain(ret_error, -EINVAL, "there is no queue '%s' for dead letters in account %s",
                       spec->dead_letter_queue, spec->account);
    if (queue_is_fifo(to) != queue_is_fifo(queue))
        return explain(ret_error, -EINVAL, "only a FIFO queue has dead letters in a FIFO queue");
    if (strcmp(spec->name, spec->dead_letter_queue) == 0)
        return explain(ret_error, -EINVAL, "a queue is not its own dead-letter queue");
    return 0;
}

static int check_spec(const Queue *queue, char **ret_error)
{
    const QueueSpec *spec = &queue->spec;

    if (!spec->name || !*spec->name || strlen(spec->name) > 80 || strpbrk(spec->name, "/ "))
        return explain(ret_error, -EINVAL, "a queue needs a 'name' of at most 80 characters");
    if (spec->visibility_seconds > VISIBILITY_MAX_SEC)
        return explain(ret_error, -EINVAL, "'visibilitySeconds' must be at most %u",
                       VISIBILITY_MAX_SEC);
    if (spec->wait_seconds > 20 || spec->delay_seconds > 900)
        return explain(ret_error, -EINVAL,
                       "'waitSeconds' must be at most 20, 'delaySeconds' at most 900");
    if (!spec->dead_letter_queue != (spec->max_receive_count == 0))
        return explain(ret_error, -EINVAL, "'maxReceiveCount' and 'deadLetterQueue' go together");
    return spec->dead_letter_queue ? check_dead_letter_queue(queue, ret_error) : 0;
}

int queue_new(Queues *queues, json_object *declaration, Queue **ret, char **ret_error)
{
    CLEANUP(queue_freep) Queue *queue = calloc(1, sizeof(*queue));
    int r;

    if (!queue)
        return -ENOMEM;
    TAILQ_INIT(&queue->messages);
    TAILQ_INIT(&queue->duplicates);
    queue->queues = queues;
    queue->next_visible_usec = UINT64_MAX;
    queue->spec = (QueueSpec){
        .visibility_seconds = 30, .max_in_flight = 120000, .max_message_bytes = 1024 * 1024};
    queue->by_id = lh_kchar_table_new(16, NULL);
    queue->groups = lh_kchar_table_new(16, free_group);
    queue->by_duplicate = lh_kchar_table_new(16, NULL);
    if (!queue->by_id || !queue->groups || !queue->by_duplicate ||
        fields_set_string(&queue->spec.account, "111122223333") < 0)
        return -ENOMEM;
    r = fields_read(declaration, queue_fields, N_QUEUE_FIELDS, &queue->spec, ret_error);
    if (r == 0)
        r = check_spec(queue, ret_error);
    if (r < 0)
        return r;
    *ret = TAKE(queue);
    return 0;
}
