/* SPDX-License-Identifier: Apache-2.0 */
/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN; the token's former name was
 * AWS_SECURITY_TOKEN. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/string.h"
#include "daemon/base/environment.h"
#include "daemon/credentials/source.h"

typedef struct EnvironmentSource {
    AwsSource source;
    char *access_key_id, *secret_access_key, *session_token; /* empty: not set */
} EnvironmentSource;

/* Without the white space around it; NULL: no memory. */
static char *get_trimmed(const char *variable)
{
    static const char blanks[] = " \t\r\n";
    const char *value = getenv(variable);

    if (!value)
        value = "";
    value += strspn(value, blanks);
    return strndup(value, string_trim_end(value, strlen(value), blanks));
}

static int environment_check(AwsSource *source, const char **ret_key, char **ret_error)
{
    EnvironmentSource *self = (EnvironmentSource *)source;

    (void)ret_key;
    self->access_key_id = get_trimmed("AWS_ACCESS_KEY_ID");
    self->secret_access_key = get_trimmed("AWS_SECRET_ACCESS_KEY");
    self->session_token =
        get_trimmed(aws_environment_get_nonblank("AWS_SESSION_TOKEN") ? "AWS_SESSION_TOKEN"
                                                                      : "AWS_SECURITY_TOKEN");
    if (!self->access_key_id || !self->secret_access_key || !self->session_token)
        return -ENOMEM;
    return aws_source_check_keys(self->access_key_id, self->secret_access_key, self->session_token,
                                 ret_error);
}

static void environment_start(AwsSource *source)
{
    const EnvironmentSource *self = (const EnvironmentSource *)source;

    aws_source_end_with_keys(source, self->access_key_id, self->secret_access_key,
                             self->session_token, 0);
}

static void environment_free(AwsSource *source)
{
    EnvironmentSource *self = (EnvironmentSource *)source;

    secret_free(self->access_key_id);
    secret_free(self->secret_access_key);
    secret_free(self->session_token);
    free(self);
}

int aws_source_new_environment(const AwsSourceContext *context, AwsSource **ret)
{
    static const AwsSourceType type = {environment_check, environment_start, environment_free};

    return aws_source_new(sizeof(EnvironmentSource), &type, context, "environment", NULL, ret);
}
