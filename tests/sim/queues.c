/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/queues.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/clock.h"
#include "tests/sim/fields.h"

struct Queues {
    Queue **queues; /* in the order they were declared */
    size_t n_queues;
    uint64_t ahead_usec; /* of CLOCK_MONOTONIC */
    uint64_t n_messages; /* ever */
};

int queues_new(Queues **ret)
{
    Queues *queues = calloc(1, sizeof(*queues));
    if (!queues)
        return -ENOMEM;
    *ret = queues;
    return 0;
}

void queues_clear(Queues *queues)
{
    for (size_t i = 0; i < queues->n_queues; i++)
        queue_free(queues->queues[i]);
    free(queues->queues);
    queues->queues = NULL;
    queues->n_queues = 0;
    queues->ahead_usec = 0;
}

void queues_free(Queues *queues)
{
    if (!queues)
        return;
    queues_clear(queues);
    free(queues);
}

uint64_t queues_now(Queues *queues)
{
    uint64_t now_usec = clock_monotonic_usec() + queues->ahead_usec;

    for (size_t i = 0; i < queues->n_queues; i++)
        queue_refresh(queues->queues[i], now_usec);
    return now_usec;
}

uint64_t queues_next_visible_usec(const Queues *queues)
{
    uint64_t usec = UINT64_MAX;

    for (size_t i = 0; i < queues->n_queues; i++)
        if (queue_next_visible_usec(queues->queues[i]) < usec)
            usec = queue_next_visible_usec(queues->queues[i]);
    return usec;
}

uint64_t queues_next_sequence(Queues *queues)
{
    return ++queues->n_messages;
}

static size_t find(const Queues *queues, const char *account, const char *name)
{
    size_t i = 0;

    while (i < queues->n_queues &&
           (strcmp(queue_spec(queues->queues[i])->name, name) != 0 ||
            (account && strcmp(queue_spec(queues->queues[i])->account, account) != 0)))
        i++;
    return i;
}

Queue *queues_find(const Queues *queues, const char *account, const char *name)
{
    size_t i = find(queues, account, name);

    return i < queues->n_queues ? queues->queues[i] : NULL;
}

Queue *queues_next(const Queues *queues, const Queue *after)
{
    size_t i = 0;

    while (after && i < queues->n_queues && queues->queues[i++] != after)
        ;
    return i < queues->n_queues ? queues->queues[i] : NULL;
}

int queues_add(Queues *queues, json_object *declaration, char **ret_error)
{
    Queue *queue;
    size_t at;

    int r = queue_new(queues, declaration, &queue, ret_error);
    if (r < 0)
        return r;
    at = find(queues, queue_spec(queue)->account, queue_spec(queue)->name);
    if (at == queues->n_queues) {
        Queue **grown = reallocarray(queues->queues, at + 1, sizeof(*grown));
        if (!grown) {
            queue_free(queue);
            return -ENOMEM;
        }
        queues->queues = grown;
        queues->n_queues++;
    } else {
        queue_free(queues->queues[at]);
    }
    queues->queues[at] = queue;
    return 0;
}

static int find_named(const Queues *queues, const char *name, Queue **ret, char **ret_error)
{
    *ret = name ? queues_find(queues, NULL, name) : NULL;
    return *ret ? 0
                : explain(ret_error, -EINVAL, "there is no queue '%s'; 'queue' names it",
                          name ? name : "");
}

typedef struct MessageDeclaration {
    char *queue, *body, *sender, *group, *deduplication;
    uint64_t delay_seconds;
} MessageDeclaration;

static const Field message_fields[] = {
    {"queue", FIELD_STRING, offsetof(MessageDeclaration, queue)},
    {"body", FIELD_STRING, offsetof(MessageDeclaration, body)},
    {"senderId", FIELD_STRING, offsetof(MessageDeclaration, sender)},
    {"groupId", FIELD_STRING, offsetof(MessageDeclaration, group)},
    {"deduplicationId", FIELD_STRING, offsetof(MessageDeclaration, deduplication)},
    {"delaySeconds", FIELD_COUNT, offsetof(MessageDeclaration, delay_seconds)},
};
#define N_MESSAGE_FIELDS (sizeof(message_fields) / sizeof(*message_fields))

static int send_declared(Queues *queues, const MessageDeclaration *declared, json_object *ids,
                         char **ret_error)
{
    const MessageDraft draft = {
        .body = declared->body,
        .sender = declared->sender ? declared->sender : "AIDAEXAMPLE",
        .group = declared->group,
        .deduplication = declared->deduplication,
        .delay_seconds = declared->delay_seconds,
    };
    Queue *queue;
    Sent sent;

    int r = find_named(queues, declared->queue, &queue, ret_error);
    if (r < 0)
        return r;
    if (!declared->body)
        return explain(ret_error, -EINVAL, "a message needs a 'body'");
    if (queue_is_fifo(queue) && !declared->group)
        return explain(ret_error, -EINVAL, "a message of a FIFO queue needs a 'groupId'");
    r = queue_send(queue, &draft, queues_now(queues), &sent);
    return r < 0 || !ids ? r : json_append(ids, json_object_new_string(sent.id));
}

int queues_add_message(Queues *queues, json_object *declaration, json_object *ids, char **ret_error)
{
    MessageDeclaration declared = {0};

    int r = fields_read(declaration, message_fields, N_MESSAGE_FIELDS, &declared, ret_error);
    if (r == 0)
        r = send_declared(queues, &declared, ids, ret_error);
    fields_clear(message_fields, N_MESSAGE_FIELDS, &declared);
    return r;
}

typedef struct VisibilityDeclaration {
    char *queue, *id, *receiver;
    uint64_t seconds;
} VisibilityDeclaration;

static const Field visibility_fields[] = {
    {"queue", FIELD_STRING, offsetof(VisibilityDeclaration, queue)},
    {"messageId", FIELD_STRING, offsetof(VisibilityDeclaration, id)},
    {"accessKey", FIELD_STRING, offsetof(VisibilityDeclaration, receiver)},
    {"seconds", FIELD_COUNT, offsetof(VisibilityDeclaration, seconds)},
};
#define N_VISIBILITY_FIELDS (sizeof(visibility_fields) / sizeof(*visibility_fields))

int queues_end_visibility(Queues *queues, json_object *declaration, char **ret_error)
{
    VisibilityDeclaration declared = {0};
    Queue *queue;

    int r = fields_read(declaration, visibility_fields, N_VISIBILITY_FIELDS, &declared, ret_error);
    if (r == 0)
        r = find_named(queues, declared.queue, &queue, ret_error);
    if (r == 0)
        queue_end_visibility(queue, declared.id, declared.receiver, declared.seconds,
                             queues_now(queues));
    fields_clear(visibility_fields, N_VISIBILITY_FIELDS, &declared);
    return r;
}

int queues_move_clock(Queues *queues, json_object *declaration, char **ret_error)
{
    static const Field fields[] = {{"seconds", FIELD_COUNT, 0}};
    uint64_t seconds = 0;

    int r = fields_read(declaration, fields, 1, &seconds, ret_error);
    if (r == 0 && seconds > 30 * USEC_PER_DAY / USEC_PER_SEC)
        r = explain(ret_error, -EINVAL, "'seconds' must be at most 30 days");
    if (r == 0)
        queues->ahead_usec += seconds * USEC_PER_SEC;
    return r;
}
