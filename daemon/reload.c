/* SPDX-License-Identifier: Apache-2.0 */
/* SIGHUP: another configuration, read, built and put into force beside the work of the daemon,
 * which goes on by the one that it has. A thousand targets take ten milliseconds of all this, so
 * each turn of the loop does some of it. What is read becomes effective in one turn, or not at all;
 * then what it replaced is freed, also bit by bit, and so are jobs looked at (see
 * target_set_review()). */
#include <assert.h>
#include <string.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/base/journal.h"
#include "daemon/base/notify.h"
#include "daemon/daemon-private.h"

static void reload_begin(Daemon *daemon);

/* systemd may be waiting for it. */
static void reload_end(Daemon *daemon)
{
    assert(!daemon->reload.loader && !daemon->reload.targets && !daemon->reload.config);
    notify_send("READY=1");
    if (!daemon->reload.again)
        return;
    daemon->reload.again = false;
    reload_begin(daemon);
}

static void reload_refuse(Daemon *daemon, int error, const char *sentence)
{
    Reload *reload = &daemon->reload;
    JournalEntry entry;

    journal_begin(&entry, EVENT_RELOAD_REFUSED);
    journal_send(&entry, "The configuration stays as it was: %s",
                 sentence ? sentence : strerror(-error));
    config_loader_free(TAKE(reload->loader));
    target_plan_free(TAKE(reload->targets));
    if (reload->config)
        reload->left = TAKE(reload->config);
    reload_end(daemon);
}

static void reload_begin(Daemon *daemon)
{
    CLEANUP(freep) char *error = NULL;
    int r;

    notify_send("RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)time_now_monotonic());
    r = config_loader_new(daemon->config_path, daemon->config, aws_shared_files_log,
                          &daemon->reload.loader, &error);
    if (r < 0)
        reload_refuse(daemon, r, error);
}

void daemon_reload(void *userdata)
{
    Daemon *daemon = userdata;

    if (daemon->reload.loader || daemon->reload.config)
        daemon->reload.again = true;
    else
        reload_begin(daemon);
}

/* Puts the configuration into force, all of it in one turn; *ret_fixed is an option that needs a
 * restart, or NULL. An error need not have a sentence. */
static int reload_adopt(Daemon *daemon, const char **ret_fixed, char **ret_error)
{
    Reload *reload = &daemon->reload;
    Config *config = reload->config;
    Service *service = &daemon->service;
    CLEANUP(guards_freep) Guards *guards = NULL;
    CLEANUP(outbox_plan_freep) OutboxPlan *outbox = NULL;
    CLEANUP(queue_plan_freep) QueuePlan *queues = NULL;
    Operators *operators;
    int r;

    if ((!daemon->shutting_down && ((r = daemon_make_guards(daemon, config, &guards)) < 0 ||
                                    (r = outbox_plan(service->outbox, config, &outbox)) < 0 ||
                                    (r = queue_set_plan(service->queues, config, &queues)) < 0)) ||
        (r = operators_new(config, &operators, ret_error)) < 0)
        return r;
    target_set_adopt(service->targets, TAKE(reload->targets), service->registry);
    if (guards)
        guards_succeed(guards, daemon->guards);
    daemon->guards = TAKE(guards);
    if (outbox)
        outbox_adopt(service->outbox, TAKE(outbox));
    if (queues)
        queue_set_adopt(service->queues, TAKE(queues));
    *ret_fixed = config_keep_fixed(daemon->config, config);
    operators_free(service->operators);
    service->operators = operators;
    service->config = config;
    reload->left = daemon->config;
    daemon->config = TAKE(reload->config);
    return 0;
}

/* A line or a target of it. 1; 0: it is loaded. */
static int reload_load(Daemon *daemon, char **ret_error)
{
    Reload *reload = &daemon->reload;
    int r = config_loader_step(reload->loader, ret_error);

    if (r != 0)
        return r;
    reload->config = config_loader_take(reload->loader);
    config_loader_free(TAKE(reload->loader));
    config_forget_profiles(reload->config);
    return target_set_plan(daemon->service.targets, reload->config, &reload->targets);
}

static int reload_put_into_force(Daemon *daemon, char **ret_error)
{
    const char *fixed = NULL;
    JournalEntry entry;
    int r = reload_adopt(daemon, &fixed, ret_error);

    if (r < 0)
        return r;
    daemon_configure(daemon);
    journal_begin(&entry, EVENT_RELOADED);
    journal_send(&entry, "Reloaded the configuration%s%s%s", fixed ? "; a new value of " : "",
                 fixed ? fixed : "", fixed ? " is taken at the next start" : "");
    reload_end(daemon);
    return 0;
}

/* False: there is nothing left to do. */
static bool reload_step(Daemon *daemon)
{
    CLEANUP(freep) char *error = NULL;
    Reload *reload = &daemon->reload;
    int r;

    if (reload->left) {
        if (!config_drop_target(reload->left))
            config_free(TAKE(reload->left));
        return true;
    }
    if (reload->loader) {
        r = reload_load(daemon, &error);
    } else if (reload->targets) {
        r = target_plan_step(reload->targets);
        if (r == 0)
            r = reload_put_into_force(daemon, &error);
    } else {
        return false;
    }
    if (r < 0)
        reload_refuse(daemon, r, error);
    return true;
}

bool daemon_go_on_reloading(Daemon *daemon, uint64_t usec)
{
    uint64_t began_usec = time_now_monotonic();

    while (reload_step(daemon))
        if (time_since(began_usec, time_now_monotonic()) >= usec)
            return true;
    return false;
}

void daemon_free_reload(Daemon *daemon)
{
    config_loader_free(daemon->reload.loader);
    target_plan_free(daemon->reload.targets);
    config_free(daemon->reload.config);
    config_free(daemon->reload.left);
}
