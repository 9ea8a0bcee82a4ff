/* SPDX-License-Identifier: Apache-2.0 */
/* One reading of the AWS shared files for all fetches of credentials that begin in the same turn of
 * the loop: a thousand targets, each with a profile of its own, are one file.
 *
 * A reading is kept beyond its turn by the fetches that use it alone, because files change. That a
 * file cannot be read, and what was read of it before is used, is logged here, once for each way in
 * which it cannot. */
#pragma once

#include "common/memory.h"
#include "daemon/base/timer.h"
#include "daemon/credentials/shared-files.h"

typedef struct AwsProfileReading {
    unsigned references;
    AwsProfiles *profiles;
} AwsProfileReading;

void aws_profile_reading_unref(AwsProfileReading *reading); /* takes NULL */

typedef struct AwsProfileShare AwsProfileShare;

/* Takes a reference of the files. 0 or -ENOMEM. */
int aws_profile_share_new(Timers *timers, AwsSharedFiles *files, AwsProfileShare **ret);
void aws_profile_share_free(AwsProfileShare *share); /* readings may be left; takes NULL */
DEFINE_CLEANUP(AwsProfileShare, aws_profile_share_free)

/* The files as they are in this turn: a reference. 0 or -ENOMEM. */
int aws_profile_share_get(AwsProfileShare *share, AwsProfileReading **ret);
