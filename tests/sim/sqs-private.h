/* SPDX-License-Identifier: Apache-2.0 */
/* What the operations of SQS share: sqs.c has those that read and the service itself, sqs-message.c
 * those that change one message or, in a batch, ten. */
#pragma once

#include "tests/sim/queue.h"
#include "tests/sim/sqs.h"

/* The queue that QueueUrl names. 0; -EACCES and the refusal. */
int sqs_find_queue(SimCall *call, Queue **ret, Refusal *refusal);

/* A parameter that is an integer in a range; left out, *ret stays. 0; -EACCES and the refusal. */
int sqs_get_integer(json_object *parameters, const char *name, int64_t minimum, int64_t maximum,
                    uint64_t *ret, Refusal *refusal);

/* As JsonOperation.run(). */
int sqs_send_message(SimCall *call, json_object **ret, Refusal *refusal);
int sqs_send_message_batch(SimCall *call, json_object **ret, Refusal *refusal);
int sqs_delete_message(SimCall *call, json_object **ret, Refusal *refusal);
int sqs_delete_message_batch(SimCall *call, json_object **ret, Refusal *refusal);
int sqs_change_message_visibility(SimCall *call, json_object **ret, Refusal *refusal);
int sqs_change_message_visibility_batch(SimCall *call, json_object **ret, Refusal *refusal);

/* The MD5 of a body as hexadecimal digits, as SQS answers with it. -ENOMEM: there is no MD5. */
#define SQS_MD5_SIZE 33U
int sqs_md5(const char *body, char ret[static SQS_MD5_SIZE]);
