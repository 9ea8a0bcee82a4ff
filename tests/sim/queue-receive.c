/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/time.h"
#include "tests/sim/queue-private.h"

/* With characters that base64 has, as AWS's. */
#define RECEIPT_FORMAT "AQEB+%s/%u=="

uint64_t queue_next_visible_usec(const Queue *queue)
{
    return queue->next_visible_usec;
}

const char *message_receipt(const Message *message, char buffer[static RECEIPT_SIZE])
{
    snprintf(buffer, RECEIPT_SIZE, RECEIPT_FORMAT, message->id, message->receives);
    return buffer;
}

static void end_flight(Queue *queue, Message *message)
{
    if (!message->in_flight)
        return;
    message->in_flight = false;
    queue->counts.in_flight--;
    if (message->group)
        message->group->n_in_flight--;
}

void queue_refresh(Queue *queue, uint64_t now_usec)
{
    Message *message, *next;

    if (now_usec < queue->next_visible_usec)
        return;
    queue->next_visible_usec = UINT64_MAX;
    for (message = TAILQ_FIRST(&queue->messages); message; message = next) {
        next = TAILQ_NEXT(message, link);
        if (message->visible_usec > now_usec) {
            queue_look_again_at(queue, message->visible_usec);
        } else if (message->in_flight) {
            end_flight(queue, message);
            if (queue->spec.max_receive_count > 0 &&
                message->receives >= queue->spec.max_receive_count)
                queue_move_dead_letter(queue, message);
        }
    }
}

QueueCounts queue_counts(const Queue *queue, uint64_t now_usec)
{
    QueueCounts counts = queue->counts;
    const Message *message;

    TAILQ_FOREACH (message, &queue->messages, link)
        counts.delayed += !message->in_flight && message->visible_usec > now_usec;
    return counts;
}

bool queue_is_full(const Queue *queue)
{
    return queue->counts.in_flight >= queue->spec.max_in_flight;
}

static void hide(Queue *queue, Message *message, uint64_t until_usec)
{
    message->visible_usec = until_usec;
    queue_look_again_at(queue, until_usec);
}

static void receive(Queue *queue, Message *message, uint64_t visibility_seconds,
                    const char *receiver, uint64_t now_usec)
{
    message->in_flight = true;
    message->received_usec = now_usec;
    message->receives++;
    if (message->first_receive_usec == 0)
        message->first_receive_usec = time_now_realtime();
    snprintf(message->receiver, sizeof(message->receiver), "%s", receiver);
    queue->counts.in_flight++;
    queue->counts.n_received++;
    if (message->group)
        message->group->n_in_flight++;
    hide(queue, message, now_usec + visibility_seconds * USEC_PER_SEC);
}

/* In a FIFO queue a group whose messages are in flight waits; one call may receive several. */
size_t queue_receive(Queue *queue, size_t max, uint64_t visibility_seconds, const char *receiver,
                     uint64_t now_usec, const Message *ret[static QUEUE_RECEIVE_MAX])
{
    Message *chosen[QUEUE_RECEIVE_MAX], *message;
    bool fifo = queue_is_fifo(queue);
    size_t n = 0;

    TAILQ_FOREACH (message, &queue->messages, link) {
        if (n == max || n == QUEUE_RECEIVE_MAX)
            break;
        if (!message->in_flight && message->visible_usec <= now_usec &&
            !(fifo && message->group && message->group->n_in_flight > 0))
            chosen[n++] = message;
    }
    for (size_t i = 0; i < n; i++) {
        receive(queue, chosen[i], visibility_seconds, receiver, now_usec);
        ret[i] = chosen[i];
    }
    return n;
}

/* Which message a handle is of, and whether it is that of its last receive. */
static QueueResult find_by_receipt(Queue *queue, const char *receipt, Message **ret)
{
    char id[MESSAGE_ID_SIZE], expected[RECEIPT_SIZE];
    unsigned receives;
    void *message;

    if (sscanf(receipt, "AQEB+%36[0-9a-f-]/%u", id, &receives) != 2)
        return QUEUE_RECEIPT_INVALID;
    snprintf(expected, sizeof(expected), RECEIPT_FORMAT, id, receives);
    if (strcmp(receipt, expected) != 0)
        return QUEUE_RECEIPT_INVALID;
    if (!lh_table_lookup_ex(queue->by_id, id, &message))
        return QUEUE_MESSAGE_GONE;
    *ret = message;
    if (receives == 0 || receives > (*ret)->receives)
        return QUEUE_RECEIPT_INVALID;
    return receives < (*ret)->receives ? QUEUE_RECEIPT_OLD : QUEUE_DONE;
}

QueueResult queue_delete(Queue *queue, const char *receipt)
{
    Message *message;

    QueueResult result = find_by_receipt(queue, receipt, &message);
    if (result != QUEUE_DONE)
        return result;
    if (!message->in_flight && queue_is_fifo(queue))
        return QUEUE_RECEIPT_EXPIRED;
    end_flight(queue, message);
    queue_drop(queue, message);
    queue->counts.n_deleted++;
    return QUEUE_DONE;
}

QueueResult queue_change_visibility(Queue *queue, const char *receipt, uint64_t seconds,
                                    uint64_t now_usec)
{
    Message *message;

    QueueResult result = find_by_receipt(queue, receipt, &message);
    if (result != QUEUE_DONE)
        return result;
    if (!message->in_flight)
        return QUEUE_NOT_IN_FLIGHT;
    if ((now_usec - message->received_usec) / USEC_PER_SEC + seconds > VISIBILITY_MAX_SEC)
        return QUEUE_TOO_LONG;
    hide(queue, message, now_usec + seconds * USEC_PER_SEC);
    queue_refresh(queue, now_usec);
    return QUEUE_DONE;
}

size_t queue_end_visibility(Queue *queue, const char *id, const char *receiver, uint64_t seconds,
                            uint64_t now_usec)
{
    Message *message;
    size_t n = 0;

    TAILQ_FOREACH (message, &queue->messages, link) {
        if (!message->in_flight || (id && strcmp(id, message->id) != 0) ||
            (receiver && strcmp(receiver, message->receiver) != 0))
            continue;
        hide(queue, message, now_usec + seconds * USEC_PER_SEC);
        n++;
    }
    queue_refresh(queue, now_usec);
    return n;
}
