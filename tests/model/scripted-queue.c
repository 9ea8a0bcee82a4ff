/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/scripted-queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"

#define SKEW_ALLOWED_USEC (5 * USEC_PER_MINUTE)
#define LONGEST_HIDDEN_USEC (12 * USEC_PER_HOUR)

const char *queue_request_name(const QueueRequest *request)
{
    static const char *const names[N_QUEUE_OPERATIONS] = {
        "ReceiveMessage", "ChangeMessageVisibility", "DeleteMessage", "SendMessage", "PutEvents"};

    return names[request->operation];
}

QueueMessage *queue_send(ScriptedQueue *queue, Model *model, const char *body)
{
    QueueMessage *message = &queue->messages[queue->n_messages];

    assert_true(queue->n_messages < N_MESSAGES_MAX);
    *message = (QueueMessage){
        .number = queue->n_messages++,
        .sent_usec = model->now_usec,
        .visible_usec = model->now_usec,
    };
    snprintf(message->body, sizeof(message->body), "%s", body);
    return message;
}

static bool is_visible(const QueueMessage *message, const Model *model)
{
    return !message->deleted && message->visible_usec <= model->now_usec;
}

/* Another time, although it is hidden. */
static bool comes_once_more(const ScriptedQueue *queue, Model *model, const QueueRequest *request,
                            const QueueMessage *message)
{
    return request->arrived_usec == model->now_usec && !message->deleted && message->receives > 0 &&
           dice_chance(&model->dice, queue->once_more);
}

static void deliver(QueueMessage *message, const Model *model, const QueueRequest *request)
{
    Delivery *delivery = &message->by_host[request->host];

    message->receives++;
    message->visible_usec = model->now_usec + request->visibility_sec * USEC_PER_SEC;
    delivery->count = message->receives;
    delivery->counts |= UINT64_C(1) << (message->receives < 64 ? message->receives : 63);
    delivery->received_usec = model->now_usec;
    delivery->hidden_until_usec = message->visible_usec;
}

static char *write_text(char *end, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            *end++ = '\\';
        *end++ = *text;
    }
    return end;
}

/* As many as are there, at the most. True: there were some. */
static bool receive(ScriptedQueue *queue, Model *model, const QueueRequest *request, Answer *answer)
{
    unsigned n = 0;
    char *end = answer->body;

    end += sprintf(end, "{\"Messages\":[");
    for (unsigned i = 0; i < queue->n_messages && n < request->max_messages; i++) {
        QueueMessage *message = &queue->messages[i];

        if (!is_visible(message, model) && !comes_once_more(queue, model, request, message))
            continue;
        deliver(message, model, request);
        answer->listed += message->is_request;
        model_note(model, "h%u m%u: receive %u", request->host, i, message->receives);
        end += sprintf(end, "%s{\"MessageId\":\"m%u\",\"ReceiptHandle\":\"m%u/%u\",\"Body\":\"",
                       n++ > 0 ? "," : "", i, i, message->receives);
        end = write_text(end, message->body);
        end += sprintf(end,
                       "\",\"Attributes\":{\"SenderId\":\"AIDAEXAMPLE\","
                       "\"ApproximateReceiveCount\":\"%u\"}}",
                       message->receives);
    }
    sprintf(end, "]}");
    assert_true((size_t)(end - answer->body) < sizeof(answer->body) - 2);
    return n > 0;
}

static bool is_stale(const QueueMessage *message, const QueueRequest *request, const Model *model)
{
    return message->deleted || message->receives != request->receipt ||
           message->visible_usec <= model->now_usec;
}

static void change_visibility(ScriptedQueue *queue, const Model *model, const QueueRequest *request,
                              Answer *answer)
{
    QueueMessage *message = &queue->messages[request->message];
    Delivery *delivery = &message->by_host[request->host];
    uint64_t until_usec = model->now_usec + request->visibility_sec * USEC_PER_SEC;

    if (is_stale(message, request, model)) {
        answer_set_error(answer, "a stale receipt", 400, STALE_CODE, MEANS_NO);
    } else if (until_usec > delivery->received_usec + LONGEST_HIDDEN_USEC) {
        answer_set_error(answer, "12 hours are over", 400, "InvalidParameterValue", MEANS_NO);
    } else {
        message->visible_usec = delivery->hidden_until_usec = until_usec;
    }
}

/* With a stale receipt it succeeds, and the message stays. */
static void delete (ScriptedQueue *queue, const QueueRequest *request)
{
    QueueMessage *message = &queue->messages[request->message];

    if (message->receives == request->receipt)
        message->deleted = true;
}

/* An event may be refused by its entry alone. */
static void take_outcome(ScriptedQueue *queue, Model *model, const QueueRequest *request,
                         Answer *answer)
{
    if (request->operation == QUEUE_PUT && queue->weather != WEATHER_FINE &&
        dice_chance(&model->dice, 0.3)) {
        answer->name = "the entry failed";
        strcpy(answer->body, "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":"
                             "\"InternalException\",\"ErrorMessage\":\"no\"}]}");
        return;
    }
    assert_true(queue->n_outcomes < N_OUTCOMES_MAX);
    queue->outcomes[queue->n_outcomes++] = request->outcome;
    model_note(model, "h%u: outcome of job %s, %s", request->host, request->outcome.job_id,
               request->outcome.state);
    strcpy(answer->body, request->operation == QUEUE_SEND
                             ? "{\"MessageId\":\"sent\",\"MD5OfMessageBody\":\"\"}"
                             : "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"1\"}]}");
}

/* False: it waits. */
static bool serve(ScriptedQueue *queue, Model *model, const QueueRequest *request, Answer *answer)
{
    uint64_t wait_usec = request->wait_sec * USEC_PER_SEC;

    answer->name = "done";
    answer->status = 200;
    answer->meaning = MEANS_OBSERVED;
    strcpy(answer->body, "{}");
    switch (request->operation) {
    case QUEUE_RECEIVE:
        answer->name = "messages";
        if (model->now_usec <= request->arrived_usec + wait_usec &&
            receive(queue, model, request, answer))
            return true;
        answer->name = "no messages";
        return model->now_usec >= request->arrived_usec + wait_usec;
    case QUEUE_CHANGE_VISIBILITY:
        change_visibility(queue, model, request, answer);
        return true;
    case QUEUE_DELETE:
        delete (queue, request);
        return true;
    case QUEUE_SEND:
    case QUEUE_PUT:
        take_outcome(queue, model, request, answer);
        return true;
    case N_QUEUE_OPERATIONS:
        break;
    }
    fail();
    return true;
}

bool queue_call(ScriptedQueue *queue, Model *model, const QueueRequest *request, Answer *ret)
{
    const Request as_a_list = {.operation = OPERATION_LIST, .timeout_usec = request->timeout_usec};
    uint64_t now_usec = model_true_time(model);
    bool arrives = request->arrived_usec == model->now_usec;
    const Fault *fault = arrives ? fault_draw(queue->weather, model, &as_a_list) : NULL;

    *ret = (Answer){
        .date_usec = now_usec,
        .delay_usec = dice_between(&model->dice, 1000, 200 * USEC_PER_MSEC),
        .code_in_body = true,
    };
    if (fault && !fault_is_readable(fault)) {
        if (fault_may_act(fault) && dice_chance(&model->dice, 0.5))
            (void)serve(queue, model, request, ret);
        fault_answer(fault, &as_a_list, ret);
        return true;
    }
    if (llabs((int64_t)(request->signed_usec - now_usec)) > (int64_t)SKEW_ALLOWED_USEC && arrives) {
        answer_set_error(ret, "signed at another time", 400, "RequestTimeTooSkewed", MEANS_SKEWED);
        return true;
    }
    return serve(queue, model, request, ret);
}

void queue_disown(ScriptedQueue *queue, const QueueRequest *request)
{
    Delivery *delivery = &queue->messages[request->message].by_host[request->host];

    if (delivery->count == request->receipt)
        delivery->hidden_until_usec = 0;
}

uint64_t queue_next_usec(const ScriptedQueue *queue, const QueueRequest *request)
{
    uint64_t next_usec = request->arrived_usec + request->wait_sec * USEC_PER_SEC;

    for (unsigned i = 0; i < queue->n_messages; i++)
        if (!queue->messages[i].deleted && queue->messages[i].visible_usec < next_usec)
            next_usec = queue->messages[i].visible_usec;
    return next_usec;
}
