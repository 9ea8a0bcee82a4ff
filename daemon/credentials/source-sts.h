/* SPDX-License-Identifier: Apache-2.0 */
/* What the two sources that ask STS for a role have in common: the role, the call, its errors. */
#pragma once

#include "daemon/aws/call.h"
#include "daemon/credentials/source.h"

/* The first member of both. */
typedef struct AwsStsSource {
    AwsSource source;
    AwsRole role;
    char *token; /* of the web identity, so that no message repeats it; NULL: there is none */
    AwsCall *call;
    AwsCredentials *credentials; /* that STS answered with */
} AwsStsSource;

/* As aws_source_new(), with a copy of the role. */
int aws_sts_source_new(size_t size, const AwsSourceType *type, const AwsSourceContext *context,
                       const char *name, const AwsRole *role, AwsSource **ret);

/* Asks for the role with these credentials (a reference is taken) or this token (taken over); the
 * other is NULL. Ends the source with the answer, later: only what cannot be asked for at all ends
 * it at once. */
void aws_sts_source_ask(AwsStsSource *source, AwsCredentials *credentials, char *token);

void aws_sts_source_free(AwsSource *source); /* an AwsStsSource, as AwsSourceType.free() */
