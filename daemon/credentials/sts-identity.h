/* SPDX-License-Identifier: Apache-2.0 */
/* AWS STS GetCallerIdentity: whose credentials these are. It needs no permission, so that its "no"
 * is about the credentials themselves.
 *
 * Source: AWS STS API Reference (GetCallerIdentity); the protocol as sts.h has it. */
#pragma once

#include "daemon/aws/call.h"

typedef struct StsIdentity StsIdentity; /* a call */

/* Once: account and ARN (borrowed), or both NULL and an error (borrowed). Not from within
 * sts_get_identity(), not after sts_identity_cancel(); the call is freed when it returns. */
typedef void (*StsIdentityDone)(const char *account, const char *arn, const CallError *error,
                                void *userdata);

/* client: of service sts, with the credentials in question. 0 or -ENOMEM. */
int sts_get_identity(AwsClient *client, StsIdentityDone done, void *userdata, StsIdentity **ret);
void sts_identity_cancel(StsIdentity *identity); /* takes NULL */
