/* SPDX-License-Identifier: Apache-2.0 */
/* A call of AWS that gets one answer: from its start to its result, without network and waits. */
#pragma once

#include "daemon/aws/call.h"

typedef struct AnsweredCall {
    int (*start)(AwsClient *client, const AwsCaller *caller, AwsCall **ret);
    void (*check)(const AwsResult *result);
} AnsweredCall;

void answered_call_run(const AnsweredCall *call, const HttpResponse *response);
