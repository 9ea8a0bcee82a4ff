/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/config/option-value.h"
#include "daemon/credentials/chain.h"

/* ---- what the options of a section live in ---- */

static void clear_options(const char *section, void *object)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (option_is_of(&options[i], section))
            option_clear(&options[i], object);
}

static int set_defaults(const char *section, void *object)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < N_OPTIONS; i++)
        if (option_is_of(&options[i], section))
            r = option_set_default(&options[i], object);
    return r;
}

/* What each section that has a name begins with; what it has got is freed with its object. */
static int begin_object(const char *section, void *object, const char *name, char **ret_name,
                        ConfigOrigin **ret_origins)
{
    *ret_name = strdup(name);
    *ret_origins = calloc(N_OPTIONS, sizeof(**ret_origins));
    return !*ret_name || !*ret_origins ? -ENOMEM : set_defaults(section, object);
}

static void target_config_free(TargetConfig *target)
{
    aws_settings_free(target->settings);
    clear_options(OPTION_TARGET_SECTION, target);
    free(target->origins);
    free(target->name);
    free(target);
}

DEFINE_CLEANUP(TargetConfig, target_config_free)

static void guard_config_free(GuardConfig *guard)
{
    clear_options(OPTION_GUARD_SECTION, guard);
    free(guard->origins);
    free(guard->name);
    free(guard);
}

DEFINE_CLEANUP(GuardConfig, guard_config_free)

static int target_config_new(const char *name, TargetConfig **ret)
{
    CLEANUP(target_config_freep) TargetConfig *target = calloc(1, sizeof(*target));

    if (!target ||
        begin_object(OPTION_TARGET_SECTION, target, name, &target->name, &target->origins) < 0)
        return -ENOMEM;
    *ret = TAKE(target);
    return 0;
}

static int guard_config_new(const char *name, GuardConfig **ret)
{
    CLEANUP(guard_config_freep) GuardConfig *guard = calloc(1, sizeof(*guard));

    if (!guard ||
        begin_object(OPTION_GUARD_SECTION, guard, name, &guard->name, &guard->origins) < 0)
        return -ENOMEM;
    *ret = TAKE(guard);
    return 0;
}

int config_new(Config **ret)
{
    CLEANUP(config_freep) Config *config = calloc(1, sizeof(*config));
    int r;

    if (!config)
        return -ENOMEM;
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (!option_is_of_named_section(&options[i]) &&
            (r = option_set_default(&options[i], config)) < 0)
            return r;
    *ret = TAKE(config);
    return 0;
}

void config_free(Config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->n_targets; i++)
        target_config_free(config->targets[i]);
    free(config->targets);
    for (size_t i = 0; i < config->n_guards; i++)
        guard_config_free(config->guards[i]);
    free(config->guards);
    aws_profiles_free(config->profiles); /* after the settings, which borrow from them */
    aws_shared_files_unref(config->shared_files);
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (!option_is_of_named_section(&options[i]))
            option_clear(&options[i], config);
    for (size_t i = 0; i < config->n_files; i++)
        free(config->files[i]);
    free(config->files);
    free(config);
}

static TargetConfig *find_target(const Config *config, const char *name)
{
    for (size_t i = 0; i < config->n_targets; i++)
        if (strcmp(config->targets[i]->name, name) == 0)
            return config->targets[i];
    return NULL;
}

const TargetConfig *config_find_target(const Config *config, const char *name)
{
    return find_target(config, name);
}

int config_add_target(Config *config, const char *name, const char *file, unsigned line,
                      TargetConfig **ret)
{
    TargetConfig *target = find_target(config, name);

    if (!target) {
        int r;
        TargetConfig **targets =
            reallocarray(config->targets, config->n_targets + 1, sizeof(TargetConfig *));
        if (!targets)
            return -ENOMEM;
        config->targets = targets;

        r = target_config_new(name, &target);
        if (r < 0)
            return r;
        target->file = file;
        target->line = line;
        targets[config->n_targets++] = target;
    }
    *ret = target;
    return 0;
}

int config_add_guard(Config *config, const char *name, const char *file, unsigned line,
                     GuardConfig **ret)
{
    GuardConfig **guards;
    int r;

    for (size_t i = 0; i < config->n_guards; i++)
        if (strcmp(config->guards[i]->name, name) == 0) {
            *ret = config->guards[i];
            return 0;
        }
    guards = reallocarray(config->guards, config->n_guards + 1, sizeof(GuardConfig *));
    if (!guards)
        return -ENOMEM;
    config->guards = guards;
    r = guard_config_new(name, &guards[config->n_guards]);
    if (r < 0)
        return r;
    *ret = guards[config->n_guards++];
    (*ret)->file = file;
    (*ret)->line = line;
    return 0;
}

/* What is taken at start only is a path, an owned string: options.def has nothing else. */
static void swap_texts(void *one, void *other)
{
    char *text = *(char **)one;

    *(char **)one = *(char **)other;
    *(char **)other = text;
}

const char *config_keep_fixed(Config *running, Config *fresh)
{
    const char *changed = NULL;

    for (size_t i = 0; i < N_OPTIONS; i++) {
        char *one = (char *)running + options[i].offset, *other = (char *)fresh + options[i].offset;

        if (options[i].reloadable || strcmp(*(char **)one, *(char **)other) == 0)
            continue;
        changed = options[i].key;
        swap_texts(one, other);
    }
    return changed;
}

/* Each option of a section that is set and not there yet. */
static int add_options(json_object *json, const char *section, const void *object)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        json_object *value = NULL;
        int r;

        if (strcmp(options[i].section, section) != 0 ||
            json_object_object_get_ex(json, options[i].key, NULL))
            continue;
        r = option_to_json(&options[i], object, &value);
        if (r > 0)
            r = json_add(json, options[i].key, value);
        if (r < 0)
            return r;
    }
    return 0;
}

typedef struct Explanation {
    json_object *sources;
    int error; /* the first one met */
} Explanation;

static void add_source(const char *source, bool taken, const char *why, void *userdata)
{
    Explanation *explanation = userdata;
    CLEANUP(json_object_putp) json_object *json = json_object_new_object();

    if (explanation->error < 0 || !json || json_add_string(json, "source", source) < 0 ||
        json_add_bool(json, "taken", taken) < 0 || json_add_string(json, "why", why) < 0 ||
        json_append(explanation->sources, TAKE(json)) < 0)
        explanation->error = -ENOMEM;
}

/* The sources of credentials that were looked at, in order, and why each was passed over. */
static int add_sources(json_object *json, const AwsSettings *settings)
{
    Explanation explanation = {.sources = json_object_new_array()};
    int r = json_add(json, "sources", explanation.sources);

    if (r >= 0)
        r = aws_chain_explain(&settings->query, add_source, &explanation);
    return r < 0 ? r : explanation.error;
}

/* -1: set nowhere, so it is left out. */
static int add_flag(json_object *json, const char *key, int flag)
{
    return flag < 0 ? 0 : json_add_bool(json, key, flag > 0);
}

/* First what the target resolves to, under its own name or the option's, then what was set. */
static int add_target(json_object *array, const Config *config, const TargetConfig *target,
                      bool explain_sources)
{
    const AwsSettings *settings = target->settings;
    json_object *json = json_object_new_object();
    int r;

    if ((r = json_append(array, json)) < 0 ||
        (r = json_add_string(json, "name", target->name)) < 0 ||
        (r = json_add_string(json, "region", settings->region)) < 0 ||
        (r = json_add_string(json, "endpoint", settings->endpoints[SERVICE_CLOUDTRAIL])) < 0 ||
        (r = json_add_string(json, "stsEndpoint", settings->sts_endpoint)) < 0 ||
        (r = json_add_string(json, "logsEndpoint", settings->endpoints[SERVICE_LOGS])) < 0 ||
        (r = json_add_string(json, "profile", settings->profile)) < 0)
        return r;
    if (!settings->credentials) /* no source has any: shown, not left out */
        r = json_object_object_add(json, "credentials", NULL) < 0 ? -ENOMEM : 0;
    else
        r = json_add_string(json, "credentials", settings->credentials);
    if (r >= 0 && explain_sources)
        r = add_sources(json, settings);
    if (r < 0 || (r = json_add_string(json, "ca-bundle", settings->ca_bundle)) < 0 ||
        (r = add_flag(json, "use-fips-endpoint", settings->use_fips_endpoint)) < 0 ||
        (r = add_flag(json, "use-dualstack-endpoint", settings->use_dualstack_endpoint)) < 0)
        return r;
    if (target->max_attempts != config->max_attempts &&
        (r = json_add_int64(json, "max-attempts", target->max_attempts)) < 0)
        return r;
    return add_options(json, OPTION_TARGET_SECTION, target);
}

static int add_guards(json_object *json, const Config *config)
{
    json_object *guards;
    int r;

    if (config->n_guards == 0)
        return 0;
    guards = json_object_new_array();
    r = json_add(json, "guards", guards);
    for (size_t i = 0; r >= 0 && i < config->n_guards; i++) {
        json_object *guard = json_object_new_object();

        if ((r = json_append(guards, guard)) >= 0 &&
            (r = json_add_string(guard, "name", config->guards[i]->name)) >= 0)
            r = add_options(guard, OPTION_GUARD_SECTION, config->guards[i]);
    }
    return r;
}

json_object *config_to_json(const Config *config, bool explain_sources)
{
    CLEANUP(json_object_putp) json_object *json = json_object_new_object();
    json_object *targets;

    if (!json)
        return NULL;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const char *section = options[i].section;
        json_object *object;

        if (option_is_of_named_section(&options[i]) ||
            json_object_object_get_ex(json, section, NULL))
            continue;
        object = json_object_new_object();
        if (json_add(json, section, object) < 0 || add_options(object, section, config) < 0)
            return NULL;
    }

    targets = json_object_new_array();
    if (json_add(json, "targets", targets) < 0)
        return NULL;
    for (size_t i = 0; i < config->n_targets; i++)
        if (add_target(targets, config, config->targets[i], explain_sources) < 0)
            return NULL;
    if (add_guards(json, config) < 0)
        return NULL;
    return TAKE(json);
}
