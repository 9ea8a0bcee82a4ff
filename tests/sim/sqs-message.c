/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/queues.h"
#include "tests/sim/sqs-private.h"

#define BATCH_MAX 10U
#define DEDUPLICATION_ID_SIZE 129U

/* What is done with one message: parameters are the call's, or of one entry of its batch. 0 and,
 * where there is something to say, members added to answer; -EACCES and the refusal; -ENOMEM. */
typedef int (*Action)(SimCall *call, Queue *queue, json_object *parameters, json_object *answer,
                      Refusal *refusal);

static int digest(const EVP_MD *type, const char *text, char *ret, size_t ret_size)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;

    if (EVP_Digest(text, strlen(text), hash, &size, type, NULL) != 1 || ret_size <= 2 * size)
        return -ENOMEM;
    for (unsigned i = 0; i < size; i++)
        snprintf(ret + (size_t)2 * i, 3, "%02x", hash[i]);
    return 0;
}

int sqs_md5(const char *body, char ret[static SQS_MD5_SIZE])
{
    return digest(EVP_md5(), body, ret, SQS_MD5_SIZE);
}

/* XML 1.0 has no other control characters, and SQS was XML once. */
static bool has_forbidden_character(const char *body)
{
    for (const char *at = body; *at; at++)
        if ((unsigned char)*at < 0x20 && !strchr("\t\n\r", *at))
            return true;
    return false;
}

static int get_body(const Queue *queue, json_object *parameters, const char **ret, Refusal *refusal)
{
    const char *body = NULL;

    if (json_get_string(parameters, "MessageBody", &body) < 0)
        return refuse(refusal, 400, "InvalidMessageContents", "The message is not text.");
    if (!body || !*body)
        return refuse(refusal, 400, "MissingParameter",
                      "The request must contain the parameter MessageBody.");
    if (has_forbidden_character(body))
        return refuse(refusal, 400, "InvalidMessageContents",
                      "The message contains characters outside the allowed set.");
    if (strlen(body) > queue_spec(queue)->max_message_bytes)
        return refuse(refusal, 400, "InvalidParameterValue",
                      "One or more parameters are invalid. Reason: Message must be shorter than "
                      "%" PRIu64 " bytes.",
                      queue_spec(queue)->max_message_bytes);
    *ret = body;
    return 0;
}

/* The group and the deduplication id, which an id made of the body may stand in for. */
static int get_fifo_parameters(const Queue *queue, json_object *parameters, MessageDraft *draft,
                               char digits[static DEDUPLICATION_ID_SIZE], Refusal *refusal)
{
    if (json_get_string(parameters, "MessageGroupId", &draft->group) < 0 ||
        json_get_string(parameters, "MessageDeduplicationId", &draft->deduplication) < 0)
        return refuse(refusal, 400, "SerializationException",
                      "MessageGroupId and MessageDeduplicationId must be strings.");
    if (!queue_is_fifo(queue))
        return !draft->deduplication
                   ? 0
                   : refuse(refusal, 400, "InvalidParameterValue",
                            "The request includes a parameter that is not valid for this queue "
                            "type.");
    if (!draft->group)
        return refuse(refusal, 400, "MissingParameter",
                      "The request must contain the parameter MessageGroupId.");
    if (!draft->deduplication && !queue_spec(queue)->content_based_deduplication)
        return refuse(refusal, 400, "InvalidParameterValue",
                      "The queue should either have ContentBasedDeduplication enabled or "
                      "MessageDeduplicationId provided explicitly");
    if (draft->deduplication)
        return 0;
    draft->deduplication = digits;
    return digest(EVP_sha256(), draft->body, digits, DEDUPLICATION_ID_SIZE);
}

static int send_one(SimCall *call, Queue *queue, json_object *parameters, json_object *answer,
                    Refusal *refusal)
{
    MessageDraft draft = {.sender = call->account->access_key,
                          .delay_seconds = queue_spec(queue)->delay_seconds};
    char digits[DEDUPLICATION_ID_SIZE], md5[SQS_MD5_SIZE], sequence[32];
    Sent sent;

    int r = get_body(queue, parameters, &draft.body, refusal);
    if (r == 0)
        r = get_fifo_parameters(queue, parameters, &draft, digits, refusal);
    if (r == 0)
        r = sqs_get_integer(parameters, "DelaySeconds", 0, 900, &draft.delay_seconds, refusal);
    if (r == 0)
        r = queue_send(queue, &draft, queues_now(call->sim->queues), &sent);
    if (r < 0)
        return r;
    snprintf(sequence, sizeof(sequence), "%020" PRIu64, sent.sequence);
    if (sqs_md5(draft.body, md5) < 0 || json_add_string(answer, "MessageId", sent.id) < 0 ||
        json_add_string(answer, "MD5OfMessageBody", md5) < 0 ||
        json_add_string(answer, "SequenceNumber", queue_is_fifo(queue) ? sequence : NULL) < 0)
        return -ENOMEM;
    return 0;
}

static int get_receipt(json_object *parameters, const char **ret, Refusal *refusal)
{
    *ret = NULL;
    if (json_get_string(parameters, "ReceiptHandle", ret) < 0)
        return refuse(refusal, 400, "SerializationException", "ReceiptHandle must be a string.");
    return *ret ? 0
                : refuse(refusal, 400, "MissingParameter",
                         "The request must contain the parameter ReceiptHandle.");
}

static int refuse_receipt(QueueResult result, Refusal *refusal)
{
    switch (result) {
    case QUEUE_DONE:
        return 0;
    case QUEUE_RECEIPT_INVALID:
    case QUEUE_RECEIPT_OLD:
        return refuse(refusal, 400, "ReceiptHandleIsInvalid",
                      "The input receipt handle is invalid.");
    case QUEUE_RECEIPT_EXPIRED:
        return refuse(refusal, 400, "InvalidParameterValue",
                      "Value for parameter ReceiptHandle is invalid. Reason: The receipt handle "
                      "has expired.");
    case QUEUE_MESSAGE_GONE:
        return refuse(refusal, 400, "InvalidParameterValue",
                      "Value for parameter ReceiptHandle is invalid. Reason: Message does not "
                      "exist or is not available for visibility timeout change.");
    case QUEUE_NOT_IN_FLIGHT:
        return refuse(refusal, 400, "MessageNotInflight",
                      "The message referred to is not in flight.");
    case QUEUE_TOO_LONG:
        break;
    }
    return refuse(refusal, 400, "InvalidParameterValue",
                  "Total VisibilityTimeout for the message is beyond the limit [43200 seconds]");
}

/* A handle that is old, or of a message that is gone, succeeds and deletes nothing. */
static int delete_one(SimCall *call, Queue *queue, json_object *parameters, json_object *answer,
                      Refusal *refusal)
{
    const char *receipt;
    QueueResult result;

    int r = get_receipt(parameters, &receipt, refusal);
    (void)answer;
    if (r < 0)
        return r;
    (void)queues_now(call->sim->queues);
    result = queue_delete(queue, receipt);
    if (result == QUEUE_RECEIPT_OLD || result == QUEUE_MESSAGE_GONE)
        return 0;
    return refuse_receipt(result, refusal);
}

static int change_one(SimCall *call, Queue *queue, json_object *parameters, json_object *answer,
                      Refusal *refusal)
{
    uint64_t seconds = UINT64_MAX; /* -1: it has to be there */
    const char *receipt;

    int r = get_receipt(parameters, &receipt, refusal);
    (void)answer;
    if (r == 0)
        r = sqs_get_integer(parameters, "VisibilityTimeout", 0, 43200, &seconds, refusal);
    if (r < 0)
        return r;
    return refuse_receipt(
        queue_change_visibility(queue, receipt, seconds, queues_now(call->sim->queues)), refusal);
}

static int run_one(SimCall *call, Action action, json_object **ret, Refusal *refusal)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    Queue *queue;

    int r = sqs_find_queue(call, &queue, refusal);
    if (!answer)
        return -ENOMEM;
    if (r == 0)
        r = action(call, queue, call->body, answer, refusal);
    if (r == 0)
        *ret = TAKE(answer);
    return r;
}

static bool is_entry_id(const char *id)
{
    size_t length = id ? strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789_-")
                       : 0;

    return length > 0 && length <= 80 && id[length] == '\0';
}

static const char *entry_id(json_object *entries, size_t at)
{
    const char *id = NULL;

    (void)json_get_string(json_object_array_get_idx(entries, at), "Id", &id);
    return id;
}

static int check_entries(json_object *entries, Refusal *refusal)
{
    size_t n = entries ? json_object_array_length(entries) : 0, size = 0;

    if (n == 0)
        return refuse(refusal, 400, "EmptyBatchRequest",
                      "There should be at least one entry in the request.");
    if (n > BATCH_MAX)
        return refuse(refusal, 400, "TooManyEntriesInBatchRequest",
                      "Maximum number of entries per request are 10. You have sent %zu.", n);
    for (size_t i = 0; i < n; i++) {
        json_object *entry = json_object_array_get_idx(entries, i);
        const char *body = NULL;
        if (!json_object_is_type(entry, json_type_object) || !is_entry_id(entry_id(entries, i)))
            return refuse(refusal, 400, "InvalidBatchEntryId",
                          "A batch entry id can only contain alphanumeric characters, hyphens and "
                          "underscores. It can be at most 80 letters long.");
        for (size_t j = 0; j < i; j++)
            if (strcmp(entry_id(entries, i), entry_id(entries, j)) == 0)
                return refuse(refusal, 400, "BatchEntryIdsNotDistinct", "Id %s repeated.",
                              entry_id(entries, i));
        if (json_get_string(entry, "MessageBody", &body) > 0)
            size += strlen(body);
    }
    return size <= 1024 * 1024 ? 0
                               : refuse(refusal, 400, "BatchRequestTooLong",
                                        "Batch requests cannot be longer than 1048576 bytes. You "
                                        "have sent %zu bytes.",
                                        size);
}

/* Members of one that failed, or what the action added, and the id of both. */
static json_object *run_entry(SimCall *call, Queue *queue, Action action, json_object *entry,
                              const char *id, bool *ret_failed)
{
    const Fault *fault = call->fault && call->fault->kind == FAULT_ENTRY_ERROR ? call->fault : NULL;
    CLEANUP(json_object_putp) json_object *result = json_object_new_object();
    Refusal refusal;
    int r;

    if (!result || json_add_string(result, "Id", id) < 0)
        return NULL;
    r = fault ? refuse(&refusal, 500, fault->code, "%s", fault->message)
              : action(call, queue, entry, result, &refusal);
    *ret_failed = r == -EACCES;
    if ((r < 0 && r != -EACCES) ||
        (r == -EACCES && (json_add_string(result, "Code", refusal.code) < 0 ||
                          json_add_string(result, "Message", refusal.message) < 0 ||
                          json_add_bool(result, "SenderFault", refusal.status < 500) < 0)))
        return NULL;
    return TAKE(result);
}

static int run_batch(SimCall *call, Action action, json_object **ret, Refusal *refusal)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    json_object *successful = json_object_new_array(), *failed = json_object_new_array();
    json_object *entries = NULL;
    Queue *queue;
    int r;

    r = json_add(answer, "Successful", successful);
    if (json_add(answer, "Failed", failed) < 0 || r < 0)
        return -ENOMEM;
    r = sqs_find_queue(call, &queue, refusal);
    if (r == 0 && json_get_array(call->body, "Entries", &entries) < 0)
        r = refuse(refusal, 400, "SerializationException", "Entries must be a list.");
    if (r == 0)
        r = check_entries(entries, refusal);
    for (size_t i = 0; r == 0 && i < json_object_array_length(entries); i++) {
        bool has_failed = false;
        json_object *result = run_entry(call, queue, action, json_object_array_get_idx(entries, i),
                                        entry_id(entries, i), &has_failed);
        r = json_append(has_failed ? failed : successful, result);
    }
    if (r == 0)
        *ret = TAKE(answer);
    return r;
}

int sqs_send_message(SimCall *call, json_object **ret, Refusal *refusal)
{
    return run_one(call, send_one, ret, refusal);
}

int sqs_send_message_batch(SimCall *call, json_object **ret, Refusal *refusal)
{
    return run_batch(call, send_one, ret, refusal);
}

int sqs_delete_message(SimCall *call, json_object **ret, Refusal *refusal)
{
    return run_one(call, delete_one, ret, refusal);
}

int sqs_delete_message_batch(SimCall *call, json_object **ret, Refusal *refusal)
{
    return run_batch(call, delete_one, ret, refusal);
}

int sqs_change_message_visibility(SimCall *call, json_object **ret, Refusal *refusal)
{
    return run_one(call, change_one, ret, refusal);
}

int sqs_change_message_visibility_batch(SimCall *call, json_object **ret, Refusal *refusal)
{
    return run_batch(call, change_one, ret, refusal);
}
