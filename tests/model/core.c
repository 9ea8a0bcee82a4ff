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
#include "daemon/jobs/outbox.h"
#include "daemon/queue/queue-set.h"
#include "tests/model/core-config.h"
#include "tests/model/wire.h"

struct Core {
    Timers *timers;
    Config *config;
    Quotas *quotas;
    TargetSet *targets;
    Registry *registry;
    Guards *guards; /* NULL while shutting down */
    Outbox *outbox;
    QueueSet *queues;
    HttpClient *http;
    const Random *random;
    Store *store;
    char *directory;
    bool busy;
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

static void end_due(void *userdata)
{
    const Core *core = userdata;

    queue_set_end_due(core->queues);
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

static void open_queues(Core *core, HttpClient *http, const Clock *clock)
{
    OutboxContext outbox = {.timers = core->timers,
                            .random = core->random,
                            .http = http,
                            .registry = core->registry,
                            .store = core->store};
    QueueSetContext queues = {.timers = core->timers,
                              .clock = clock,
                              .random = core->random,
                              .http = http,
                              .registry = core->registry,
                              .store = core->store,
                              .find_target = find_target,
                              .userdata = core};

    assert_int_equal(outbox_new(&outbox, core->config, &core->outbox), 0);
    queues.outbox = core->outbox;
    assert_int_equal(queue_set_new(&queues, core->config, &core->queues), 0);
    http->before_writing = end_due;
    http->userdata = core;
}

Core *core_start(const CoreWorld *world, const CoreRules *rules, const char *directory)
{
    Core *core = calloc(1, sizeof(*core));
    AwsContext targets = {.random = world->random, .http = world->http};
    JobContext jobs = {.random = world->random};

    assert_non_null(core);
    core->random = world->random;
    core->http = world->http;
    core->directory = strdup(directory);
    assert_non_null(core->directory);
    assert_int_equal(timers_new(world->clock, &core->timers), 0);
    targets.timers = jobs.timers = core->timers;
    assert_int_equal(quotas_new(core->timers, &core->quotas), 0);
    targets.quotas = core->quotas;
    core->config = core_make_config(rules);
    core->store = open_store(directory, world->clock);
    assert_int_equal(target_set_new(&targets, core->config, &core->targets), 0);
    assert_int_equal(registry_new(&jobs, core->store, &core->registry), 0);
    registry_configure(core->registry, &rules->polling, rules->max_jobs);
    open_queues(core, world->http, world->clock);
    assert_int_equal(registry_load(core->registry, find_target, core), 0);
    assert_int_equal(queue_set_start(core->queues), 0); /* before any job calls */
    core->guards = make_guards(core, core->config);
    return core;
}

void core_shut_down(Core *core)
{
    core_stop_guards(core);
    queue_set_shut_down(core->queues);
}

bool core_finish(Core *core)
{
    RegistryRest jobs = registry_finish(core->registry);
    bool waits = jobs != REGISTRY_DONE;

    core->busy = jobs == REGISTRY_GOES_ON;
    if (queue_set_finish(core->queues))
        waits = true;
    return outbox_finish(core->outbox) || waits;
}

bool core_is_busy(const Core *core)
{
    return core->busy;
}

void core_stop_guards(Core *core)
{
    guards_free(core->guards);
    core->guards = NULL;
}

void core_stop(Core *core)
{
    core_stop_guards(core);
    core->http->before_writing = NULL;
    queue_set_free(core->queues);
    outbox_free(core->outbox);
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
    Config *config = core_make_config(rules);
    Guards *guards = core->guards ? make_guards(core, config) : NULL;
    OutboxPlan *outbox;
    QueuePlan *queues;
    TargetPlan *targets;

    assert_int_equal(outbox_plan(core->outbox, config, &outbox), 0);
    assert_int_equal(queue_set_plan(core->queues, config, &queues), 0);
    assert_int_equal(target_set_plan(core->targets, config, &targets), 0);
    while (target_plan_step(targets) > 0)
        ;
    target_set_adopt(core->targets, targets, core->registry);
    assert_false(target_set_review(core->targets, core->registry));
    if (guards)
        guards_succeed(guards, core->guards);
    core->guards = guards;
    outbox_adopt(core->outbox, outbox);
    queue_set_adopt(core->queues, queues);
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
