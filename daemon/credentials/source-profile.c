/* SPDX-License-Identifier: Apache-2.0 */
/* aws_access_key_id, aws_secret_access_key and aws_session_token of a profile; the token's former
 * name was aws_security_token. */
#include <errno.h>
#include <stdlib.h>

#include "common/memory.h"
#include "common/string.h"
#include "daemon/credentials/source.h"

/* Each key by itself, from whichever of the files has it. */
static const char *get(const AwsSource *source, const char *key)
{
    return aws_profiles_get(source->context->profiles, source->profile, key);
}

static const char *get_token(const AwsSource *source)
{
    const char *token = get(source, "aws_session_token");

    return token && *token ? token : get(source, "aws_security_token");
}

static int profile_check(AwsSource *source, const char **ret_key, char **ret_error)
{
    *ret_key = "aws_access_key_id";
    return aws_source_check_keys(get(source, "aws_access_key_id"),
                                 get(source, "aws_secret_access_key"), get_token(source),
                                 ret_error);
}

static void profile_start(AwsSource *source)
{
    aws_source_end_with_keys(source, get(source, "aws_access_key_id"),
                             get(source, "aws_secret_access_key"), get_token(source), 0);
}

static void profile_free(AwsSource *source)
{
    free(source);
}

int aws_source_new_profile(const AwsSourceContext *context, const char *profile, AwsSource **ret)
{
    static const AwsSourceType type = {profile_check, profile_start, profile_free};
    const char *file = aws_profiles_file(context->profiles, profile, "aws_access_key_id");
    CLEANUP(freep) char *name = NULL;

    if (string_format(&name, "profile %s%s%s", profile, file ? " in " : "", file ? file : "") < 0)
        return -ENOMEM;
    return aws_source_new(sizeof(AwsSource), &type, context, name, profile, ret);
}
