/* SPDX-License-Identifier: Apache-2.0 */
/* A source of credentials at work: one object for one fetch, one file per kind of source.
 *
 * A source is made, started once and freed, or only checked and freed. It ends by calling done()
 * once, from within aws_source_start() or later, with credentials or an error; that is the last
 * thing it does, so that its owner may free it from within done(). Freeing a source that is under
 * way cancels it: transfers, timers, children, and done() is not called.
 *
 * Sources form a tree, which tree.c builds again for each fetch, from the environment
 * and the shared files as they are then. A role needs credentials of its own to call STS with: its
 * source owns an inner source, which is the source_profile's (possibly a role again), the
 * credential_source, or, for a target's role-arn, the whole of what the chain gives. It starts the
 * inner source first, passes the inner one's error on as it is, and goes on with what the inner one
 * gave, of which it takes a reference.
 *
 * Messages name the source, and host and path where the network was asked; never a secret. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/memory.h"
#include "daemon/credentials/profile.h"
#include "daemon/credentials/provider.h"
#include "daemon/credentials/role.h"

/* A session token of the instance metadata service, which the provider keeps between fetches. */
typedef struct AwsInstanceToken {
    char *text;            /* NULL: none */
    uint64_t expires_usec; /* CLOCK_BOOTTIME */
} AwsInstanceToken;

/* What all sources of one tree share; outlives it. */
typedef struct AwsSourceContext {
    const AwsCredentialsContext *shared;
    const AwsProfiles *profiles; /* as they are now */
    const char *target;          /* its name, for the journal */
    const char *region;          /* of the target: where STS is asked */
    const char *sts_endpoint;
    const char *ca_bundle; /* NULL: the system's */
    AwsInstanceToken *instance_token;
} AwsSourceContext;

typedef struct AwsSource AwsSource;

/* Credentials are borrowed and may be kept by reference; NULL: error says why. */
typedef void (*AwsSourceDone)(AwsCredentials *credentials, const CallError *error, void *userdata);

typedef struct AwsSourceType {
    /* Whether what it is set up with can work at all, without asking anybody; comes before start(),
     * once. NULL: nothing is known beforehand. 0; -EINVAL, an owned sentence and the key of its
     * profile that is to blame (NULL: it is none of that); -ENOMEM. */
    int (*check)(AwsSource *source, const char **ret_key, char **ret_error);
    void (*start)(AwsSource *source);
    void (*free)(AwsSource *source); /* takes half-built ones, not NULL; frees the object too */
} AwsSourceType;

/* The first member of every source. */
struct AwsSource {
    const AwsSourceType *type;
    const AwsSourceContext *context;
    char *name;    /* for messages, e.g. "profile audit in /root/.aws/credentials" */
    char *profile; /* whose settings it follows; NULL: nobody's */
    /* What it sends along to be let in, a token; the answer may quote it, no error does. NULL:
     * none; owned by the kind of source. */
    const char *secret;
    AwsSourceDone done; /* NULL: not started yet */
    void *userdata;
    bool ended; /* done() has been called */
};

/* A new source of any kind: size bytes, all zero except for the members above. 0 or -ENOMEM. */
int aws_source_new(size_t size, const AwsSourceType *type, const AwsSourceContext *context,
                   const char *name, const char *profile, AwsSource **ret);

/* What aws_source_start() would fail with before anybody is asked: as check() above, with the
 * source's name before the sentence. */
int aws_source_check(AwsSource *source, const char **ret_key, char **ret_error);

void aws_source_start(AwsSource *source, AwsSourceDone done, void *userdata);
void aws_source_free(AwsSource *source); /* cancels; takes NULL */
DEFINE_CLEANUP(AwsSource, aws_source_free)

/* The ways in which a source ends. The source may be gone when they return. */
void aws_source_succeed(AwsSource *source, AwsCredentials *credentials); /* takes the reference */
void aws_source_fail(AwsSource *source, const CallError *error);
/* sentence: owned, without the source's name, which is put before it; NULL: no memory for one. */
void aws_source_fail_sentence(AwsSource *source, char *sentence);
/* Whether these can be credentials: missing is NULL or empty. -EINVAL: an access key id without its
 * secret key, or one that is longer than AWS_SECRET_MAX or has white space or control characters
 * inside. */
int aws_source_check_keys(const char *access_key_id, const char *secret_access_key,
                          const char *session_token, char **ret_error);

/* Ends a source with these, or with what is wrong with them. expires_usec is as in AwsCredentials.
 */
void aws_source_end_with_keys(AwsSource *source, const char *access_key_id,
                              const char *secret_access_key, const char *session_token,
                              uint64_t expires_usec);

/* The constructors copy all strings. 0 or -ENOMEM; what else may be wrong is an error of the fetch.
 */
int aws_source_new_environment(const AwsSourceContext *context, AwsSource **ret);
int aws_source_new_profile(const AwsSourceContext *context, const char *profile, AwsSource **ret);
int aws_source_new_process(const AwsSourceContext *context, const char *profile, AwsSource **ret);
int aws_source_new_container(const AwsSourceContext *context, AwsSource **ret);
/* profile: whose settings of the service count, where the environment has none. */
int aws_source_new_instance(const AwsSourceContext *context, const char *profile, AwsSource **ret);

/* sts:AssumeRole with the credentials of inner, which is taken over, also on failure. */
int aws_source_new_role(const AwsSourceContext *context, const char *name, const AwsRole *role,
                        AwsSource *inner, AwsSource **ret);

/* sts:AssumeRoleWithWebIdentity, with the token in this file as it is at the fetch. */
int aws_source_new_web_identity(const AwsSourceContext *context, const char *name,
                                const AwsRole *role, const char *token_file, AwsSource **ret);
