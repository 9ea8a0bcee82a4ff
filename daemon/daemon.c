/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/daemon-private.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <config.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/sha256.h"
#include "daemon/base/journal.h"
#include "daemon/base/loop.h"
#include "daemon/base/notify.h"

#define MEMORY_USEC USEC_PER_SEC /* after work, before memory goes back to the system */
#define FLUSH_USEC USEC_PER_SEC  /* at shutdown, for clients to read their last replies */
/* Of one turn, for clients: what they ask for, and what the commit made possible. Saving the
 * changes takes about as long, and all of it together less than 20 ms. */
#define CALLS_USEC (8 * USEC_PER_MSEC)
#define REPLIES_USEC (4 * USEC_PER_MSEC)
#define RELOAD_USEC (2 * USEC_PER_MSEC) /* for a reload, while there is one */

static Timers *daemon_timers(Daemon *daemon)
{
    return loop_timers(daemon->loop);
}

static void wake(void *userdata)
{
    (void)userdata; /* the timer is there to make the loop turn */
}

static void set_in(Daemon *daemon, Timer *timer, uint64_t delay_usec)
{
    timer_set(timer, timers_boottime_usec(daemon_timers(daemon)) + delay_usec);
}

/* A burst leaves holes all over the heap, which else stay resident to the end. */
static void daemon_give_back_memory(void *userdata)
{
    Daemon *daemon = userdata;

    store_give_back_memory(daemon->service.store);
    http_client_give_back_memory(daemon->service.http);
    http_client_give_back_memory(daemon->queue_http);
    malloc_trim(0);
}

static void daemon_note_work(Daemon *daemon)
{
    if (!daemon->memory_timer.set) /* not put off by work that goes on without end */
        set_in(daemon, &daemon->memory_timer, MEMORY_USEC);
}

/* What changed goes to disk, and what that makes possible is done. */
static int daemon_commit(Daemon *daemon)
{
    int r = keeper_commit(&daemon->keeper);

    if (r <= 0)
        return r;
    settler_wake(daemon->settler);
    daemon_note_work(daemon);
    return 0;
}

static void daemon_shut_down(void *userdata)
{
    Daemon *daemon = userdata;
    unsigned n_jobs = registry_count_jobs(daemon->service.registry);
    unsigned n_returned = queue_set_count_jobs(daemon->service.queues);
    JournalEntry entry;

    if (daemon->shutting_down)
        return;
    daemon->shutting_down = true;
    guards_free(TAKE(daemon->guards));
    queue_set_shut_down(daemon->service.queues);
    (void)registry_finish(daemon->service.registry); /* in the turn that is saved next */
    set_in(daemon, &daemon->finish_timer, daemon->config->call_timeout_usec);
    notify_send("STOPPING=1");
    journal_begin(&entry, EVENT_STOPPING);
    if (n_returned == 0)
        journal_send(&entry, "Stopping: %u jobs go on with the next start", n_jobs);
    else
        journal_send(&entry,
                     "Stopping: %u jobs go on with the next start, %u go back to their queues",
                     n_jobs - n_returned, n_returned);
}

/* What is on the wire is waited for, what is answered is sent, then the loop ends. */
/* True: the next turn has more to do. */
static bool daemon_finish(Daemon *daemon)
{
    SessionRest rest = listener_finish(daemon->listener);
    RegistryRest jobs = registry_finish(daemon->service.registry);
    bool sends = outbox_finish(daemon->service.outbox);
    bool waits = jobs != REGISTRY_DONE || sends || daemon->giving_back || rest == SESSION_ANSWERING;

    if (waits && daemon->finish_timer.set) {
        daemon->flushing = false;
        return jobs == REGISTRY_GOES_ON;
    }
    if (!daemon->flushing) {
        daemon->flushing = true;
        set_in(daemon, &daemon->flush_timer, FLUSH_USEC);
    }
    if (rest == SESSION_DONE || !daemon->flush_timer.set)
        loop_stop(daemon->loop);
    return false;
}

static bool daemon_is_well(void *userdata)
{
    return store_is_well(((const Daemon *)userdata)->service.store);
}

static void daemon_work(Daemon *daemon, uint64_t usec)
{
    if (listener_work(daemon->listener, usec))
        daemon_note_work(daemon);
}

/* What clients ask for, as far as it goes within the time of a turn; what it changed, to disk; and
 * what became possible by that. */
static int daemon_turn(void *userdata)
{
    Daemon *daemon = userdata;
    Service *service = &daemon->service;
    /* First, so that whatever calls after a short reload finds it done. */
    bool busy = daemon_go_on_reloading(daemon, RELOAD_USEC), unsaved;
    int r;

    daemon_work(daemon, CALLS_USEC);
    if (daemon->shutting_down)
        daemon->giving_back = queue_set_finish(service->queues);
    r = daemon_commit(daemon);
    if (r < 0)
        return r;
    daemon_work(daemon, REPLIES_USEC);
    unsaved = target_set_review(service->targets, service->registry);
    status_update(&daemon->status);
    if (daemon->shutting_down && daemon_finish(daemon))
        busy = true;
    /* What a store that fails could not save waits for its next try. */
    if ((unsaved || registry_has_changes(service->registry)) && !service->store_failing)
        busy = true;
    return busy || listener_has_work(daemon->listener) ? LOOP_BUSY : 0;
}

int daemon_make_guards(Daemon *daemon, const Config *config, Guards **ret)
{
    GuardContext context = {
        .timers = daemon_timers(daemon),
        .random = &loop_random,
        .targets = daemon->service.targets,
        .registry = daemon->service.registry,
    };

    return guards_new(&context, config, ret);
}

void daemon_configure(Daemon *daemon)
{
    const Config *config = daemon->config;
    PollingRules polling = {
        .first_usec = config->polling_first_usec,
        .longest_usec = config->polling_longest_usec,
        .growth = config->polling_growth,
        .settle_usec = config->polling_settle_usec,
    };

    journal_set_level(config->log_level);
    http_client_set_max_connections(daemon->service.http, config->max_connections);
    http_client_set_max_connections(daemon->queue_http,
                                    config->max_connections + (unsigned)config->n_queues);
    registry_configure(daemon->service.registry, &polling, config->max_jobs);
    settler_configure(daemon->settler, config->polling_settle_usec);
    keeper_purge(&daemon->keeper);
}

static Target *find_target(const char *name, void *userdata)
{
    Daemon *daemon = userdata;

    return target_set_find(daemon->service.targets, name);
}

/* Before anything is written to AWS: see lease_book_end_due(). */
static void end_due(void *userdata)
{
    queue_set_end_due(((Daemon *)userdata)->service.queues);
}

static int daemon_open_outbox(Daemon *daemon)
{
    Service *service = &daemon->service;
    const OutboxContext context = {
        .timers = daemon_timers(daemon),
        .random = &loop_random,
        .http = daemon->queue_http,
        .base = loop_base(daemon->loop),
        .registry = service->registry,
        .store = service->store,
    };

    return outbox_new(&context, daemon->config, &service->outbox);
}

static int daemon_open_queues(Daemon *daemon)
{
    Service *service = &daemon->service;
    HttpClient *clients[] = {service->http, daemon->queue_http};
    const QueueSetContext context = {
        .timers = daemon_timers(daemon),
        .clock = &loop_clock,
        .random = &loop_random,
        .http = daemon->queue_http,
        .base = loop_base(daemon->loop),
        .registry = service->registry,
        .store = service->store,
        .outbox = service->outbox,
        .find_target = find_target,
        .userdata = daemon,
    };
    int r = queue_set_new(&context, daemon->config, &service->queues);

    for (size_t i = 0; r >= 0 && i < sizeof(clients) / sizeof(clients[0]); i++) {
        clients[i]->before_writing = end_due;
        clients[i]->userdata = daemon;
    }
    return r;
}

static int daemon_open(Daemon *daemon, char **ret_error)
{
    Service *service = &daemon->service;
    Timers *timers = daemon_timers(daemon);
    AwsContext targets = {
        .base = loop_base(daemon->loop), .timers = timers, .random = &loop_random};
    JobContext jobs = {.timers = timers, .random = &loop_random};
    int r;

    if (sha256_load() < 0)
        return explain(ret_error, -EIO, "OpenSSL has no SHA-256 or no HMAC to sign calls with");
    if ((r = operators_new(daemon->config, &service->operators, ret_error)) < 0 ||
        (r = store_open(daemon->config->state_directory, &loop_clock, &service->store, ret_error)) <
            0 ||
        (r = http_client_new(loop_base(daemon->loop), daemon->config->max_connections,
                             &service->http)) < 0 ||
        (r = http_client_new(loop_base(daemon->loop), daemon->config->max_connections,
                             &daemon->queue_http)) < 0)
        return r;
    service->timers = timers;
    targets.http = service->http;
    if ((r = quotas_new(timers, &daemon->quotas)) < 0)
        return r;
    targets.quotas = daemon->quotas;
    if ((r = target_set_new(&targets, daemon->config, &service->targets)) < 0 ||
        (r = registry_new(&jobs, service->store, &service->registry)) < 0 ||
        (r = settler_new(timers, service->registry, service->store, find_target, daemon,
                         &daemon->settler)) < 0 ||
        (r = daemon_open_outbox(daemon)) < 0 || (r = daemon_open_queues(daemon)) < 0)
        return r;
    daemon->keeper.retention.seen_usec = store_last_update_usec(service->store);
    daemon_configure(daemon);
    if ((r = registry_load(service->registry, find_target, daemon)) < 0 ||
        (r = queue_set_start(service->queues)) < 0 ||
        (r = daemon_make_guards(daemon, daemon->config, &daemon->guards)) < 0)
        return r;
    return listener_new(loop_base(daemon->loop), timers, service, &daemon->listener, ret_error);
}

int daemon_new(const char *config_path, Config *config, Daemon **ret, char **ret_error,
               JournalEvent *ret_event)
{
    CLEANUP(daemon_freep) Daemon *daemon = malloc(sizeof(*daemon));
    int r;

    *ret_event = EVENT_START_FAILED;
    if (!daemon) {
        config_free(config);
        return -ENOMEM;
    }
    *daemon = (Daemon){.config_path = config_path, .config = config};
    daemon->service.config = config;
    daemon->service.started_usec = time_now_realtime();
    r = loop_new(&daemon->loop);
    if (r < 0)
        return r;
    keeper_init(&daemon->keeper, &daemon->service, daemon_timers(daemon));
    status_init(&daemon->status, &daemon->service, daemon_timers(daemon));
    timer_init(&daemon->memory_timer, daemon_timers(daemon), daemon_give_back_memory, daemon);
    timer_init(&daemon->finish_timer, daemon_timers(daemon), wake, daemon);
    timer_init(&daemon->flush_timer, daemon_timers(daemon), wake, daemon);
    r = daemon_open(daemon, ret_error);
    if (r < 0) {
        *ret_event = daemon->service.store ? EVENT_START_FAILED : EVENT_STORE_FAILED;
        return r;
    }
    *ret = TAKE(daemon);
    return 0;
}

void daemon_free(Daemon *daemon)
{
    if (!daemon)
        return;
    listener_free(daemon->listener);
    daemon_free_reload(daemon);
    guards_free(daemon->guards);
    settler_free(daemon->settler);
    queue_set_free(daemon->service.queues);
    registry_free(daemon->service.registry);
    outbox_free(daemon->service.outbox);
    target_set_free(daemon->service.targets);
    quotas_free(daemon->quotas);
    http_client_free(daemon->service.http);
    http_client_free(daemon->queue_http);
    store_close(daemon->service.store);
    operators_free(daemon->service.operators);
    keeper_clear(&daemon->keeper);
    status_clear(&daemon->status);
    timer_clear(&daemon->memory_timer);
    timer_clear(&daemon->finish_timer);
    timer_clear(&daemon->flush_timer);
    loop_free(daemon->loop);
    config_free(daemon->config);
    free(daemon);
}

int daemon_run(Daemon *daemon)
{
    LoopHandler handler = {
        .is_well = daemon_is_well,
        .turn = daemon_turn,
        .reload = daemon_reload,
        .shut_down = daemon_shut_down,
        .userdata = daemon,
    };
    const char *metrics_error = listener_metrics_error(daemon->listener);
    const char *proxy_fault = http_client_proxy_fault(daemon->service.http);
    JournalEntry entry;

    journal_begin(&entry, EVENT_STARTED);
    journal_add(&entry, "TRAILSTOP_VERSION", "%s", PACKAGE_VERSION);
    journal_send(&entry, "Started: version %s, %zu targets, %u jobs to go on with%s%s%s%s",
                 PACKAGE_VERSION, target_set_size(daemon->service.targets),
                 registry_count_jobs(daemon->service.registry),
                 metrics_error ? "; no metrics for systemd-report: " : "",
                 metrics_error ? metrics_error : "", proxy_fault ? "; " : "",
                 proxy_fault ? proxy_fault : "");
    status_update(&daemon->status);
    notify_send("READY=1");
    return loop_run(daemon->loop, &handler);
}
