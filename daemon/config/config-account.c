/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/config-account.h"

#include <errno.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/config/option-value.h"

/* Where no file of ours names the section, its profile is what can be repaired. */
static int blame_option(const Config *config, const ConfigAccount *account, const char *key,
                        const char *cause, char **ret_error)
{
    const char *file;
    unsigned line;

    config_section_find_line(&account->section, key, &file, &line);
    if (!file && key && strcmp(key, "profile") == 0)
        file = aws_profiles_section_file(config->profiles,
                                         aws_settings_choose_profile(account->aws.profile), &line);
    return config_section_blame_line(&account->section, file, line, cause, ret_error);
}

static int resolve_settings(ConfigAccount *account, const AwsPurpose *purpose, const Config *config,
                            char **ret_error)
{
    CLEANUP(freep) char *cause = NULL;
    const char *key = NULL;
    AwsTrouble *trouble;
    int r = aws_settings_resolve(&account->aws, purpose, config->profiles, config->trust,
                                 &account->settings, &key, &cause);

    if (r == -EBADMSG) { /* names the file and line that are to blame */
        *ret_error = TAKE(cause);
        return -EINVAL;
    }
    if (r < 0)
        return r == -EINVAL ? blame_option(config, account, key, cause, ret_error) : r;
    trouble = &account->settings->trouble;
    if (!trouble->file)
        config_section_find_line(&account->section, trouble->option, &trouble->file,
                                 &trouble->line);
    return 0;
}

/* A profile's own number counts only where neither the configuration nor the environment names one.
 */
static int resolve_max_attempts(ConfigAccount *account, const Config *config, char **ret_error)
{
    const Option *option = option_find("calls", "max-attempts");
    CLEANUP(freep) char *cause = NULL;
    CLEANUP(freep) char *sentence = NULL;
    Config read = {.max_attempts = config->max_attempts};
    const char *profile = account->settings->profile;
    const char *text = config->max_attempts_is_set
                           ? NULL
                           : aws_profiles_get(config->profiles, profile, "max_attempts");
    int r = text ? option_set(option, &read, text, &cause) : 0;

    if (r == -EINVAL)
        r = explain(&sentence, r, "profile %s: %s", profile, cause);
    if (r < 0)
        return r == -EINVAL ? blame_option(config, account, "profile", sentence, ret_error) : r;
    account->max_attempts = read.max_attempts;
    return 0;
}

int config_account_resolve(ConfigAccount *account, const AwsPurpose *purpose, const Config *config,
                           char **ret_error)
{
    int r = resolve_settings(account, purpose, config, ret_error);

    return r < 0 ? r : resolve_max_attempts(account, config, ret_error);
}

int config_account_check(const ConfigAccount *account, char **ret_error)
{
    const AwsTrouble *trouble = &account->settings->trouble;

    return trouble->sentence
               ? config_section_blame_line(&account->section, trouble->file, trouble->line,
                                           trouble->sentence, ret_error)
               : 0;
}
