/* A role that the credentials of another source may assume: role_arn of a profile, role-arn of a
 * target. */
#include "daemon/aws/credentials-sts.h"

#include <errno.h>

typedef struct RoleSource {
    AwsStsSource sts;
    AwsSource *inner;
} RoleSource;

static void on_inner(AwsCredentials *credentials, const AwsError *error, void *userdata)
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
    RoleSource *source = aws_sts_source_alloc(sizeof(*source), &type, context, name, role);

    if (!source) {
        aws_source_free(inner);
        return -ENOMEM;
    }
    source->inner = inner;
    *ret = &source->sts.source;
    return 0;
}
