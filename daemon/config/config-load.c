/* SPDX-License-Identifier: Apache-2.0 */
/* Puts a Config together: files, environment, AWS's profiles, and the checks that need all of it.
 */
#include "daemon/config/config-load.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/environment.h"
#include "daemon/config/config-account.h"
#include "daemon/config/config-file.h"
#include "daemon/config/guard-config.h"
#include "daemon/config/notify-config.h"
#include "daemon/config/option-value.h"
#include "daemon/config/queue-config.h"

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

/* No section needs what cannot be read, or the loading would have failed with it. */
static int warn_of_error(const Config *config, ConfigWarn warn)
{
    const char *error = aws_profiles_error(config->profiles);
    CLEANUP(freep) char *warning = NULL;

    if (!error)
        return 0;
    if (string_format(&warning, "%s (nothing in it is needed now, so it is treated as empty)",
                      error) < 0)
        return -ENOMEM;
    warn(warning);
    return 0;
}

static int resolve_target(const Config *config, TargetConfig *target, char **ret_error)
{
    static const AwsPurpose purpose = {.noun = OPTION_TARGET_SECTION, .use = AWS_USE_IMPORTS};
    int r = config_account_resolve(&target->account, &purpose, config, ret_error);

    if (r >= 0)
        config_section_forget_origins(&target->account.section);
    return r;
}

static void forget_origins(const Config *config)
{
    for (size_t i = 0; i < config->n_guards; i++)
        config_section_forget_origins(&config->guards[i]->section);
    for (size_t i = 0; i < config->n_queues; i++)
        config_section_forget_origins(&config->queues[i]->account.section);
    for (size_t i = 0; i < config->n_notifies; i++)
        config_section_forget_origins(&config->notifies[i]->account.section);
}

typedef enum LoadingStage {
    LOADING_FILES,
    LOADING_OPTIONS,
    LOADING_TARGETS,
    LOADING_OTHERS, /* sections that may name targets */
    LOADING_DONE,
} LoadingStage;

struct ConfigLoader {
    Config *config;
    const Config *predecessor;
    ConfigWarn warn;
    ConfigReader reader;
    LoadingStage stage;
    size_t n_resolved; /* targets */
};

int config_loader_new(const char *path, const Config *predecessor, ConfigWarn warn,
                      ConfigLoader **ret, char **ret_error)
{
    CLEANUP(config_loader_freep) ConfigLoader *loader = calloc(1, sizeof(*loader));
    int r;

    if (!loader)
        return -ENOMEM;
    loader->predecessor = predecessor;
    loader->warn = warn;
    if ((r = config_new(&loader->config)) < 0 ||
        (r = config_reader_begin(&loader->reader, loader->config,
                                 path ? path : SYSCONFDIR "/trailstop/trailstopd.conf",
                                 path != NULL, ret_error)) < 0)
        return r;
    *ret = TAKE(loader);
    return 0;
}

void config_loader_free(ConfigLoader *loader)
{
    if (!loader)
        return;
    config_reader_end(&loader->reader);
    config_free(loader->config);
    free(loader);
}

/* What concerns the daemon as a whole, and what the sections build on. */
static int load_options(ConfigLoader *loader, char **ret_error)
{
    const ConfigReader *reader = &loader->reader;
    Config *config = loader->config;
    TargetConfig *target;
    int r;

    if ((r = take_state_directory(reader, ret_error)) < 0 ||
        (r = take_environment(reader, "calls", "max-attempts", "AWS_MAX_ATTEMPTS",
                              getenv("AWS_MAX_ATTEMPTS"), ret_error)) < 0 ||
        (r = check_polling(reader, ret_error)) < 0 ||
        (r = read_shared_files(config, loader->predecessor, loader->warn)) < 0 ||
        (r = trust_new(&config->trust)) < 0)
        return r;
    config->max_attempts_is_set = aws_environment_get("AWS_MAX_ATTEMPTS") ||
                                  config_find_origin(reader, "calls", "max-attempts")->order > 0;
    return config->n_targets > 0
               ? 0
               : config_add_target(config, CONFIG_DEFAULT_TARGET, NULL, 0, &target);
}

static int load_others(const ConfigLoader *loader, char **ret_error)
{
    Config *config = loader->config;
    int r;

    if ((r = guard_configs_check(config, ret_error)) < 0 ||
        (r = queue_configs_resolve(config, ret_error)) < 0 ||
        (r = notify_configs_resolve(config, ret_error)) < 0 ||
        (r = warn_of_error(config, loader->warn)) < 0)
        return r;
    forget_origins(config);
    trust_free(TAKE(config->trust));
    return 0;
}

int config_loader_step(ConfigLoader *loader, char **ret_error)
{
    Config *config = loader->config;
    int r = 0;

    switch (loader->stage) {
    case LOADING_FILES:
        r = config_reader_step(&loader->reader, ret_error);
        if (r == 0)
            loader->stage = LOADING_OPTIONS;
        break;
    case LOADING_OPTIONS:
        r = load_options(loader, ret_error);
        loader->stage = LOADING_TARGETS;
        break;
    case LOADING_TARGETS:
        r = resolve_target(config, config->targets[loader->n_resolved], ret_error);
        if (++loader->n_resolved == config->n_targets)
            loader->stage = LOADING_OTHERS;
        break;
    case LOADING_OTHERS:
        r = load_others(loader, ret_error);
        loader->stage = LOADING_DONE;
        break;
    case LOADING_DONE:
        return 0;
    }
    return r < 0 ? r : 1;
}

Config *config_loader_take(ConfigLoader *loader)
{
    assert(loader->stage == LOADING_DONE);
    return TAKE(loader->config);
}

int config_load(const char *path, const Config *predecessor, ConfigWarn warn, Config **ret,
                char **ret_error)
{
    CLEANUP(config_loader_freep) ConfigLoader *loader = NULL;
    int r = config_loader_new(path, predecessor, warn, &loader, ret_error);

    if (r < 0)
        return r;
    do
        r = config_loader_step(loader, ret_error);
    while (r > 0);
    if (r == 0)
        *ret = config_loader_take(loader);
    return r;
}

void config_forget_profiles(Config *config)
{
    aws_profiles_free(TAKE(config->profiles));
}

int config_check_accounts(const Config *config, char **ret_error)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < config->n_targets; i++)
        r = config_account_check(&config->targets[i]->account, ret_error);
    for (size_t i = 0; r >= 0 && i < config->n_queues; i++)
        r = config_account_check(&config->queues[i]->account, ret_error);
    for (size_t i = 0; r >= 0 && i < config->n_notifies; i++)
        r = config_account_check(&config->notifies[i]->account, ret_error);
    return r;
}
