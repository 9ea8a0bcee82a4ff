/* SPDX-License-Identifier: Apache-2.0 */
/* What a target resolves to: its section of the configuration, then the AWS environment, then its
 * profile.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Settings reference". */
#pragma once

#include <stdbool.h>

#include "common/import-service.h"
#include "daemon/credentials/profile.h"
#include "daemon/credentials/tree.h"

/* What a section of the configuration that leads to an AWS account sets, as written there. Strings
 * are owned by the struct's holder; NULL, 0 and the flags' -1: unset. */
typedef struct AwsSection {
    char *region, *profile, *endpoint_url, *sts_endpoint_url, *ca_bundle;
    int use_fips_endpoint, use_dualstack_endpoint;
    AwsRole role;
} AwsSection;

typedef struct AwsSettings {
    const AwsRole *role; /* of the section, which outlives the settings */
    char *profile;       /* "default" where nothing names one */
    AwsChainQuery query; /* for it; what it borrows outlives the settings too */
    char *region;
    char *endpoints[N_IMPORT_SERVICES];
    char *sts_endpoint;
    char *ca_bundle;                               /* NULL: the system's */
    int use_fips_endpoint, use_dualstack_endpoint; /* -1: set nowhere */
    char *credentials;  /* where they would come from, for people; NULL: no source has any */
    AwsTrouble trouble; /* not an error: it may be repaired without a reload */
} AwsSettings;

/* The profile of a target whose section names this one, or none (NULL). */
const char *aws_settings_choose_profile(const char *named);

/* 0; -EINVAL, an owned sentence that says what is missing or contradicts, and the option of the
 * target's section that has to do with it (NULL: none has); -EBADMSG and an owned
 * aws_profiles_error(), without which it cannot be settled; -ENOMEM. */
int aws_settings_resolve(const AwsSection *section, const AwsProfiles *profiles, AwsSettings **ret,
                         const char **ret_option, char **ret_error);
void aws_settings_free(AwsSettings *settings);
DEFINE_CLEANUP(AwsSettings, aws_settings_free)
