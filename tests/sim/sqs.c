/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/sqs-private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/answer.h"
#include "tests/sim/clock.h"
#include "tests/sim/json-service.h"
#include "tests/sim/queues.h"

#define ARN_SIZE 256U

int sqs_get_integer(json_object *parameters, const char *name, int64_t minimum, int64_t maximum,
                    uint64_t *ret, Refusal *refusal)
{
    int64_t value = (int64_t)*ret;

    if (json_get_int64(parameters, name, &value) < 0)
        return refuse(refusal, 400, "SerializationException", "%s must be an integer.", name);
    if (value < minimum || value > maximum)
        return refuse(refusal, 400, "InvalidParameterValue",
                      "Value %" PRId64 " for parameter %s is invalid. Reason: Must be >= %" PRId64
                      " and <= %" PRId64 ", if provided.",
                      value, name, minimum, maximum);
    *ret = (uint64_t)value;
    return 0;
}

/* Of "scheme://host/account/name" what follows the host; NULL: it is not that. */
static const char *path_of_url(const char *url)
{
    const char *host = url ? strstr(url, "://") : NULL;
    const char *path = host ? strchr(host + 3, '/') : NULL;

    return path ? path + 1 : NULL;
}

int sqs_find_queue(SimCall *call, Queue **ret, Refusal *refusal)
{
    const char *url = NULL, *path;
    char account[64];

    if (json_get_string(call->body, "QueueUrl", &url) < 0)
        return refuse(refusal, 400, "SerializationException", "QueueUrl must be a string.");
    if (!url)
        return refuse(refusal, 400, "MissingParameter",
                      "The request must contain the parameter QueueUrl.");
    path = path_of_url(url);
    *ret = NULL;
    if (path && strcspn(path, "/") < sizeof(account) && strchr(path, '/')) {
        snprintf(account, sizeof(account), "%.*s", (int)strcspn(path, "/"), path);
        *ret = queues_find(call->sim->queues, account, strchr(path, '/') + 1);
    }
    return *ret ? 0
                : refuse(refusal, 400, "QueueDoesNotExist", "The specified queue does not exist.");
}

/* Names of attributes that a call asks for; "All" is all of them. */
typedef struct Wanted {
    json_object *names; /* NULL: none */
} Wanted;

static bool is_wanted(const Wanted *wanted, const char *name)
{
    for (size_t i = 0; wanted->names && i < json_object_array_length(wanted->names); i++) {
        const char *text = json_string(json_object_array_get_idx(wanted->names, i));
        if (text && (strcmp(text, "All") == 0 || strcmp(text, name) == 0))
            return true;
    }
    return false;
}

static int get_wanted(SimCall *call, const char *parameter, Wanted *ret, Refusal *refusal)
{
    if (json_get_array(call->body, parameter, &ret->names) < 0)
        return refuse(refusal, 400, "SerializationException", "%s must be a list.", parameter);
    return 0;
}

/* Attributes are strings, whatever they are about. */
static int add_text(json_object *attributes, const Wanted *wanted, const char *name,
                    const char *value)
{
    return value && is_wanted(wanted, name) ? json_add_string(attributes, name, value) : 0;
}

static int add_number(json_object *attributes, const Wanted *wanted, const char *name,
                      uint64_t value)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, value);
    return add_text(attributes, wanted, name, text);
}

static const char *format_arn(const QueueSpec *spec, const char *name, char buffer[static ARN_SIZE])
{
    snprintf(buffer, ARN_SIZE, "arn:aws:sqs:us-east-1:%s:%s", spec->account, name);
    return buffer;
}

static int add_message_attributes(json_object *object, const Wanted *wanted, const Queue *queue,
                                  const Message *message)
{
    CLEANUP(json_object_putp) json_object *attributes = json_object_new_object();
    char sequence[32], arn[ARN_SIZE];

    snprintf(sequence, sizeof(sequence), "%020" PRIu64, message->sequence);
    if (!attributes || add_text(attributes, wanted, "SenderId", message->sender) < 0 ||
        add_number(attributes, wanted, "SentTimestamp", message->sent_usec / USEC_PER_MSEC) < 0 ||
        add_number(attributes, wanted, "ApproximateReceiveCount", message->receives) < 0 ||
        add_number(attributes, wanted, "ApproximateFirstReceiveTimestamp",
                   message->first_receive_usec / USEC_PER_MSEC) < 0 ||
        add_text(attributes, wanted, "MessageGroupId",
                 message->group ? message->group->name : NULL) < 0 ||
        add_text(attributes, wanted, "MessageDeduplicationId", message->deduplication) < 0 ||
        (message->deduplication && add_text(attributes, wanted, "SequenceNumber", sequence) < 0) ||
        (message->source && add_text(attributes, wanted, "DeadLetterQueueSourceArn",
                                     format_arn(queue_spec(queue), message->source, arn)) < 0))
        return -ENOMEM;
    if (json_object_object_length(attributes) == 0)
        return 0;
    return json_add(object, "Attributes", TAKE(attributes));
}

static json_object *message_to_json(const Queue *queue, const Message *message,
                                    const Wanted *wanted)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    char receipt[RECEIPT_SIZE], md5[SQS_MD5_SIZE];

    if (!object || sqs_md5(message->body, md5) < 0 ||
        json_add_string(object, "MessageId", message->id) < 0 ||
        json_add_string(object, "ReceiptHandle", message_receipt(message, receipt)) < 0 ||
        json_add_string(object, "MD5OfBody", md5) < 0 ||
        json_add_string(object, "Body", message->body) < 0 ||
        add_message_attributes(object, wanted, queue, message) < 0)
        return NULL;
    return TAKE(object);
}

/* Whether a call that received nothing has to wait; when to look again then. */
static bool has_to_wait(SimCall *call, uint64_t wait_seconds)
{
    uint64_t now_usec = clock_monotonic_usec(), hidden_usec;

    if (call->deadline_usec == 0)
        call->deadline_usec = now_usec + wait_seconds * USEC_PER_SEC;
    if (now_usec >= call->deadline_usec)
        return false;
    hidden_usec =
        time_since(queues_now(call->sim->queues), queues_next_visible_usec(call->sim->queues));
    call->again_usec = call->deadline_usec;
    if (hidden_usec < call->again_usec - now_usec)
        call->again_usec = now_usec + hidden_usec;
    return true;
}

typedef struct ReceiveParameters {
    Queue *queue;
    uint64_t max, wait_seconds, visibility_seconds;
    Wanted wanted;
} ReceiveParameters;

static int read_receive(SimCall *call, ReceiveParameters *ret, Refusal *refusal)
{
    int r = sqs_find_queue(call, &ret->queue, refusal);
    if (r < 0)
        return r;
    ret->max = 1;
    ret->wait_seconds = queue_spec(ret->queue)->wait_seconds;
    ret->visibility_seconds = queue_spec(ret->queue)->visibility_seconds;
    ret->wanted = (Wanted){0};
    r = sqs_get_integer(call->body, "MaxNumberOfMessages", 1, QUEUE_RECEIVE_MAX, &ret->max,
                        refusal);
    if (r == 0)
        r = sqs_get_integer(call->body, "WaitTimeSeconds", 0, 20, &ret->wait_seconds, refusal);
    if (r == 0)
        r = sqs_get_integer(call->body, "VisibilityTimeout", 0, 43200, &ret->visibility_seconds,
                            refusal);
    if (r == 0)
        r = get_wanted(call, "AttributeNames", &ret->wanted, refusal); /* as it was called before */
    if (r == 0)
        r = get_wanted(call, "MessageSystemAttributeNames", &ret->wanted, refusal);
    return r;
}

static int receive_message(SimCall *call, json_object **ret, Refusal *refusal)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    const Message *messages[QUEUE_RECEIVE_MAX];
    uint64_t now_usec = queues_now(call->sim->queues);
    json_object *array = NULL;
    ReceiveParameters parameters;
    size_t n;

    int r = read_receive(call, &parameters, refusal);
    if (r < 0)
        return r;
    if (queue_is_full(parameters.queue))
        return refuse(refusal, 400, "OverLimit", "Too many messages in flight.");
    n = queue_receive(parameters.queue, parameters.max, parameters.visibility_seconds,
                      call->claim.access_key, now_usec, messages);
    if (n == 0 && has_to_wait(call, parameters.wait_seconds))
        return -EAGAIN;
    if (n > 0)
        array = json_object_new_array();
    if (!answer || (n > 0 && json_add(answer, "Messages", array) < 0))
        return -ENOMEM;
    for (size_t i = 0; i < n; i++)
        if (json_append(array, message_to_json(parameters.queue, messages[i], &parameters.wanted)) <
            0)
            return -ENOMEM;
    *ret = TAKE(answer);
    return 0;
}

static int add_queue_attributes(json_object *attributes, const Wanted *wanted, Queue *queue,
                                const QueueCounts *counts)
{
    const QueueSpec *spec = queue_spec(queue);
    char arn[ARN_SIZE], redrive[ARN_SIZE + 64] = "";

    if (spec->dead_letter_queue)
        snprintf(redrive, sizeof(redrive),
                 "{\"deadLetterTargetArn\":\"%s\",\"maxReceiveCount\":%" PRIu64 "}",
                 format_arn(spec, spec->dead_letter_queue, arn), spec->max_receive_count);
    if (add_number(attributes, wanted, "ApproximateNumberOfMessages",
                   counts->messages - counts->in_flight - counts->delayed) < 0 ||
        add_number(attributes, wanted, "ApproximateNumberOfMessagesNotVisible", counts->in_flight) <
            0 ||
        add_number(attributes, wanted, "ApproximateNumberOfMessagesDelayed", counts->delayed) < 0 ||
        add_number(attributes, wanted, "VisibilityTimeout", spec->visibility_seconds) < 0 ||
        add_number(attributes, wanted, "ReceiveMessageWaitTimeSeconds", spec->wait_seconds) < 0 ||
        add_number(attributes, wanted, "DelaySeconds", spec->delay_seconds) < 0 ||
        add_number(attributes, wanted, "MaximumMessageSize", spec->max_message_bytes) < 0 ||
        add_text(attributes, wanted, "QueueArn", format_arn(spec, spec->name, arn)) < 0 ||
        add_text(attributes, wanted, "RedrivePolicy", *redrive ? redrive : NULL) < 0 ||
        add_text(attributes, wanted, "FifoQueue", queue_is_fifo(queue) ? "true" : NULL) < 0 ||
        add_text(attributes, wanted, "ContentBasedDeduplication",
                 spec->content_based_deduplication ? "true" : NULL) < 0)
        return -ENOMEM;
    return 0;
}

static int get_queue_attributes(SimCall *call, json_object **ret, Refusal *refusal)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    json_object *attributes = json_object_new_object(); /* belongs to the answer */
    Wanted wanted = {0};
    QueueCounts counts;
    Queue *queue;
    int r;

    if (!answer || json_add(answer, "Attributes", attributes) < 0)
        return -ENOMEM;
    r = sqs_find_queue(call, &queue, refusal);
    if (r == 0)
        r = get_wanted(call, "AttributeNames", &wanted, refusal);
    if (r < 0)
        return r;
    counts = queue_counts(queue, queues_now(call->sim->queues));
    if (add_queue_attributes(attributes, &wanted, queue, &counts) < 0)
        return -ENOMEM;
    *ret = TAKE(answer);
    return 0;
}

static int get_queue_url(SimCall *call, json_object **ret, Refusal *refusal)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    const char *name = NULL, *account = NULL;
    CLEANUP(freep) char *url = NULL;
    const Queue *queue;

    if (json_get_string(call->body, "QueueName", &name) < 0 || !name ||
        json_get_string(call->body, "QueueOwnerAWSAccountId", &account) < 0)
        return refuse(refusal, 400, "MissingParameter",
                      "The request must contain the parameter QueueName.");
    queue = queues_find(call->sim->queues, account, name);
    if (!queue)
        return refuse(refusal, 400, "QueueDoesNotExist", "The specified queue does not exist.");
    url = queue_url(queue, call->sim->url);
    if (!answer || !url || json_add_string(answer, "QueueUrl", url) < 0)
        return -ENOMEM;
    *ret = TAKE(answer);
    return 0;
}

static const JsonOperation operations[] = {
    {OPERATION_RECEIVE_MESSAGE, receive_message},
    {OPERATION_SEND_MESSAGE, sqs_send_message},
    {OPERATION_SEND_MESSAGE_BATCH, sqs_send_message_batch},
    {OPERATION_DELETE_MESSAGE, sqs_delete_message},
    {OPERATION_DELETE_MESSAGE_BATCH, sqs_delete_message_batch},
    {OPERATION_CHANGE_MESSAGE_VISIBILITY, sqs_change_message_visibility},
    {OPERATION_CHANGE_MESSAGE_VISIBILITY_BATCH, sqs_change_message_visibility_batch},
    {OPERATION_GET_QUEUE_ATTRIBUTES, get_queue_attributes},
    {OPERATION_GET_QUEUE_URL, get_queue_url},
};

static const char *const target_prefixes[] = {"AmazonSQS.", NULL};

static const JsonService sqs = {
    .signing_name = "sqs",
    .target_prefixes = target_prefixes,
    .operations = operations,
    .n_operations = sizeof(operations) / sizeof(*operations),
    .content_type = CONTENT_TYPE_JSON_1_0,
};

static void read_call(SimCall *call)
{
    const char *url = NULL, *path;

    json_service_read(call);
    if (!call->body)
        return;
    (void)json_get_string(call->body, "QueueName", &call->queue);
    (void)json_get_string(call->body, "QueueUrl", &url);
    path = path_of_url(url);
    if (path && strchr(path, '/'))
        call->queue = strrchr(path, '/') + 1;
}

/* Operations that have nothing to say answer with no body at all. */
static unsigned write_answer(SimCall *call, json_object *document)
{
    if (call->operation == OPERATION_DELETE_MESSAGE ||
        call->operation == OPERATION_CHANGE_MESSAGE_VISIBILITY)
        return answer_set_text(call->request, HTTP_OK, CONTENT_TYPE_JSON_1_0, "");
    return json_service_write(call, document);
}

/* Errors that the Query protocol, which came before JSON, has another name for. */
static const char *query_name(const char *code)
{
    static const struct {
        const char *code, *query_name;
    } names[] = {
        {"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"},
        {"MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight"},
        {"EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest"},
        {"TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest"},
        {"BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct"},
        {"InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId"},
        {"BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong"},
        {"UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (strcmp(names[i].code, code) == 0)
            return names[i].query_name;
    return code;
}

/* SQS has one form of errors, and says which side's they are. */
static unsigned write_error(SimCall *call, unsigned status, const char *form, const char *code,
                            const char *message)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();
    char type[160], header[160];

    (void)form;
    snprintf(type, sizeof(type), "com.amazonaws.sqs#%s", code);
    snprintf(header, sizeof(header), "%s;%s", query_name(code),
             status < 500 ? "Sender" : "Receiver");
    if (!body || json_add_string(body, "__type", type) < 0 ||
        json_add_string(body, "message", message) < 0 ||
        evhttp_add_header(evhttp_request_get_output_headers(call->request), "x-amzn-query-error",
                          header) < 0)
        return HTTP_INTERNAL;
    return answer_set_json(call->request, status, CONTENT_TYPE_JSON_1_0, body);
}

const ServiceType sqs_service = {
    .json = &sqs,
    .recognizes = json_service_recognizes,
    .read = read_call,
    .authenticate = json_service_authenticate,
    .run = json_service_run,
    .write = write_answer,
    .write_error = write_error,
};
