/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/credentials.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "daemon/base/pool.h"

void secret_free(char *secret)
{
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    free(secret);
}

static void forget(char *secret)
{
    if (secret)
        OPENSSL_cleanse(secret, strlen(secret));
    pool_free(secret);
}

int aws_credentials_new(const char *access_key_id, const char *secret_access_key,
                        const char *session_token, uint64_t expires_usec, AwsCredentials **ret)
{
    CLEANUP(aws_credentials_unrefp) AwsCredentials *credentials = pool_alloc(sizeof(*credentials));

    if (!credentials)
        return -ENOMEM;
    credentials->references = 1;
    credentials->expires_usec = expires_usec;
    credentials->access_key_id = pool_copy(access_key_id);
    credentials->secret_access_key = pool_copy(secret_access_key);
    credentials->session_token = session_token ? pool_copy(session_token) : NULL;
    if (!credentials->access_key_id || !credentials->secret_access_key ||
        (session_token && !credentials->session_token))
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
    forget(credentials->access_key_id);
    forget(credentials->secret_access_key);
    forget(credentials->session_token);
    pool_free(credentials->account_id);
    OPENSSL_cleanse(&credentials->signing_key, sizeof(credentials->signing_key));
    pool_free(credentials);
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
