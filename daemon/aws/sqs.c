/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/sqs.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/decode.h"

/* SQS's own are at most 100 and 1024 characters long. */
#define NAME_MAX_LENGTH 256U
#define RECEIPT_MAX_LENGTH 4096U

static const Member attribute_members[] = {
    {"SenderId", MEMBER_STRING, NULL},
    {"ApproximateReceiveCount", MEMBER_COUNT, NULL}, /* a string of digits */
    {0},
};

static const Member message_members[] = {
    {"MessageId", MEMBER_STRING, NULL},
    {"ReceiptHandle", MEMBER_STRING, NULL},
    {"Body", MEMBER_STRING, NULL},
    {"Attributes", MEMBER_OBJECT, attribute_members},
    {0},
};

static const Member messages_members[] = {
    {"Messages", MEMBER_OBJECTS, message_members},
    {0},
};

static const Member sent_members[] = {
    {"MessageId", MEMBER_STRING, NULL},
    {0},
};

static int decode_messages(json_object *answer, json_object **ret)
{
    return decode_answer(answer, messages_members, ret);
}

/* Nothing is in it today; what may be some day is not needed. */
static int decode_nothing(json_object *answer, json_object **ret)
{
    *ret = json_object_get(answer);
    return 0;
}

/* A message that was taken has an id; without one nobody knows that it was. */
static int decode_sent(json_object *answer, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *sent = NULL;
    const char *id;
    int r = decode_answer(answer, sent_members, &sent);

    if (r < 0)
        return r;
    if (json_get_string(sent, "MessageId", &id) <= 0)
        return -EBADMSG;
    *ret = TAKE(sent);
    return 0;
}

static const AwsOperation receive_message = {
    .name = "ReceiveMessage",
    .json_version = AWS_JSON_1_0,
    .target = "AmazonSQS.ReceiveMessage",
    .decode = decode_messages,
    .once = true,
    .may_be_empty = true,
    .of_target = true,
    .refusal_is_trouble = true,
};

static const AwsOperation change_visibility = {
    .name = "ChangeMessageVisibility",
    .json_version = AWS_JSON_1_0,
    .target = "AmazonSQS.ChangeMessageVisibility",
    .decode = decode_nothing,
    .may_be_empty = true,
    .of_target = true,
};

static const AwsOperation delete_message = {
    .name = "DeleteMessage",
    .json_version = AWS_JSON_1_0,
    .target = "AmazonSQS.DeleteMessage",
    .decode = decode_nothing,
    .may_be_empty = true,
    .of_target = true,
};

static const AwsOperation send_message = {
    .name = "SendMessage",
    .json_version = AWS_JSON_1_0,
    .target = "AmazonSQS.SendMessage",
    .decode = decode_sent,
    .of_target = true,
    .refusal_is_trouble = true,
};

static int start(AwsClient *client, const AwsOperation *operation, json_object *body,
                 const AwsCaller *caller, AwsCall **ret)
{
    const char *text = json_text(body, NULL);

    return text ? aws_call_start(client, operation, text, NULL, caller, ret) : -ENOMEM;
}

/* NULL: no memory. */
static json_object *new_body(const char *queue_url)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();

    return body && json_add_string(body, "QueueUrl", queue_url) >= 0 ? TAKE(body) : NULL;
}

static int add_attribute_names(json_object *body)
{
    static const char *const names[] = {"SenderId", "ApproximateReceiveCount", "SentTimestamp"};
    json_object *array = json_object_new_array();
    int r = json_add(body, "MessageSystemAttributeNames", array);

    for (size_t i = 0; r >= 0 && i < sizeof(names) / sizeof(names[0]); i++)
        r = json_append(array, json_object_new_string(names[i]));
    return r;
}

int sqs_receive(AwsClient *client, const char *queue_url, unsigned max_messages, unsigned wait_sec,
                unsigned visibility_sec, const AwsCaller *caller, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = new_body(queue_url);
    AwsCaller held = *caller;

    if (!body || json_add_int64(body, "MaxNumberOfMessages", max_messages) < 0 ||
        json_add_int64(body, "WaitTimeSeconds", wait_sec) < 0 ||
        json_add_int64(body, "VisibilityTimeout", visibility_sec) < 0 ||
        add_attribute_names(body) < 0)
        return -ENOMEM;
    assert(wait_sec <= SQS_WAIT_SEC_MAX);
    held.held_sec = (uint8_t)wait_sec;
    return start(client, &receive_message, body, &held, ret);
}

/* NULL: no memory. */
static json_object *new_body_with_receipt(const char *queue_url, const char *receipt)
{
    CLEANUP(json_object_putp) json_object *body = new_body(queue_url);

    return body && json_add_string(body, "ReceiptHandle", receipt) >= 0 ? TAKE(body) : NULL;
}

int sqs_change_visibility(AwsClient *client, const char *queue_url, const char *receipt,
                          unsigned visibility_sec, const AwsCaller *caller, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = new_body_with_receipt(queue_url, receipt);

    if (!body || json_add_int64(body, "VisibilityTimeout", visibility_sec) < 0)
        return -ENOMEM;
    return start(client, &change_visibility, body, caller, ret);
}

int sqs_delete(AwsClient *client, const char *queue_url, const char *receipt,
               const AwsCaller *caller, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = new_body_with_receipt(queue_url, receipt);

    return body ? start(client, &delete_message, body, caller, ret) : -ENOMEM;
}

int sqs_send(AwsClient *client, const char *queue_url, const char *body, const char *group,
             const char *deduplication, const AwsCaller *caller, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *message = new_body(queue_url);
    bool fifo = sqs_is_fifo(queue_url);

    if (!message || json_add_string(message, "MessageBody", body) < 0 ||
        json_add_string(message, "MessageGroupId", fifo ? group : NULL) < 0 ||
        json_add_string(message, "MessageDeduplicationId", fifo ? deduplication : NULL) < 0)
        return -ENOMEM;
    return start(client, &send_message, message, caller, ret);
}

/* A text that jobs, rows and the journal carry along; NULL: it is missing, empty, or longer than
 * any that SQS gives. */
static const char *find_name(json_object *object, const char *member, size_t length_max)
{
    const char *text;

    return json_get_string(object, member, &text) > 0 && *text &&
                   strnlen(text, length_max + 1) <= length_max
               ? text
               : NULL;
}

static void read_attributes(json_object *message, SqsMessage *ret)
{
    json_object *attributes;
    int64_t receives;

    if (json_get_object(message, "Attributes", &attributes) <= 0)
        return;
    ret->sender = find_name(attributes, "SenderId", NAME_MAX_LENGTH);
    if (json_get_int64(attributes, "ApproximateReceiveCount", &receives) > 0 && receives > 0)
        ret->receives = receives < UINT_MAX ? (unsigned)receives : UINT_MAX;
}

static SqsMessage read_message(json_object *message)
{
    SqsMessage read = {.id = "", .receipt = "", .body = ""};
    const char *id = find_name(message, "MessageId", NAME_MAX_LENGTH);
    const char *receipt = find_name(message, "ReceiptHandle", RECEIPT_MAX_LENGTH);

    read_attributes(message, &read);
    if (!id || !receipt)
        return read;
    read.id = id;
    read.receipt = receipt;
    if (json_get_string(message, "Body", &read.body) > 0)
        read.body_size = strlen(read.body);
    return read;
}

size_t sqs_messages(json_object *answer, SqsMessage ret[static SQS_MESSAGES_MAX])
{
    json_object *messages;
    size_t n;

    if (json_get_array(answer, "Messages", &messages) <= 0)
        return 0;
    n = json_object_array_length(messages);
    if (n > SQS_MESSAGES_MAX)
        n = SQS_MESSAGES_MAX;
    for (size_t i = 0; i < n; i++)
        ret[i] = read_message(json_object_array_get_idx(messages, i));
    return n;
}

/* A receipt that expired is to SQS the wrong value of a parameter, as a visibility is that goes
 * beyond the twelve hours which a message may be hidden in all. Which one it is, only the message
 * says: "Value AQEB... for parameter ReceiptHandle is invalid. Reason: ...". */
bool sqs_is_gone(const CallError *error)
{
    static const struct {
        const char *code, *parameter;
    } rows[] = {
        {"MessageNotInflight", NULL},
        {"ReceiptHandleIsInvalid", NULL},
        {"AWS.SimpleQueueService.MessageNotInflight", NULL},
        {"AWS.SimpleQueueService.ReceiptHandleIsInvalid", NULL},
        {"InvalidParameterValue", "parameter ReceiptHandle "},
        {"InvalidParameterValueException", "parameter ReceiptHandle "},
    };

    for (size_t i = 0; error->code && i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(error->code, rows[i].code) == 0)
            return !rows[i].parameter ||
                   (error->message && strstr(error->message, rows[i].parameter));
    return false;
}

bool sqs_is_fifo(const char *queue_url)
{
    static const char suffix[] = ".fifo";
    size_t length = strlen(queue_url);

    return length >= strlen(suffix) && strcmp(queue_url + length - strlen(suffix), suffix) == 0;
}
