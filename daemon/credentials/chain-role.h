/* SPDX-License-Identifier: Apache-2.0 */
/* The roles of profiles: role_arn with its source_profile or credential_source, link by link. */
#pragma once

#include <stdint.h>

#include "daemon/credentials/chain.h"

/* A profile's value; NULL where it is missing or empty. */
const char *aws_chain_get(const AwsProfiles *profiles, const char *profile, const char *key);

/* The profile signs in with a person at a browser; the sentence says so. -EINVAL or -ENOMEM. */
bool aws_chain_needs_browser(const AwsProfiles *profiles, const char *profile);
int aws_chain_refuse_browser(const char *profile, char **ret_error);

/* duration_seconds of a profile; 0 where it names none. 0; -EINVAL and an owned sentence; -ENOMEM.
 */
int aws_chain_read_duration(const AwsProfiles *profiles, const char *profile, uint64_t *ret_usec,
                            char **ret_error);

/* Fills the chain from the profile's role down to where the first credentials come from. 0; -EINVAL
 * and an owned sentence; -ENOMEM. */
int aws_chain_follow_roles(const AwsProfiles *profiles, const char *profile, AwsChain *ret,
                           char **ret_error);
