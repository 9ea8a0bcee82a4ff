/* SPDX-License-Identifier: Apache-2.0 */
/* Amazon EventBridge: puts one event on a bus.
 *
 * Source: Amazon EventBridge API Reference, PutEvents. */
#pragma once

#include "daemon/aws/call.h"

#define EVENTS_SERVICE "events" /* in signatures */

/* bus: a name or ARN; NULL: the account's default one. detail: a JSON object as text. An event that
 * the bus does not take is an error of the call, with the code that its entry has: retried, or a
 * refusal, as the same code of any other call. 0 or -ENOMEM. */
int events_put(AwsClient *client, const char *bus, const char *source, const char *detail_type,
               const char *detail, const AwsCaller *caller, AwsCall **ret);
