/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "daemon/aws/credentials-source.h"

DEFINE_CLEANUP(char, secret_free)

/* Without the white space around it; NULL: no memory. */
static char *get_trimmed(const char *variable)
{
    static const char blanks[] = " \t\r\n";
    const char *value = getenv(variable);

    if (!value)
        value = "";
    value += strspn(value, blanks);
    size_t length = strlen(value);
    while (length > 0 && strchr(blanks, value[length - 1]))
        length--;
    return strndup(value, length);
}

static void environment_start(AwsSource *source)
{
    CLEANUP(secret_freep) char *access_key_id = get_trimmed("AWS_ACCESS_KEY_ID");
    CLEANUP(secret_freep) char *secret_access_key = get_trimmed("AWS_SECRET_ACCESS_KEY");
    CLEANUP(secret_freep) char *session_token = get_trimmed("AWS_SESSION_TOKEN");

    if (!access_key_id || !secret_access_key || !session_token)
        aws_source_fail_sentence(source, NULL);
    else
        aws_source_end_with_keys(source, access_key_id, secret_access_key, session_token, 0);
}

static void environment_free(AwsSource *source)
{
    free(source);
}

int aws_source_new_environment(const AwsSourceContext *context, AwsSource **ret)
{
    static const AwsSourceType type = {environment_start, environment_free};
    AwsSource *source = aws_source_alloc(sizeof(*source), &type, context, "environment");

    if (!source)
        return -ENOMEM;
    *ret = source;
    return 0;
}
