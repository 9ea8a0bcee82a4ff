/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/core.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/jobs/guard.h"
#include "tests/model/wire.h"

struct Core {
    Timers *timers;
    Config *config;
    Quotas *quotas;
    TargetSet *targets;
    Registry *registry;
    Guards *guards; /* NULL while shutting down */
    const Random *random;
    Store *store;
    char *directory;
};

const char *core_target_name(unsigned target, char buffer[static CORE_TARGET_NAME_SIZE])
{
    snprintf(buffer, CORE_TARGET_NAME_SIZE, "t%u", target);
    return buffer;
}

const char *core_guard_name(unsigned guard, char buffer[static CORE_TARGET_NAME_SIZE])
{
    snprintf(buffer, CORE_TARGET_NAME_SIZE, "g%u", guard);
    return buffer;
}

static AwsSettings *make_settings(const AwsRole *role, unsigned target)
{
    AwsSettings *settings = calloc(1, sizeof(*settings));
    char url[WIRE_URL_SIZE];

    assert_non_null(settings);
    settings->role = role;
    settings->profile = strdup("default");
    settings->region = strdup("eu-west-1");
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++) {
        settings->endpoints[service] = strdup(wire_url(target, url));
        assert_non_null(settings->endpoints[service]);
    }
    settings->sts_endpoint = strdup(wire_url(target, url));
    assert_true(settings->profile && settings->region && settings->sts_endpoint);
    return settings;
}

static void add_guard(Config *config, unsigned number, const GuardRules *rules)
{
    char name[CORE_TARGET_NAME_SIZE];
    GuardConfig *guard;

    assert_int_equal(config_add_guard(config, core_guard_name(number, name), NULL, 0, &guard), 0);
    free(guard->targets[0]); /* the default */
    guard->targets[0] = strdup(rules->target < N_TARGETS_MAX ? core_target_name(rules->target, name)
                                                             : CONFIG_ALL_TARGETS);
    assert_non_null(guard->targets[0]);
    guard->service = rules->service;
    guard->every_usec = rules->every_usec;
    if (rules->service == SERVICE_LOGS)
        guard->min_bytes = rules->at_least;
    else
        guard->min_events = rules->at_least;
    guard->action = rules->stops ? GUARD_STOP : GUARD_REPORT;
}

static Config *make_config(const CoreRules *rules)
{
    Config *config;

    assert_int_equal(config_new(&config), 0);
    assert_int_equal(aws_shared_files_new(&config->shared_files), 0);
    config->call_timeout_usec = rules->call_timeout_usec;
    for (unsigned i = 0; i < rules->n_targets; i++) {
        char name[CORE_TARGET_NAME_SIZE];
        TargetConfig *target;

        assert_int_equal(config_add_target(config, core_target_name(i, name), NULL, 0, &target), 0);
        target->stop_rate = rules->stop_rates[i];
        target->read_rate = rules->read_rates[i];
        target->account.max_attempts = rules->max_attempts;
        target->account.settings = make_settings(&target->account.aws.role, i);
    }
    config->polling_timeout_usec = rules->guard_timeout_usec;
    for (unsigned i = 0; i < rules->n_guards; i++)
        add_guard(config, i, &rules->guards[i]);
    return config;
}

static Target *find_target(const char *name, void *userdata)
{
    const Core *core = userdata;

    return target_set_find(core->targets, name);
}

static Store *open_store(const char *directory, const Clock *clock)
{
    char *error = NULL;
    Store *store = NULL;

    if (store_open(directory, clock, &store, &error) < 0)
        fail_msg("%s", error);
    return store;
}

static Guards *make_guards(Core *core, const Config *config)
{
    const GuardContext context = {
        .timers = core->timers,
        .random = core->random,
        .targets = core->targets,
        .registry = core->registry,
    };
    Guards *guards;

    assert_int_equal(guards_new(&context, config, &guards), 0);
    return guards;
}

Core *core_start(Model *model, HttpClient *http, const CoreRules *rules, const char *directory)
{
    Core *core = calloc(1, sizeof(*core));
    AwsContext targets = {.random = &model->random, .http = http};
    JobContext jobs = {.random = &model->random};

    assert_non_null(core);
    core->random = &model->random;
    core->directory = strdup(directory);
    assert_non_null(core->directory);
    assert_int_equal(timers_new(&model->clock, &core->timers), 0);
    targets.timers = jobs.timers = core->timers;
    assert_int_equal(quotas_new(core->timers, &core->quotas), 0);
    targets.quotas = core->quotas;
    core->config = make_config(rules);
    core->store = open_store(directory, &model->clock);
    assert_int_equal(target_set_new(&targets, core->config, &core->targets), 0);
    assert_int_equal(registry_new(&jobs, core->store, &core->registry), 0);
    registry_configure(core->registry, &rules->polling, rules->max_jobs);
    assert_int_equal(registry_load(core->registry, find_target, core), 0);
    core->guards = make_guards(core, core->config);
    return core;
}

void core_stop_guards(Core *core)
{
    guards_free(core->guards);
    core->guards = NULL;
}

void core_stop(Core *core)
{
    core_stop_guards(core);
    registry_free(core->registry);
    target_set_free(core->targets);
    quotas_free(core->quotas);
    store_close(core->store);
    timers_free(core->timers);
    config_free(core->config);
    free(core->directory);
    free(core);
}

static void copy_file(const char *from_directory, const char *to_directory, const char *name)
{
    char path[256], buffer[65536];
    int from, to;
    ssize_t size;

    snprintf(path, sizeof(path), "%s/%s", from_directory, name);
    from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0 && errno == ENOENT)
        return;
    assert_true(from >= 0);
    snprintf(path, sizeof(path), "%s/%s", to_directory, name);
    to = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(to >= 0);
    while ((size = read(from, buffer, sizeof(buffer))) > 0)
        assert_int_equal(write(to, buffer, (size_t)size), size);
    assert_int_equal(size, 0);
    close(from);
    close(to);
}

void core_kill(Core *core, const char *directory)
{
    assert_int_equal(mkdir(directory, 0700), 0);
    copy_file(core->directory, directory, "jobs.sqlite3");
    copy_file(core->directory, directory, "jobs.sqlite3-wal");
    core_stop(core);
}

void core_reload(Core *core, const CoreRules *rules)
{
    Config *config = make_config(rules);
    Guards *guards = core->guards ? make_guards(core, config) : NULL;

    assert_int_equal(target_set_reload(core->targets, config, core->registry), 0);
    if (guards)
        guards_succeed(guards, core->guards);
    core->guards = guards;
    config_free(core->config);
    core->config = config;
    registry_configure(core->registry, &rules->polling, rules->max_jobs);
}

Timers *core_timers(Core *core)
{
    return core->timers;
}

Registry *core_registry(Core *core)
{
    return core->registry;
}

Store *core_store(Core *core)
{
    return core->store;
}

Target *core_target(Core *core, unsigned target)
{
    return target_set_get(core->targets, target);
}
