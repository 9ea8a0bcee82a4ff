/* AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN. */
#include "daemon/aws/credentials-source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

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

void aws_fetch_environment(AwsFetch *fetch)
{
    CLEANUP(secret_freep) char *access_key_id = get_trimmed("AWS_ACCESS_KEY_ID");
    CLEANUP(secret_freep) char *secret_access_key = get_trimmed("AWS_SECRET_ACCESS_KEY");
    CLEANUP(secret_freep) char *session_token = get_trimmed("AWS_SESSION_TOKEN");

    if (!access_key_id || !secret_access_key || !session_token)
        fetch->done(fetch, NULL, -ENOMEM, NULL);
    else
        aws_fetch_keys(fetch, access_key_id, secret_access_key, session_token);
}
