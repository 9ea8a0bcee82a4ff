/* SPDX-License-Identifier: Apache-2.0 */
/* The AWS shared files on disk: where the environment says they are, and what was last read of
 * each.
 *
 * They are $AWS_CONFIG_FILE, $AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/config and
 * ~/.aws/credentials; then aws-credentials in $CREDENTIALS_DIRECTORY (systemd.exec(5)), a
 * credentials file whose values win over the user's own. Which they are is settled once. A file
 * that is not there is empty.
 *
 * People edit these files while the daemon runs, and programs rewrite them in place: a reading may
 * meet one that is half-written. Such a file counts as it was when it could last be read, so that
 * no target which works goes down with it. That text is kept, and holds secrets: it is wiped when
 * another takes its place. The very first reading has nothing to go back to: the file counts as
 * empty then, and whatever needs it fails with aws_profiles_error(). */
#pragma once

#include "common/memory.h"
#include "daemon/credentials/profile.h"

typedef struct AwsSharedFiles AwsSharedFiles;

int aws_shared_files_new(AwsSharedFiles **ret); /* 0 or -ENOMEM */
AwsSharedFiles *aws_shared_files_ref(AwsSharedFiles *files);
void aws_shared_files_unref(AwsSharedFiles *files); /* takes NULL */
DEFINE_CLEANUP(AwsSharedFiles, aws_shared_files_unref)

/* All of them, as they are now. 0 or -ENOMEM; what is wrong with a file is in the profiles. */
int aws_shared_files_read(AwsSharedFiles *files, AwsProfiles **ret);

/* Logs a sentence of aws_profiles_warning() and its like. */
void aws_shared_files_log(const char *warning);
