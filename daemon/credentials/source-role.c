/* SPDX-License-Identifier: Apache-2.0 */
/* A role that the credentials of another source may assume: role_arn of a profile, role-arn of a
 * target. */
#include "daemon/credentials/source-sts.h"

typedef struct RoleSource {
    AwsStsSource sts;
    AwsSource *inner;
} RoleSource;

static void on_inner(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    RoleSource *role = userdata;

    if (credentials)
        aws_sts_source_ask(&role->sts, credentials, NULL);
    else
        aws_source_fail(&role->sts.source, error);
}

static void start(AwsSource *source)
{
    aws_source_start(((RoleSource *)source)->inner, on_inner, source);
}

static void free_role(AwsSource *source)
{
    aws_source_free(((RoleSource *)source)->inner);
    aws_sts_source_free(source);
}

int aws_source_new_role(const AwsSourceContext *context, const char *name, const AwsRole *role,
                        AwsSource *inner, AwsSource **ret)
{
    static const AwsSourceType type = {.start = start, .free = free_role};
    AwsSource *source = NULL;

    int r = aws_sts_source_new(sizeof(RoleSource), &type, context, name, role, &source);
    if (r < 0) {
        aws_source_free(inner);
        return r;
    }
    ((RoleSource *)source)->inner = inner;
    *ret = source;
    return 0;
}
