/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon SQS: the operations that a taker and a sender of messages need, one function each.
 *
 * The client is the queue's: its service is SQS_SERVICE, its endpoint the host of the queue's URL
 * or what stands in its place (queue-url.h). All are about the queue as a whole: whatever is wrong
 * with one of them is noted as the queue's trouble. Each returns 0 or -ENOMEM.
 *
 * Source: Amazon SQS API Reference; Smithy, "AWS JSON 1.0 protocol". */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/aws/call.h"

#define SQS_SERVICE "sqs"    /* in signatures */
#define SQS_MESSAGES_MAX 10U /* of one answer */
#define SQS_WAIT_SEC_MAX 20U

/* A message received. Strings are borrowed from the answer and never NULL except for the sender. */
typedef struct SqsMessage {
    const char *id;
    const char *receipt; /* the handle of this receive, good until the visibility ends */
    const char *body;    /* without a NUL inside */
    size_t body_size;
    const char *sender; /* the principal of IAM that sent it; NULL: not given */
    unsigned receives;  /* how often it has been received, this time included; 0: not given, so
                           perhaps before */
} SqsMessage;

/* Waits up to wait_sec for messages. An answer that is lost hides what it held until the visibility
 * ends, and the caller comes back anyway, so no attempt is repeated after one. For the result's
 * body see sqs_messages(). */
int sqs_receive(AwsClient *client, const char *queue_url, unsigned max_messages, unsigned wait_sec,
                unsigned visibility_sec, const AwsCaller *caller, AwsCall **ret);

/* What sqs_receive() was answered with. Returns how many; the rest of more than SQS_MESSAGES_MAX is
 * passed over. Nothing is hidden: a message without a body that is a text has an empty one, and one
 * that cannot be named or answered, because its id or receipt is missing or absurdly long, has all
 * three empty. An
 * empty body is not a request, so both are rejected by the caller that reads it. */
size_t sqs_messages(json_object *answer, SqsMessage ret[static SQS_MESSAGES_MAX]);

/* From now on it stays hidden for so long; 0: it is there for anybody at once. */
int sqs_change_visibility(AwsClient *client, const char *queue_url, const char *receipt,
                          unsigned visibility_sec, const AwsCaller *caller, AwsCall **ret);

int sqs_delete(AwsClient *client, const char *queue_url, const char *receipt,
               const AwsCaller *caller, AwsCall **ret);

/* group and deduplication: ids, as FIFO queues want them; left out for any other queue. */
int sqs_send(AwsClient *client, const char *queue_url, const char *body, const char *group,
             const char *deduplication, const AwsCaller *caller, AwsCall **ret);

/* Whether a refusal says that the receipt is stale: the message is another host's, or deleted. That
 * a message has been hidden for as long as any may be is another refusal. */
bool sqs_is_gone(const CallError *error);

bool sqs_is_fifo(const char *queue_url);
