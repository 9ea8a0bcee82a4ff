/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a call, for the two files that it is made of: call.c is its life, call-answer.c
 * reads what came back. */
#pragma once

#include "daemon/aws/call.h"
#include "daemon/aws/client-state.h"

typedef enum CallState {
    CALL_WAITING_CREDENTIALS,
    CALL_WAITING_DELAY,
    CALL_WAITING_LIMITER,
    CALL_IN_FLIGHT,
} CallState;

struct AwsCall {
    AwsClient *client;
    const AwsOperation *operation;
    char *body;
    size_t body_size;
    char *subject; /* NULL: none */
    AwsCallHooks hooks;
    char invocation_id[AWS_INVOCATION_ID_SIZE];

    CallState state;
    AwsCredentialsWait credentials_wait;
    Timer delay;
    PacerWait pacer_wait;
    HttpTransfer *transfer;

    AwsCredentials *credentials;          /* a reference, once they came */
    AwsCredentials *rejected_credentials; /* likewise, of the attempts before they were renewed */
    unsigned attempt;                     /* the number of the last that went out */
    unsigned last_cost;                   /* of the last retry, in tokens of the quota; 0: none */
    bool skew_corrected;                  /* each correction is made once per call */
    int64_t skew_usec; /* what the last attempt was signed with; others may have learned better */
    bool finishing;    /* no more retries */
    CallError error;   /* of the last attempt */
};
