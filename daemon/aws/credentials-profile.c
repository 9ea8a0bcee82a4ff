/* aws_access_key_id, aws_secret_access_key and aws_session_token of a profile. */
#include "daemon/aws/credentials-source.h"

/* Keys are a set: another file's token or secret belongs to another access key. */
static const char *get_beside(const AwsFetch *fetch, const char *file, const char *key)
{
    return aws_profiles_file(fetch->profiles, fetch->profile, key) == file
               ? aws_profiles_get(fetch->profiles, fetch->profile, key)
               : NULL;
}

void aws_fetch_profile(AwsFetch *fetch)
{
    const char *file = aws_profiles_file(fetch->profiles, fetch->profile, "aws_access_key_id");

    aws_fetch_keys(fetch, get_beside(fetch, file, "aws_access_key_id"),
                   get_beside(fetch, file, "aws_secret_access_key"),
                   get_beside(fetch, file, "aws_session_token"));
}
