/* SPDX-License-Identifier: Apache-2.0 */
/* What a target comes to: its section of the configuration, then the AWS environment, then its
 * profile.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Settings reference". */
#pragma once

#include <stdbool.h>

#include "daemon/credentials/profile.h"
#include "daemon/credentials/tree.h"

/* As written in the target's section; NULL where it says nothing. tri-state ints: -1 not said,
 * 0, 1. */
typedef struct AwsSettingsSource {
    const char *region;
    const char *profile;
    const char *endpoint_url;
    const char *sts_endpoint_url;
    int use_fips_endpoint;
    int use_dualstack_endpoint;
    const char *ca_bundle;
    const char *role_arn;
    const char *external_id;
    const char *role_session_name;
    unsigned duration_seconds; /* 0: not said */
} AwsSettingsSource;

typedef struct AwsSettings {
    char *profile;         /* "default" where nothing names one */
    bool profile_named;    /* by the target's section or $AWS_PROFILE: it must be there */
    bool profile_explicit; /* named in the target's section: the environment's keys are passed over
                            */
    char *region;
    char *endpoint;
    char *sts_endpoint;
    char *ca_bundle;                               /* NULL: the system's */
    int use_fips_endpoint, use_dualstack_endpoint; /* -1: nobody says */
    char *credentials;  /* where they would come from, for people; NULL: no source has any */
    AwsTrouble trouble; /* of that source; no error, for it may be mended without a reload */
    char *role_arn, *external_id, *role_session_name;
    unsigned duration_seconds;
    const AwsProfiles *profiles; /* borrowed: outlives the settings */
} AwsSettings;

/* The profile of a target whose section names this one, or none (NULL). */
const char *aws_settings_choose_profile(const char *said);

/* 0; -EINVAL, an owned sentence that says what is missing or contradicts, and the option of the
 * target's section that has to do with it (NULL: none has); -ENOMEM. */
int aws_settings_resolve(const AwsSettingsSource *source, const AwsProfiles *profiles,
                         AwsSettings **ret, const char **ret_option, char **ret_error);
void aws_settings_free(AwsSettings *settings);
DEFINE_CLEANUP(AwsSettings, aws_settings_free)
