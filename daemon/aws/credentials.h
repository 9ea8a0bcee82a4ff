/* Where a target's credentials come from: one interface, one file per source.
 *
 * Asking is asynchronous, because answers may come from the network or from another process. All
 * who ask while a fetch is under way share it, and its failure releases them all. Credentials are
 * counted references; the last unref wipes the secrets.
 *
 * From 15 minutes before they expire, credentials are fetched anew in the background, and the old
 * ones handed out until the new ones are there or they expire. That begins when someone asks, so
 * that a target at rest wakes nobody up. A refresh that fails, or that brings nothing which lives
 * longer, is followed by the next after a wait that doubles from 1 s to 1 min; once there is
 * nothing to hand out, who asks waits for a fetch of the moment. Credentials that look expired when
 * they are fetched are used for 5 minutes: AWS decides that, not the clock of this host.
 *
 * The provider tells the journal when credentials are there that differ from those before or end a
 * streak of failures, and once when such a streak begins. */
#pragma once

#include <stdint.h>
#include <sys/queue.h>

#include "common/memory.h"
#include "daemon/base/call-error.h"
#include "daemon/base/timer.h"
#include "daemon/http/client.h"

typedef struct AwsCredentials {
    unsigned references;
    char *access_key_id;
    char *secret_access_key;
    char *session_token;   /* NULL: none */
    char *account_id;      /* whose quotas calls count against; NULL: not known */
    uint64_t expires_usec; /* CLOCK_REALTIME; 0: never */
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

void aws_credentials_get(AwsCredentialsProvider *provider, AwsCredentialsWait *wait);
void aws_credentials_cancel(AwsCredentialsWait *wait); /* takes one that does not wait */

/* AWS rejected these: the next aws_credentials_get() fetches anew (files are read again, they may
 * have been rotated), unless newer ones are there already. */
void aws_credentials_reject(AwsCredentialsProvider *provider, const AwsCredentials *credentials);

/* For people and --check, e.g. "environment" or "profile audit in /root/.aws/credentials"; NULL
 * where no source has any. Never a secret. Valid until the next fetch. */
const char *aws_credentials_provider_source(const AwsCredentialsProvider *provider);

struct AwsProfileShare;
struct AwsSettings;
struct event_base;

/* What a provider and its sources work with; what it points to outlives them. */
typedef struct AwsCredentialsContext {
    Timers *timers;
    const Random *random;
    HttpClient *http;
    struct event_base *base;          /* for the pipes and the end of a credential_process */
    struct AwsProfileShare *profiles; /* NULL: every fetch reads the files for itself */
    /* Of calls of STS; the metadata services have time-outs of their own. */
    uint64_t connect_timeout_usec;
    uint64_t timeout_usec; /* of one attempt */
    unsigned max_attempts;
} AwsCredentialsContext;

/* The provider that the settings of a target lead to, in the order of chain.h; target is its name,
 * for the journal. Copies what it needs. The source is chosen at every fetch, so that a profile
 * that is put right needs no restart; one that cannot work makes every fetch fail with that
 * sentence. 0 or -ENOMEM. */
int aws_credentials_provider_new(const AwsCredentialsContext *context, const char *target,
                                 const struct AwsSettings *settings, AwsCredentialsProvider **ret);
void aws_credentials_provider_free(AwsCredentialsProvider *provider); /* nobody may be waiting */
