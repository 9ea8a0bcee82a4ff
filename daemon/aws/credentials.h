/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials, and how a call gets them: an interface, so that signing and sending know nothing of
 * where credentials come from.
 *
 * Asking is asynchronous, because answers may come from the network or from another process.
 * Credentials are counted references; the last unref wipes the secrets. */
#pragma once

#include <stdint.h>
#include <sys/queue.h>

#include "common/memory.h"
#include "daemon/base/call-error.h"

/* Derived from the secret for a day, region and service, and for these as good as it: wiped like
 * it. Kept because deriving takes four of the five HMACs of a signature. */
typedef struct AwsSigningKey {
    char scope[48]; /* "20261122/eu-west-1/cloudtrail"; empty: not derived yet */
    unsigned char key[32];
} AwsSigningKey;

/* Longer than any key or token that AWS gives; STS takes none of a web identity that is longer. To
 * look for them in an error costs so much. */
#define AWS_SECRET_MAX 20000U

typedef struct AwsCredentials {
    unsigned references;
    char *access_key_id;
    char *secret_access_key;
    char *session_token;   /* NULL: none */
    char *account_id;      /* whose quotas calls count against; NULL: not known */
    uint64_t expires_usec; /* CLOCK_REALTIME; 0: never */
    AwsSigningKey signing_key;
} AwsCredentials;

/* Copies the strings; session_token may be NULL. The account is not known. */
int aws_credentials_new(const char *access_key_id, const char *secret_access_key,
                        const char *session_token, uint64_t expires_usec, AwsCredentials **ret);
AwsCredentials *aws_credentials_ref(AwsCredentials *credentials);
void aws_credentials_unref(AwsCredentials *credentials); /* takes NULL */
DEFINE_CLEANUP(AwsCredentials, aws_credentials_unref)

/* Frees a string after wiping it; takes NULL. */
void secret_free(char *secret);
DEFINE_CLEANUP(char, secret_free)

typedef struct AwsCredentialsProvider AwsCredentialsProvider;

/* A waiter lives inside the call that waits. done() is called once, from timers_run() or the
 * provider's own completion, never from aws_credentials_get(): with credentials (borrowed; take a
 * reference to keep), or with NULL and an error whose message says which source failed, how, and
 * what to do. */
typedef struct AwsCredentialsWait {
    TAILQ_ENTRY(AwsCredentialsWait) entry;
    AwsCredentialsProvider *provider; /* NULL: not waiting */
    void (*done)(AwsCredentials *credentials, const CallError *error, void *userdata);
    void *userdata;
    uint64_t ticket;
} AwsCredentialsWait;

/* What gives a client its credentials, as calls see it: credentials/provider.h has the real one. */
struct AwsCredentialsProvider {
    /* One more waits. */
    void (*wanted)(AwsCredentialsProvider *provider);
    /* AWS rejected these: the next that waits gets others, unless newer ones are there already. */
    void (*reject)(AwsCredentialsProvider *provider, const AwsCredentials *credentials);
    void (*free)(AwsCredentialsProvider *provider);

    unsigned references;

    /* Where they come from, for people and --check, e.g. "environment" or "profile audit in
     * /root/.aws/credentials"; NULL where no source has any. Never a secret. Owned by the provider,
     * valid until the next fetch. */
    const char *source;
    uint64_t expires_usec; /* of those it has; CLOCK_REALTIME; 0: it has none, or they never do */
    TAILQ_HEAD(AwsCredentialsWaits, AwsCredentialsWait) waiting; /* in the order they came */
    uint64_t ticket;                                             /* of the one that came last */
};

void aws_credentials_get(AwsCredentialsProvider *provider, AwsCredentialsWait *wait);
void aws_credentials_cancel(AwsCredentialsWait *wait); /* takes one that does not wait */
AwsCredentialsProvider *aws_credentials_provider_ref(AwsCredentialsProvider *provider);
/* Nobody may be waiting when the last one goes. Takes NULL. */
void aws_credentials_provider_unref(AwsCredentialsProvider *provider);
DEFINE_CLEANUP(AwsCredentialsProvider, aws_credentials_provider_unref)
