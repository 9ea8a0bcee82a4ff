/* SPDX-License-Identifier: Apache-2.0 */
/* What the two sources that ask STS for a role have in common: the role, the call, its errors. */
#pragma once

#include "daemon/credentials/source.h"
#include "daemon/credentials/sts.h"

/* The first member of both. */
typedef struct AwsStsSource {
    AwsSource source;
    char *arn, *session_name, *external_id, *token_file; /* as in AwsRole */
    unsigned duration_seconds;
    StsCall *call;
} AwsStsSource;

/* As aws_source_new(), with a copy of the role. */
int aws_sts_source_new(size_t size, const AwsSourceType *type, const AwsSourceContext *context,
                       const char *name, const AwsRole *role, AwsSource **ret);

/* Asks for the role with these credentials or this token (the other is NULL), and ends the source
 * with the answer. */
void aws_sts_source_ask(AwsStsSource *source, AwsCredentials *credentials, const char *token);

void aws_sts_source_free(AwsSource *source); /* an AwsStsSource, as AwsSourceType.free() */
