/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/credentials.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "common/string.h"

void secret_free(char *secret)
{
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

int aws_credentials_new(const char *access_key_id, const char *secret_access_key,
                        const char *session_token, uint64_t expires_usec, AwsCredentials **ret)
{
    CLEANUP(aws_credentials_unrefp) AwsCredentials *credentials = calloc(1, sizeof(*credentials));

    if (!credentials)
        return -ENOMEM;
    credentials->references = 1;
    credentials->expires_usec = expires_usec;
    if (string_copy(access_key_id, &credentials->access_key_id) < 0 ||
        string_copy(secret_access_key, &credentials->secret_access_key) < 0 ||
        string_copy(session_token, &credentials->session_token) < 0)
        return -ENOMEM;
    *ret = TAKE(credentials);
    return 0;
}

AwsCredentials *aws_credentials_ref(AwsCredentials *credentials)
{
    credentials->references++;
    return credentials;
}

void aws_credentials_unref(AwsCredentials *credentials)
{
    assert(!credentials || credentials->references > 0);
    if (!credentials || --credentials->references > 0)
        return;
    secret_free(credentials->access_key_id);
    secret_free(credentials->secret_access_key);
    secret_free(credentials->session_token);
    free(credentials->account_id);
    OPENSSL_cleanse(&credentials->signing_key, sizeof(credentials->signing_key));
    free(credentials);
}

void aws_credentials_get(AwsCredentialsProvider *provider, AwsCredentialsWait *wait)
{
    assert(!wait->provider);
    wait->provider = provider;
    wait->ticket = ++provider->ticket;
    TAILQ_INSERT_TAIL(&provider->waiting, wait, entry);
    provider->wanted(provider);
}

void aws_credentials_cancel(AwsCredentialsWait *wait)
{
    if (!wait->provider)
        return;
    TAILQ_REMOVE(&wait->provider->waiting, wait, entry);
    wait->provider = NULL;
}

AwsCredentialsProvider *aws_credentials_provider_ref(AwsCredentialsProvider *provider)
{
    provider->references++;
    return provider;
}

void aws_credentials_provider_unref(AwsCredentialsProvider *provider)
{
    if (!provider || --provider->references > 0)
        return;
    assert(TAILQ_EMPTY(&provider->waiting));
    provider->free(provider);
}
