/* Which source gives a target its credentials: a decision from the environment and the shared files
 * alone, without fetching anything, so that `--check` tells what the daemon will do.
 *
 * In order: environment; the profile's role_arn; web identity; keys in a shared credentials file;
 * credential_process; keys in the config file; container; EC2 instance metadata.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Standardized credential providers". */
#pragma once

#include <stdbool.h>

#include "daemon/aws/profile.h"

typedef enum AwsSourceKind {
    AWS_SOURCE_NONE,
    AWS_SOURCE_ENVIRONMENT,
    AWS_SOURCE_ASSUME_ROLE, /* role_arn of a profile */
    AWS_SOURCE_WEB_IDENTITY,
    AWS_SOURCE_PROFILE, /* keys of a profile */
    AWS_SOURCE_PROCESS,
    AWS_SOURCE_CONTAINER,
    AWS_SOURCE_INSTANCE,
    N_AWS_SOURCES
} AwsSourceKind;

typedef struct AwsChainQuery {
    const AwsProfiles *profiles;
    const char *profile;
    bool named;    /* by someone, so it must be there */
    bool explicit; /* in the target's section: what the environment has of its own is passed over */
} AwsChainQuery;

/* 0, the source and an owned description for people (NULL with AWS_SOURCE_NONE), e.g. "profile
 * audit in /root/.aws/credentials"; -EINVAL and an owned sentence where the profile can't work:
 * roles in a cycle, mfa_serial, SSO; -ENOMEM. */
int aws_chain_choose(const AwsChainQuery *query, AwsSourceKind *ret, char **ret_description,
                     char **ret_error);
