/* SPDX-License-Identifier: Apache-2.0 */
/* The profiles of the AWS shared files, ~/.aws/config and ~/.aws/credentials, merged.
 *
 * In config a profile is [profile NAME] (or [default], which [profile default] beats), in
 * credentials it is [NAME]. Keys are lower-cased. A section or key that comes again adds to the
 * first and its values win; so do those of credentials over those of config, key by key. What has
 * an invalid name is passed over with a warning; a line that is nothing at all is an error.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files"; the grammar in
 * detail follows the parser test suite that the SDKs share. Strings handed out belong to the
 * AwsProfiles; all values are wiped when it is freed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/memory.h"

typedef struct AwsProfiles AwsProfiles;

/* Parses both texts (NULL: no such file). The names are for messages. 0; -EINVAL and an owned
 * "file:line: what is wrong"; -ENOMEM. */
int aws_profiles_parse(const char *config_text, const char *config_name,
                       const char *credentials_text, const char *credentials_name,
                       AwsProfiles **ret, char **ret_error);

/* One more credentials file, once, whose values win. After a failure the profiles can only be
 * freed. */
int aws_profiles_add_credentials(AwsProfiles *profiles, const char *text, const char *name,
                                 char **ret_error);

void aws_profiles_free(AwsProfiles *profiles);
DEFINE_CLEANUP(AwsProfiles, aws_profiles_free)

/* A file as a whole cannot be read or parsed, as the sentence says: the profiles hold what there
 * was of it before (stale), or nothing of it. shared-files.h decides. 0 or -ENOMEM. */
int aws_profiles_add_fault(AwsProfiles *profiles, const char *sentence, bool stale);

/* What is wrong with files of which the profiles hold nothing for that reason, so that whatever is
 * missing here may be there; NULL: nothing is. */
const char *aws_profiles_error(const AwsProfiles *profiles);

/* A warning about files of which the profiles hold an earlier reading; NULL: they hold none. */
const char *aws_profiles_stale(const AwsProfiles *profiles);

bool aws_profiles_has(const AwsProfiles *profiles, const char *profile);
bool aws_profiles_has_services(const AwsProfiles *profiles, const char *services);

/* NULL: no such profile or key. A key of the lines nested below another is named "key.nested"; the
 * outer key's own value is then those lines as they stand, each behind a line feed. */
const char *aws_profiles_get(const AwsProfiles *profiles, const char *profile, const char *key);
const char *aws_profiles_get_service(const AwsProfiles *profiles, const char *services,
                                     const char *key);

/* The file a profile's key was read from, for messages; NULL as above. Two keys are of one file
 * when these are the same pointer. */
const char *aws_profiles_file(const AwsProfiles *profiles, const char *profile, const char *key);

/* The line of that file; 0 where that is NULL. */
unsigned aws_profiles_line(const AwsProfiles *profiles, const char *profile, const char *key);

/* The file that the profile's section first begins in, and the line; NULL: no such profile. */
const char *aws_profiles_section_file(const AwsProfiles *profiles, const char *profile,
                                      unsigned *ret_line);

/* The config file's name, whether or not it is there; NULL: there is no place for one. */
const char *aws_profiles_config_file(const AwsProfiles *profiles);

/* "file:line: what was passed over"; NULL past the last. Where there are more of them than the
 * most, the last one says so. */
#define AWS_PROFILES_WARNINGS_MAX 32U

/* More than people have, and few enough that no file makes a turn of the loop long. */
#define AWS_PROFILES_SECTIONS_MAX 4096U
#define AWS_PROFILES_KEYS_MAX 1024U
const char *aws_profiles_warning(const AwsProfiles *profiles, size_t i);
