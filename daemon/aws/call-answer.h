/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer means for the call that it came for. */
#pragma once

#include "daemon/aws/call-state.h"

typedef struct CallReading {
    bool success;
    json_object *body; /* owned; of a success in JSON */
    /* Else, with the call's error: */
    bool refusal; /* AWS itself said no, with a code */
    AwsRetryClass retry_class;
} CallReading;

/* 0, or -ENOMEM. The server's clock is learned from it, too. */
int call_read_answer(AwsCall *call, const HttpResponse *response, CallReading *ret);
