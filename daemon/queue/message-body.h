/* SPDX-License-Identifier: Apache-2.0 */
/* What a queue's message asks for: the parameters of Stop as a JSON object, an event of EventBridge
 * that has them as its detail, or a notification of SNS that has either as its Message. They are
 * checked by the same reader as those of a call on the socket, and within the same bounds: a body
 * has at most 64 KiB and nests at most as deep as a call.
 *
 * Source: Amazon EventBridge User Guide, "Events reference" (source, detail-type, detail); Amazon
 * SNS Developer Guide, "HTTP/HTTPS notification JSON format" (Type, Message), which SQS gets as
 * well. */
#pragma once

#include <stddef.h>

#include "daemon/jobs/parameters.h"

#define MESSAGE_BODY_MAX (64U * 1024U)

typedef struct MessageBody {
    json_object *object;   /* owned; what parameters borrow from */
    Parameters parameters; /* of request_parameters; import_id is there */
} MessageBody;

/* 0; -EINVAL and an owned sentence why it is not a request, which quotes nothing of the body but
 * the start of a member's name; -ENOMEM. */
int message_body_read(const char *text, size_t size, MessageBody *ret, char **ret_reason);
void message_body_clear(MessageBody *body); /* takes one that is all zero */
