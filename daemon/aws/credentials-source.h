/* What a source of credentials looks like to the provider; one file per source. */
#pragma once

#include "daemon/aws/credentials.h"
#include "daemon/aws/profile.h"

/* One fetch. It belongs to the provider, and what it points to is there until done() is called. */
typedef struct AwsFetch {
    const AwsProfiles *profiles; /* read anew for this fetch */
    const char *profile;
    const char *source; /* its description, for messages */
    /* Once, now or later. error 0: the credentials, borrowed. Else a negative errno and an owned
     * sentence that done() takes over (NULL with -ENOMEM). */
    void (*done)(struct AwsFetch *fetch, AwsCredentials *credentials, int error, char *sentence);
} AwsFetch;

typedef void AwsFetchStart(AwsFetch *fetch);

AwsFetchStart aws_fetch_environment;
AwsFetchStart aws_fetch_profile;

/* Ends a fetch with keys as text: missing is NULL or empty. An access key id without its secret
 * key, or white space and control characters inside any of them, is a failure. */
void aws_fetch_keys(AwsFetch *fetch, const char *access_key_id, const char *secret_access_key,
                    const char *session_token);
