/* SPDX-License-Identifier: Apache-2.0 */
/* Queues and their messages as the control interface shows them. */
#include <inttypes.h>
#include <stdio.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/queues.h"

char *queue_url(const Queue *queue, const char *endpoint)
{
    char *url;

    return asprintf(&url, "%s/%s/%s", endpoint, queue_spec(queue)->account,
                    queue_spec(queue)->name) < 0
               ? NULL
               : url;
}

json_object *queue_to_json(const Queue *queue, const char *endpoint, uint64_t now_usec)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    CLEANUP(freep) char *url = queue_url(queue, endpoint);
    QueueCounts counts = queue_counts(queue, now_usec);

    if (!object || !url || json_add_string(object, "name", queue_spec(queue)->name) < 0 ||
        json_add_string(object, "url", url) < 0 ||
        json_add_int64(object, "messages", (int64_t)counts.messages) < 0 ||
        json_add_int64(object, "inFlight", (int64_t)counts.in_flight) < 0 ||
        json_add_int64(object, "delayed", (int64_t)counts.delayed) < 0 ||
        json_add_int64(object, "sent", (int64_t)counts.n_sent) < 0 ||
        json_add_int64(object, "received", (int64_t)counts.n_received) < 0 ||
        json_add_int64(object, "deleted", (int64_t)counts.n_deleted) < 0 ||
        json_add_int64(object, "deadLetters", (int64_t)counts.n_dead_letters) < 0)
        return NULL;
    return TAKE(object);
}

static const char *state_of(const Message *message, uint64_t now_usec)
{
    if (message->in_flight)
        return "inFlight";
    return message->visible_usec > now_usec ? "delayed" : "visible";
}

static json_object *message_to_json(const Message *message, const char *queue, uint64_t now_usec)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    double hidden = (double)time_since(now_usec, message->visible_usec) / (double)USEC_PER_SEC;
    char receipt[RECEIPT_SIZE];

    if (!object || json_add_string(object, "queue", queue) < 0 ||
        json_add_string(object, "messageId", message->id) < 0 ||
        json_add_string(object, "body", message->body) < 0 ||
        json_add_string(object, "state", state_of(message, now_usec)) < 0 ||
        json_add_int64(object, "receives", message->receives) < 0 ||
        json_add_string(object, "senderId", message->sender) < 0 ||
        json_add_string(object, "groupId", message->group ? message->group->name : NULL) < 0 ||
        json_add_string(object, "deduplicationId", message->deduplication) < 0 ||
        json_add_string(object, "deadLetterOf", message->source) < 0)
        return NULL;
    if (message->receives > 0 &&
        (json_add_string(object, "receiptHandle", message_receipt(message, receipt)) < 0 ||
         json_add_string(object, "accessKey", message->receiver) < 0 ||
         json_add(object, "hiddenSeconds", json_object_new_double(hidden)) < 0))
        return NULL;
    return TAKE(object);
}

int queue_messages_to_json(const Queue *queue, uint64_t now_usec, json_object *array)
{
    for (const Message *message = queue_next(queue, NULL); message;
         message = queue_next(queue, message)) {
        int r = json_append(array, message_to_json(message, queue_spec(queue)->name, now_usec));
        if (r < 0)
            return r;
    }
    return 0;
}
