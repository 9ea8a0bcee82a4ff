/* The profiles of the AWS shared files, ~/.aws/config and ~/.aws/credentials, merged.
 *
 * Source: AWS SDKs and Tools Reference Guide, "Shared config and credentials files"; the grammar in detail
 * follows the parser test suite that the SDKs share. */
#pragma once

#include <stddef.h>

typedef struct AwsProfiles AwsProfiles;

/* Parses both texts (NULL: no such file). The names are for messages. 0; -EINVAL and an owned "file:line:
 * what is wrong"; -ENOMEM. */
int aws_profiles_parse(const char *config_text, const char *config_name,
                       const char *credentials_text, const char *credentials_name,
                       AwsProfiles **ret, char **ret_error);

/* From where the environment says they are: $AWS_CONFIG_FILE, $AWS_SHARED_CREDENTIALS_FILE, else ~/.aws/.
 * A file that is not there is empty. -errno of a file that cannot be read, with a sentence. */
int aws_profiles_load(AwsProfiles **ret, char **ret_error);
void aws_profiles_free(AwsProfiles *profiles);

/* A sub-property of a nested section is named "key.sub". NULL: no such profile or key. */
const char *aws_profiles_get(const AwsProfiles *profiles, const char *profile, const char *key);
const char *aws_profiles_get_service(const AwsProfiles *profiles, const char *services,
                                     const char *key);
int aws_profiles_has(const AwsProfiles *profiles, const char *profile);

/* The file a profile's key was read from, for messages; NULL as above. */
const char *aws_profiles_file(const AwsProfiles *profiles, const char *profile, const char *key);
