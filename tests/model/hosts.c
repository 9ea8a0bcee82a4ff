/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/time.h"
#include "tests/model/hosts-private.h"

/* By then every request is done with: what the last host that died held, an outage's longest wait,
 * and what the imports take. */
#define SETTLING_USEC (40 * USEC_PER_MINUTE)

/* In which the outcomes of the last ends arrive: an outage's longest wait, and more. */
#define TELLING_MINUTES 10U

/* Turns without the time going on: more of them, and it never will. */
#define TURNS_AT_ONCE_MAX 3000U

#define N_STARTS_MAX 8U
#define N_PAUSES_MAX 30U

static uint64_t host_boottime_usec(void *userdata)
{
    const Host *host = userdata;

    return host->hosts->model.now_usec + host->boot_usec;
}

static uint64_t host_realtime_usec(void *userdata)
{
    const Host *host = userdata;

    return model_true_time(&host->hosts->model) + (uint64_t)host->wall_usec;
}

static double host_uniform(void *userdata)
{
    Host *host = userdata;

    return dice_uniform(&host->dice);
}

static const char *host_directory(const Host *host, char *buffer, size_t size)
{
    snprintf(buffer, size, "%s/h%u-%u", host->hosts->directory, host->number, host->n_directories);
    return buffer;
}

static CoreRules host_rules(const Host *host)
{
    CoreRules rules = host->hosts->rules;

    rules.queue.there = !host->without_queue;
    return rules;
}

static void host_start(Host *host)
{
    const CoreWorld world = {&host->clock, &host->random, wire_http(host->wire)};
    const CoreRules rules = host_rules(host);
    char path[256];

    model_note(&host->hosts->model, "h%u starts", host->number);
    ledger_restarted(host);
    host->core = core_start(&world, &rules, host_directory(host, path, sizeof(path)));
}

/* Now and then until long after what it holds is over. */
static void draw_sleep(Host *host)
{
    Dice *dice = &host->hosts->model.dice;
    uint64_t longest_usec = host->hosts->rules.queue.visibility_usec;

    longest_usec = dice_chance(dice, 0.5) ? 3 * longest_usec : longest_usec / 2;
    host->asleep_until_usec = host->hosts->model.now_usec + dice_below(dice, longest_usec);
}

void host_kill(Host *host, const char *when)
{
    char path[256];

    model_note(&host->hosts->model, "h%u is killed%s", host->number, when);
    host->hosts->n_starts_left--;
    host->n_directories++;
    core_kill(host->core, host_directory(host, path, sizeof(path)));
    host->core = NULL;
    host->stopping = false;
    draw_sleep(host);
}

void host_stop(Host *host)
{
    model_note(&host->hosts->model, "h%u stops", host->number);
    host->hosts->n_starts_left--;
    ledger_stopping(host);
    host->stopping = true;
    host->stop_by_usec = host->hosts->model.now_usec + host->hosts->rules.call_timeout_usec;
    core_shut_down(host->core);
}

void host_pause(Host *host)
{
    draw_sleep(host);
    host->paused = true;
    model_note(&host->hosts->model, "h%u stands still", host->number);
}

/* What it held for a queue that is not named any more goes to other hosts at once. */
void host_reload(Host *host, bool without_queue)
{
    CoreRules rules;

    model_note(&host->hosts->model, "h%u is reloaded with%s the queue", host->number,
               without_queue ? "out" : "");
    ledger_stopping(host);
    host->without_queue = without_queue;
    host->received_usec = 0;
    host->drops_outcomes |= without_queue;
    if (without_queue)
        host->give_back_by_usec =
            host->hosts->model.now_usec + 2 * host->hosts->rules.call_timeout_usec;
    rules = host_rules(host);
    core_reload(host->core, &rules);
}

static void check_given_back(Host *host)
{
    if (host->give_back_by_usec == 0 || host->hosts->model.now_usec < host->give_back_by_usec)
        return;
    host->give_back_by_usec = 0;
    if (host->without_queue)
        ledger_stopped(host);
}

static void host_stopped(Host *host)
{
    model_note(&host->hosts->model, "h%u has stopped", host->number);
    if (host->hosts->model.now_usec < host->stop_by_usec)
        ledger_stopped(host);
    core_stop(host->core);
    host->core = NULL;
    host->stopping = false;
    draw_sleep(host);
}

static bool draw_kill(Host *host)
{
    return host->hosts->n_starts_left > 0 &&
           dice_chance(&host->hosts->model.dice, host->hosts->kills);
}

static bool draw_pause(Host *host)
{
    Hosts *hosts = host->hosts;

    if (hosts->n_pauses_left == 0 || !dice_chance(&hosts->model.dice, hosts->pauses))
        return false;
    hosts->n_pauses_left--;
    return true;
}

/* ---- turns, as loop.c and daemon.c have them ---- */

static void host_work(Host *host)
{
    Model *model = &host->hosts->model;
    bool changed, waits = true;

    wire_send(host->wire);
    wire_deliver(host->wire);
    timers_run(core_timers(host->core));
    if (draw_kill(host)) {
        host_kill(host, " before the commit");
        return;
    }
    if (host->stopping)
        waits = core_finish(host->core) && model->now_usec < host->stop_by_usec;
    model_hold(model, registry_commit(core_registry(host->core), &changed) == 0,
               "h%u cannot commit", host->number);
    if (draw_kill(host))
        host_kill(host, " after the commit");
    else if (draw_pause(host))
        host_pause(host);
    else if (!waits)
        host_stopped(host);
}

static void host_turn(Host *host)
{
    bool awake = host->asleep_until_usec <= host->hosts->model.now_usec;

    if (host->core && host->paused) {
        host->paused = !awake;
        wire_serve(host->wire); /* the queue does not know */
    }
    if (!host->core && awake)
        host_start(host);
    if (host->core && !host->paused)
        host_work(host);
    check_given_back(host);
}

static uint64_t host_next_usec(const Host *host)
{
    uint64_t timer_usec, wire_usec;

    if (!host->core || host->paused)
        return host->asleep_until_usec;
    if (core_is_busy(host->core))
        return host->hosts->model.now_usec;
    timer_usec = timers_next_usec(core_timers(host->core));
    if (timer_usec != TIMER_NEVER)
        timer_usec -= host->boot_usec;
    wire_usec = wire_next_usec(host->wire);
    if (host->stopping && host->stop_by_usec < wire_usec)
        wire_usec = host->stop_by_usec;
    return timer_usec < wire_usec ? timer_usec : wire_usec;
}

static uint64_t next_usec(const Hosts *hosts)
{
    uint64_t next_usec = TIMER_NEVER;

    for (unsigned i = 0; i < hosts->n_hosts; i++) {
        uint64_t usec = host_next_usec(&hosts->hosts[i]);

        if (usec < next_usec)
            next_usec = usec;
    }
    return next_usec;
}

/* Which host is the first one is a matter of luck. */
static void turn(Hosts *hosts, uint64_t until_usec)
{
    Model *model = &hosts->model;
    unsigned first = (unsigned)dice_below(&model->dice, hosts->n_hosts);

    hosts->turns_at_once = until_usec > model->now_usec ? 0 : hosts->turns_at_once + 1;
    model_hold(model, hosts->turns_at_once < TURNS_AT_ONCE_MAX, "a loop spins");
    if (until_usec > model->now_usec)
        model->now_usec = until_usec;
    for (unsigned i = 0; i < hosts->n_hosts; i++)
        host_turn(&hosts->hosts[(first + i) % hosts->n_hosts]);
}

/* ---- a history ---- */

static void draw_rules(Hosts *hosts)
{
    Dice *dice = &hosts->model.dice;
    CoreRules *rules = &hosts->rules;

    rules->n_targets = (unsigned)dice_between(dice, 1, N_TARGETS_MAX);
    for (unsigned i = 0; i < rules->n_targets; i++) {
        rules->stop_rates[i] = dice_chance(dice, 0.5) ? 1 : 1000;
        rules->read_rates[i] = 10;
        account_init(&hosts->accounts[i], &hosts->model, i);
    }
    rules->polling.first_usec = USEC_PER_SEC;
    rules->polling.longest_usec = 30 * USEC_PER_SEC;
    rules->polling.growth = 1.5;
    rules->call_timeout_usec = dice_between(dice, 2 * USEC_PER_SEC, 30 * USEC_PER_SEC);
    rules->max_attempts = (unsigned)dice_between(dice, 1, 4);
    rules->max_jobs = dice_chance(dice, 0.2) ? 2 : 1000;
    rules->queue = (QueueRules){
        .there = true,
        .visibility_usec = dice_between(dice, 30, 120) * USEC_PER_SEC,
        .wait_usec = dice_below(dice, 21) * USEC_PER_SEC,
        .max_jobs = dice_chance(dice, 0.2) ? 1 : 1000,
        .outcome = dice_chance(dice, 0.7),
        .notify = dice_chance(dice, 0.7),
    };
}

static void draw_hosts(Hosts *hosts)
{
    Dice *dice = &hosts->model.dice;

    hosts->n_hosts = (unsigned)dice_between(dice, 2, N_HOSTS_MAX);
    for (unsigned i = 0; i < hosts->n_hosts; i++) {
        Host *host = &hosts->hosts[i];
        WireObserver observer = ledger_observer(host);

        *host = (Host){
            .hosts = hosts,
            .number = i,
            .boot_usec = dice_below(dice, USEC_PER_DAY),
            .wall_usec = (int64_t)dice_below(dice, 2 * USEC_PER_DAY) - (int64_t)USEC_PER_DAY,
            .clock = {host_boottime_usec, host_realtime_usec, host},
            .dice = {dice_below(dice, UINT64_MAX)},
            .random = {host_uniform, host},
        };
        if (dice_chance(dice, 0.5))
            host->wall_usec = 0;
        host->wire = wire_new(&hosts->model, hosts->accounts, &hosts->queue, i, &observer);
        host_start(host);
    }
}

static void run_events(Hosts *hosts)
{
    uint64_t end_usec = hosts->model.now_usec +
                        dice_between(&hosts->model.dice, 2 * USEC_PER_MINUTE, 10 * USEC_PER_MINUTE);

    while (hosts->model.now_usec < end_usec) {
        uint64_t until_usec = next_usec(hosts);

        turn(hosts, until_usec < hosts->next_event_usec ? until_usec : hosts->next_event_usec);
        if (hosts->next_event_usec <= hosts->model.now_usec)
            hosts_happen(hosts);
    }
}

static void run_until(Hosts *hosts, uint64_t end_usec, bool done_is_enough)
{
    Model *model = &hosts->model;

    while (model->now_usec < end_usec && !(done_is_enough && ledger_count_open(hosts) == 0)) {
        uint64_t until_usec = next_usec(hosts);

        turn(hosts, until_usec < end_usec ? until_usec : end_usec);
    }
}

static void quieten(Host *host)
{
    if (!host->stopping)
        host->asleep_until_usec = host->hosts->model.now_usec;
    if (host->without_queue && host->core)
        host_reload(host, false);
}

static void settle(Hosts *hosts)
{
    Model *model = &hosts->model;

    model_note(model, "quiet from here on");
    hosts->kills = hosts->pauses = 0;
    hosts->queue.weather = WEATHER_FINE;
    hosts->queue.once_more = 0;
    for (unsigned i = 0; i < hosts->rules.n_targets; i++)
        hosts->accounts[i].weather = WEATHER_FINE;
    for (unsigned i = 0; i < hosts->n_hosts; i++)
        quieten(&hosts->hosts[i]);
    run_until(hosts, model->now_usec + SETTLING_USEC, true);
    model_hold(model, ledger_count_open(hosts) == 0, "a request is lost, or stuck");
    for (unsigned i = 0; i < TELLING_MINUTES && ledger_count_missing(hosts) > 0; i++)
        run_until(hosts, model->now_usec + USEC_PER_MINUTE, false);
    model_hold(model, ledger_count_missing(hosts) == 0, "somebody is never told");
}

void hosts_run(HostsKind kind, uint64_t seed, const char *directory)
{
    Hosts hosts = {.kind = kind,
                   .directory = directory,
                   .n_starts_left = N_STARTS_MAX,
                   .n_pauses_left = N_PAUSES_MAX};

    setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1); /* a history before may have taken it away */
    model_init(&hosts.model, seed);
    draw_rules(&hosts);
    if (kind == HOSTS_PAUSES)
        hosts.pauses = dice_chance(&hosts.model.dice, 0.5) ? 0.02 : 0.002;
    if (kind == HOSTS_KILLS)
        hosts.kills = dice_chance(&hosts.model.dice, 0.5) ? 0.02 : 0;
    hosts.next_event_usec = hosts.model.now_usec;
    draw_hosts(&hosts);
    run_events(&hosts);
    settle(&hosts);
    ledger_finished(&hosts);
    for (unsigned i = 0; i < hosts.n_hosts; i++) {
        core_stop(hosts.hosts[i].core);
        wire_free(hosts.hosts[i].wire);
    }
    model_clear(&hosts.model);
}
