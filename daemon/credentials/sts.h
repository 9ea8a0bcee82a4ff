/* SPDX-License-Identifier: Apache-2.0 */
/* AWS Security Token Service: credentials of a role, for those of somebody else or for a web
 * identity's token.
 *
 * Source: AWS STS API Reference (AssumeRole, AssumeRoleWithWebIdentity); Smithy, "AWS Query
 * protocol": the request is a form, the answer XML. */
#pragma once

#include <stdbool.h>

#include "daemon/aws/call.h"

/* What is asked for. NULL: not said. */
typedef struct StsRole {
    const char *role_arn;
    const char *session_name;
    const char *external_id;
    const char *web_identity_token; /* AssumeRoleWithWebIdentity; NULL: AssumeRole */
    unsigned duration_seconds;      /* 0: not said, which is an hour */
} StsRole;

/* What a session's name may be, in the length that sts_make_session_name() keeps to. */
#define STS_SESSION_NAME_SIZE 65U

/* "trailstop-HOST", for AWS's own logs, where nobody has set another. Returns the buffer. */
const char *sts_make_session_name(char buffer[static STS_SESSION_NAME_SIZE]);

typedef struct StsCall StsCall;

/* Once: credentials (borrowed), or NULL and an error (borrowed) that repeats no secret. Not from
 * within sts_assume_role(), not after sts_call_cancel(); the call is freed when it returns. */
typedef void (*StsCallback)(AwsCredentials *credentials, const CallError *error, void *userdata);

/* Asks with the retries of call.h, within one overall time-out for each attempt. config: how STS is
 * reached, and in fixed_credentials whose role this is to be; they sign the request, but for a web
 * identity, whose request is not signed. Everything is copied. 0; -EINVAL: the endpoint is no http
 * or https URL; -ENOMEM. */
int sts_assume_role(const AwsClientConfig *config, const StsRole *role, StsCallback done,
                    void *userdata, StsCall **ret);
void sts_call_cancel(StsCall *call); /* takes NULL */

/* ---- the protocol, pure ---- */

/* The request's body; it may hold the token: free it with secret_free(). 0 or -ENOMEM. */
int sts_encode(const StsRole *role, char **ret);

/* A success. 0; -EBADMSG: it is not the answer it should be; -ENOMEM. */
int sts_decode(const HttpResponse *response, AwsCredentials **ret);

/* As aws_answer_read_error(). */
int sts_read_error(const HttpResponse *response, const char *host, CallError *error,
                   bool *ret_named);
