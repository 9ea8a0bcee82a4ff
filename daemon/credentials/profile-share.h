/* SPDX-License-Identifier: Apache-2.0 */
/* One reading of the AWS shared files for all fetches of credentials that begin in the same turn of
 * the loop: a thousand targets, each with a profile of its own, are one file.
 *
 * Nothing is kept beyond that turn but by the fetches themselves, because profiles hold secrets and
 * files change. */
#pragma once

#include "common/memory.h"
#include "daemon/base/timer.h"
#include "daemon/credentials/profile.h"

typedef struct AwsProfileReading {
    unsigned references;
    AwsProfiles *profiles;
} AwsProfileReading;

void aws_profile_reading_unref(AwsProfileReading *reading); /* takes NULL */

typedef struct AwsProfileShare AwsProfileShare;

int aws_profile_share_new(Timers *timers, AwsProfileShare **ret);
void aws_profile_share_free(AwsProfileShare *share); /* readings may be left; takes NULL */

/* The files as they are in this turn, or now where share is NULL: a reference. Errors as
 * aws_profiles_load(). */
int aws_profile_share_get(AwsProfileShare *share, AwsProfileReading **ret, char **ret_error);
