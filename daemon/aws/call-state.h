/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a call, for the files that it is made of: call.c is its life, call-wait.c what it
 * waits for, call-answer.c reads what came back. */
#pragma once

#include "daemon/aws/call.h"
#include "daemon/aws/client-state.h"

typedef enum CallState {
    CALL_WAITING_CREDENTIALS,
    CALL_WAITING_DELAY,
    CALL_WAITING_LIMITER,
    CALL_IN_FLIGHT,
} CallState;

/* Thousands may wait for their turn, so a call is one piece of memory, and no larger than it must
 * be: what it can make when it goes out is not kept while it waits. */
struct AwsCall {
    AwsClient *client;
    const AwsOperation *operation;
    const AwsCallHooks *hooks;
    void *userdata; /* theirs */
    union {         /* what it waits for, as its state says */
        AwsCredentialsWait credentials_wait;
        Timer delay;
        PacerWait pacer_wait;
        struct {
            HttpTransfer *transfer;
            int64_t skew_usec; /* what it was signed with; others may have learned better */
        };
    };
    AwsCredentials *credentials;          /* a reference, once they came */
    AwsCredentials *rejected_credentials; /* likewise, of the attempts before they were renewed */
    CallError error;                      /* of the last attempt */
    const char *subject;                  /* the caller's; NULL: none */
    size_t body_size;                     /* with its NUL; 0: the body is made of the subject */
    AwsInvocationId invocation_id;
    unsigned attempt;        /* the number of the last that went out */
    uint8_t last_cost;       /* of the last retry, in tokens of the quota; 0: none */
    uint8_t held_sec;        /* the service may hold its answer back for so long */
    CallState state : 8;     /* see the union */
    bool skew_corrected : 1; /* each correction is made once per call */
    bool finishing : 1;      /* no more retries */
    char body[];
};

_Static_assert(sizeof(AwsCall) <= 184, "of which thousands may wait");
