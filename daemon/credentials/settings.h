/* SPDX-License-Identifier: Apache-2.0 */
/* What a target, a queue or a destination of outcomes resolves to: its section of the
 * configuration, then the AWS environment, then its profile.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Settings reference". */
#pragma once

#include <stdbool.h>

#include "common/import-service.h"
#include "daemon/credentials/profile.h"
#include "daemon/credentials/tree.h"
#include "daemon/http/trust.h"

/* What a section of the configuration that leads to an AWS account sets, as written there. Strings
 * are owned by the struct's holder; NULL, 0 and the flags' -1: unset. */
typedef struct AwsSection {
    char *region, *profile, *endpoint_url, *sts_endpoint_url, *ca_bundle;
    int use_fips_endpoint, use_dualstack_endpoint;
    AwsRole role;
} AwsSection;

/* Whose endpoint such a section needs, besides that of STS. */
typedef enum AwsUse {
    AWS_USE_IMPORTS, /* CloudTrail's and CloudWatch Logs' */
    AWS_USE_EVENTS,  /* EventBridge's */
    AWS_USE_QUEUES,  /* nobody's: the URL of a queue names it (aws/queue-url.h) */
} AwsUse;

typedef struct AwsPurpose {
    const char *noun; /* what the section is called: "target" */
    AwsUse use;
    const char *region; /* that the URL of a queue or the ARN of a bus names; NULL: none. It comes
                           after the section's own and before all others. */
} AwsPurpose;

/* A counted reference, because what works by it outlives the configuration that it is of. */
typedef struct AwsSettings {
    unsigned references;
    AwsRole role;        /* of the section */
    char *profile;       /* "default" where nothing names one */
    AwsChainQuery query; /* for it; its profiles are for the caller to fill in */
    char *region;
    char *endpoints[N_IMPORT_SERVICES]; /* NULL, as the next, where the purpose is another */
    char *events_endpoint;
    char *sts_endpoint;
    char *ca_bundle;                               /* NULL: the system's */
    int use_fips_endpoint, use_dualstack_endpoint; /* -1: set nowhere */
    char *credentials;  /* where they would come from, for people; NULL: no source has any */
    AwsTrouble trouble; /* not an error: it may be repaired without a reload */
} AwsSettings;

/* The profile of a section that names this one, or none (NULL). */
const char *aws_settings_choose_profile(const char *named);

/* trust: what the CA bundles are read through, once for all sections. 0; -EINVAL, an owned sentence
 * that says what is missing or contradicts, and the option of the section that has to do with it
 * (NULL: none has); -EBADMSG and an owned aws_profiles_error(), without which it cannot be settled;
 * -ENOMEM. */
int aws_settings_resolve(const AwsSection *section, const AwsPurpose *purpose,
                         const AwsProfiles *profiles, Trust *trust, AwsSettings **ret,
                         const char **ret_option, char **ret_error);
AwsSettings *aws_settings_ref(AwsSettings *settings);
void aws_settings_unref(AwsSettings *settings); /* takes NULL */
DEFINE_CLEANUP(AwsSettings, aws_settings_unref)
