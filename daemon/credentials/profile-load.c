/* SPDX-License-Identifier: Apache-2.0 */
/* Where the environment says the AWS shared files are. */
#include "daemon/credentials/profile.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/string.h"
#include "daemon/aws/credentials.h"
#include "daemon/base/environment.h"
#include "daemon/base/file.h"

static const char *home_directory(void)
{
    const char *home = aws_environment_get("HOME");

    if (home)
        return home;
    const struct passwd *user = getpwuid(getuid());
    return user && user->pw_dir && *user->pw_dir ? user->pw_dir : NULL;
}

/* The path that the variable names, else below the home directory; "~/" is the home directory, as
 * the SDKs have it. *ret NULL: there is none. */
static int find_path(const char *variable, const char *below_home, char **ret)
{
    const char *home = home_directory(), *named = aws_environment_get(variable);

    if (named && strncmp(named, "~/", 2) != 0)
        return string_copy(named, ret);
    if (home)
        return string_format(ret, "%s/%s", home, named ? named + 2 : below_home);
    *ret = NULL;
    return 0;
}

static int find_system_path(char **ret)
{
    const char *directory = aws_environment_get("CREDENTIALS_DIRECTORY");

    if (directory)
        return string_format(ret, "%s/aws-credentials", directory);
    *ret = NULL;
    return 0;
}

/* *ret NULL: no such file. */
static int read_file(const char *path, char **ret, char **ret_error)
{
    CLEANUP(freep) char *sentence = NULL;
    char *text = NULL;

    int r = path ? file_read_text(path, &text, &sentence) : 0;
    if (r < 0 && r != -ENOENT && r != -ENOTDIR) {
        *ret_error = TAKE(sentence);
        return r;
    }
    *ret = text;
    return 0;
}

int aws_profiles_load(AwsProfiles **ret, char **ret_error)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    CLEANUP(freep) char *config = NULL;
    CLEANUP(freep) char *credentials = NULL;
    CLEANUP(freep) char *system = NULL;
    CLEANUP(secret_freep) char *config_text = NULL;
    CLEANUP(secret_freep) char *credentials_text = NULL;
    CLEANUP(secret_freep) char *system_text = NULL;
    int r;

    if ((r = find_path("AWS_CONFIG_FILE", ".aws/config", &config)) < 0 ||
        (r = find_path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials", &credentials)) < 0 ||
        (r = find_system_path(&system)) < 0 ||
        (r = read_file(config, &config_text, ret_error)) < 0 ||
        (r = read_file(credentials, &credentials_text, ret_error)) < 0 ||
        (r = read_file(system, &system_text, ret_error)) < 0 ||
        (r = aws_profiles_parse(config_text, config, credentials_text, credentials, &profiles,
                                ret_error)) < 0)
        return r;
    if (system_text &&
        (r = aws_profiles_add_credentials(profiles, system_text, system, ret_error)) < 0)
        return r;
    *ret = TAKE(profiles);
    return 0;
}
