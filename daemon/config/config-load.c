/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a Config together: files, environment, AWS's profiles, and the checks that need all of it.
 */
#include "daemon/config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/environment.h"
#include "daemon/config/config-file.h"
#include "daemon/config/guard-config.h"
#include "daemon/config/option-value.h"

/* An environment variable that stands for an option which no file names. */
static int take_environment(const ConfigReader *reader, const char *section, const char *key,
                            const char *variable, const char *value, char **ret_error)
{
    CLEANUP(freep) char *cause = NULL;
    int r;

    if (!value || !*value || config_find_origin(reader, section, key)->order > 0)
        return 0;
    r = option_set(option_find(section, key), reader->config, value, &cause);
    return r == -EINVAL ? explain(ret_error, r, "$%s: %s", variable, cause) : r;
}

static int take_state_directory(const ConfigReader *reader, char **ret_error)
{
    const char *all = getenv("STATE_DIRECTORY");
    CLEANUP(freep) char *first = NULL;

    if (!all)
        return 0;
    /* systemd.exec(5): one path for each StateDirectory=, with colons between them; ours is the
     * first. */
    first = strndup(all, strcspn(all, ":"));
    if (!first)
        return -ENOMEM;
    return take_environment(reader, "daemon", "state-directory", "STATE_DIRECTORY", first,
                            ret_error);
}

static int check_polling(const ConfigReader *reader, char **ret_error)
{
    const Config *config = reader->config;
    const ConfigOrigin *first = config_find_origin(reader, "polling", "first");
    const ConfigOrigin *longest = config_find_origin(reader, "polling", "longest");
    /* What was set last made the contradiction. */
    const ConfigOrigin *origin = first->order > longest->order ? first : longest;
    char first_text[TIMESPAN_SIZE], longest_text[TIMESPAN_SIZE];

    if (config->polling_first_usec <= config->polling_longest_usec)
        return 0;
    return explain(ret_error, -EINVAL, "%s:%u: first (%s) is more than longest (%s)", origin->file,
                   origin->line, timespan_format(config->polling_first_usec, first_text),
                   timespan_format(config->polling_longest_usec, longest_text));
}

static int blame(const TargetConfig *target, const char *file, unsigned line, const char *cause,
                 char **ret_error)
{
    return file ? explain(ret_error, -EINVAL, "%s:%u: target %s: %s", file, line, target->name,
                          cause)
                : explain(ret_error, -EINVAL, "target %s: %s", target->name, cause);
}

/* Where the option with this key is set (NULL: none is to blame), else where the target is
 * declared. */
static void find_line(const TargetConfig *target, const char *key, const char **ret_file,
                      unsigned *ret_line)
{
    const ConfigOrigin *origin =
        key ? &target->origins[option_find(OPTION_TARGET_SECTION, key) - options] : NULL;
    bool set = origin && origin->order > 0;

    *ret_file = set ? origin->file : target->file;
    *ret_line = set ? origin->line : target->line;
}

/* Where no file of ours names the target, its profile is what can be repaired. */
static int blame_option(const Config *config, const TargetConfig *target, const char *key,
                        const char *cause, char **ret_error)
{
    const char *file;
    unsigned line;

    find_line(target, key, &file, &line);
    if (!file && key && strcmp(key, "profile") == 0)
        file = aws_profiles_section_file(config->profiles,
                                         aws_settings_choose_profile(target->aws.profile), &line);
    return blame(target, file, line, cause, ret_error);
}

static int resolve_settings(const Config *config, TargetConfig *target, char **ret_error)
{
    CLEANUP(freep) char *cause = NULL;
    const char *key = NULL;
    AwsTrouble *trouble;

    int r = aws_settings_resolve(&target->aws, config->profiles, &target->settings, &key, &cause);
    if (r == -EBADMSG) { /* names the file and line that are to blame */
        *ret_error = TAKE(cause);
        return -EINVAL;
    }
    if (r < 0)
        return r == -EINVAL ? blame_option(config, target, key, cause, ret_error) : r;
    trouble = &target->settings->trouble;
    if (!trouble->file)
        find_line(target, trouble->option, &trouble->file, &trouble->line);
    return 0;
}

/* A profile's own number counts only where neither the configuration nor the environment names one.
 */
static int resolve_max_attempts(const ConfigReader *reader, TargetConfig *target, char **ret_error)
{
    const Option *option = option_find("calls", "max-attempts");
    CLEANUP(freep) char *cause = NULL;
    CLEANUP(freep) char *sentence = NULL;
    Config read = {.max_attempts = reader->config->max_attempts};
    int r = 0;

    if (config_find_origin(reader, option->section, option->key)->order == 0 &&
        !aws_environment_get("AWS_MAX_ATTEMPTS")) {
        const char *profile = target->settings->profile;
        const char *text = aws_profiles_get(reader->config->profiles, profile, "max_attempts");

        if (text)
            r = option_set(option, &read, text, &cause);
        if (r == -EINVAL)
            r = explain(&sentence, r, "profile %s: %s", profile, cause);
        if (r < 0)
            return r == -EINVAL
                       ? blame_option(reader->config, target, "profile", sentence, ret_error)
                       : r;
    }
    target->max_attempts = read.max_attempts;
    return 0;
}

/* Warnings first: should the rest of the loading fail, these may be why. */
static int read_shared_files(Config *config, const Config *predecessor, ConfigWarn warn)
{
    const char *warning;
    int r;

    if (predecessor)
        config->shared_files = aws_shared_files_ref(predecessor->shared_files);
    else if ((r = aws_shared_files_new(&config->shared_files)) < 0)
        return r;
    r = aws_shared_files_read(config->shared_files, &config->profiles);
    if (r < 0)
        return r;
    for (size_t i = 0; (warning = aws_profiles_warning(config->profiles, i)); i++)
        warn(warning);
    if ((warning = aws_profiles_stale(config->profiles)))
        warn(warning);
    return 0;
}

/* No target needs what cannot be read, or the loading would have failed with it. */
static int warn_of_error(const Config *config, ConfigWarn warn)
{
    const char *error = aws_profiles_error(config->profiles);
    CLEANUP(freep) char *warning = NULL;

    if (!error)
        return 0;
    if (string_format(&warning, "%s (nothing of it is needed now, and it counts as empty)", error) <
        0)
        return -ENOMEM;
    warn(warning);
    return 0;
}

static int resolve_targets(const ConfigReader *reader, char **ret_error)
{
    Config *config = reader->config;
    TargetConfig *target;
    int r = 0;

    if (config->n_targets == 0 &&
        (r = config_add_target(config, CONFIG_DEFAULT_TARGET, NULL, 0, &target)) < 0)
        return r;
    for (size_t i = 0; r >= 0 && i < config->n_targets; i++) {
        r = resolve_settings(config, config->targets[i], ret_error);
        if (r >= 0)
            r = resolve_max_attempts(reader, config->targets[i], ret_error);
        free(config->targets[i]->origins);
        config->targets[i]->origins = NULL;
    }
    return r;
}

int config_load(const char *path, const Config *predecessor, ConfigWarn warn, Config **ret,
                char **ret_error)
{
    CLEANUP(config_freep) Config *config = NULL;
    ConfigReader reader = {0};

    int r = config_new(&config);
    if (r < 0)
        return r;
    reader.config = config;
    if ((r = config_read_files(&reader, path ? path : SYSCONFDIR "/trailstop/trailstopd.conf",
                               path != NULL, ret_error)) < 0 ||
        (r = take_state_directory(&reader, ret_error)) < 0 ||
        (r = take_environment(&reader, "calls", "max-attempts", "AWS_MAX_ATTEMPTS",
                              getenv("AWS_MAX_ATTEMPTS"), ret_error)) < 0 ||
        (r = check_polling(&reader, ret_error)) < 0 ||
        (r = read_shared_files(config, predecessor, warn)) < 0 ||
        (r = resolve_targets(&reader, ret_error)) < 0 ||
        (r = guard_configs_check(config, ret_error)) < 0 || (r = warn_of_error(config, warn)) < 0)
        return r;
    *ret = TAKE(config);
    return 0;
}

int config_check_targets(const Config *config, char **ret_error)
{
    for (size_t i = 0; i < config->n_targets; i++) {
        const TargetConfig *target = config->targets[i];
        const AwsTrouble *trouble = &target->settings->trouble;

        if (trouble->sentence)
            return blame(target, trouble->file, trouble->line, trouble->sentence, ret_error);
    }
    return 0;
}
