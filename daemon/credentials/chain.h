/* SPDX-License-Identifier: Apache-2.0 */
/* Which source gives a target its credentials: a decision from the environment and the shared files
 * alone, without fetching anything, so that `--check` shows what the daemon will do.
 *
 * In order: environment; the profile's role_arn; web identity; keys in a shared credentials file;
 * credential_process; keys in the config file; container; EC2 instance metadata. A credential that
 * systemd hands over is a shared credentials file before the user's own (profile.h).
 *
 * Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers"; where that
 * leaves a choice, botocore's credentials.py. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "daemon/credentials/profile.h"

typedef enum AwsSourceKind {
    AWS_SOURCE_ENVIRONMENT,
    AWS_SOURCE_ASSUME_ROLE, /* role_arn of a profile */
    AWS_SOURCE_WEB_IDENTITY,
    AWS_SOURCE_PROFILE, /* keys of a profile */
    AWS_SOURCE_PROCESS,
    AWS_SOURCE_CONTAINER,
    AWS_SOURCE_INSTANCE,
} AwsSourceKind;

typedef struct AwsChainQuery {
    const AwsProfiles *profiles;
    const char *profile;
    bool named;    /* by someone, so it must be there */
    bool explicit; /* in the target's section: what the environment has of its own is passed over */
} AwsChainQuery;

typedef struct AwsChainLink {
    AwsSourceKind kind;
    const char *profile; /* which it is of, or whose settings it follows */
    bool environment;    /* web identity: the environment's variables come before the profile's */
} AwsChainLink;

/* Longer chains of roles are a mistake: each link is a call of STS at every refresh. */
#define AWS_CHAIN_ROLES_MAX 16U

/* All links but the last are roles, each assumed with the credentials of the link behind it.
 * Strings belong to the query and its profiles. */
typedef struct AwsChain {
    AwsChainLink links[AWS_CHAIN_ROLES_MAX + 1];
    size_t n; /* 0: no source has any */
} AwsChain;

/* 0, the chain and an owned description of it for people (NULL where there is none), e.g. "profile
 * audit in /root/.aws/credentials"; -EINVAL and an owned sentence where the profile can't work:
 * roles in a cycle, mfa_serial, SSO; -EBADMSG and aws_profiles_error() where that decides;
 * -ENOMEM. */
int aws_chain_choose(const AwsChainQuery *query, AwsChain *ret, char **ret_description,
                     char **ret_error);

/* Calls each for the sources that were looked at, in order: why says why one was passed over, or,
 * with taken, what it is. The last one called for is the one that is taken, the one that is wrong
 * (aws_chain_choose() fails with the same sentence), or the last of all. 0 or -ENOMEM. */
typedef void (*AwsChainVisitor)(const char *source, bool taken, const char *why, void *userdata);
int aws_chain_explain(const AwsChainQuery *query, AwsChainVisitor each, void *userdata);
