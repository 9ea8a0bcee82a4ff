/* SPDX-License-Identifier: Apache-2.0 */
/* AWS Security Token Service: the protocol by which credentials of a role are asked for, with those
 * of somebody else or with a web identity's token. Pure: source-sts.h calls.
 *
 * Source: AWS STS API Reference (AssumeRole, AssumeRoleWithWebIdentity); Smithy, "AWS Query
 * protocol": the request is a form, the answer XML. */
#pragma once

#include <stdbool.h>

#include "daemon/aws/credentials.h"
#include "daemon/credentials/role.h"
#include "daemon/http/client.h"

/* What a session's name may be, in the length that sts_make_session_name() keeps to. */
#define STS_SESSION_NAME_SIZE 65U

/* "trailstop-HOST", for AWS's own logs, where nobody has set another. Returns the buffer. */
const char *sts_make_session_name(char buffer[static STS_SESSION_NAME_SIZE]);

/* The request's body: AssumeRoleWithWebIdentity with this token, or AssumeRole where it is NULL. It
 * may hold the token: free it with secret_free(). 0 or -ENOMEM. */
int sts_encode(const AwsRole *role, const char *web_identity_token, char **ret);

/* A success. 0; -EBADMSG: it is not the answer it should be; -ENOMEM. */
int sts_decode(const HttpResponse *response, AwsCredentials **ret);

/* As aws_answer_read_error(). */
int sts_read_error(const HttpResponse *response, const char *host, CallError *error,
                   bool *ret_named);
