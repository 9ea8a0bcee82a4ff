/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/history-private.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/time.h"

/* At the most, so that what is said of credentials is never a "no": see MEANS_EXPIRED. */
#define EVENTS_USEC (270 * USEC_PER_SEC)

/* By then every job has ended that can: the longest wait of an outage, once more for the job that
 * began it, and what the imports and the queues take. */
#define SETTLING_USEC (30 * USEC_PER_MINUTE)

/* In which each guard looks twice at least, however slowly its target may be read. */
#define LOOKING_USEC (10 * USEC_PER_MINUTE)

#define N_RESTARTS_MAX 8U

/* Turns without the time going on: more of them, and it never will. */
#define TURNS_AT_ONCE_MAX 1000U

static void draw_rules(History *history)
{
    Dice *dice = &history->model.dice;
    CoreRules *rules = &history->rules;

    rules->n_targets = (unsigned)dice_between(dice, 1, N_TARGETS_MAX);
    rules->polling.first_usec = dice_between(dice, USEC_PER_SEC / 2, 5 * USEC_PER_SEC);
    rules->polling.longest_usec = rules->polling.first_usec + dice_below(dice, 2 * USEC_PER_MINUTE);
    rules->polling.growth = 1 + 2 * dice_uniform(dice);
    rules->call_timeout_usec = dice_between(dice, 2 * USEC_PER_SEC, 30 * USEC_PER_SEC);
    rules->max_attempts = (unsigned)dice_between(dice, 1, 4);
    rules->max_jobs = dice_chance(dice, 0.1) ? 2 : 1000;
    history_draw_rates(history);
}

static void draw_guards(History *history)
{
    Dice *dice = &history->model.dice;
    CoreRules *rules = &history->rules;
    unsigned first = (unsigned)dice_below(dice, N_IMPORT_SERVICES);

    rules->n_guards = (unsigned)dice_below(dice, N_GUARDS_MAX + 1);
    rules->guard_timeout_usec = dice_chance(dice, 0.5) ? 2 * USEC_PER_MINUTE : 0;
    for (unsigned i = 0; i < rules->n_guards; i++)
        rules->guards[i] = (GuardRules){
            .service = (first + i) % N_IMPORT_SERVICES,
            .target = (unsigned)(dice_chance(dice, 0.5) ? dice_below(dice, rules->n_targets)
                                                        : N_TARGETS_MAX),
            .every_usec = USEC_PER_MINUTE + dice_below(dice, USEC_PER_MINUTE),
            .at_least = 1 + dice_below(dice, 100),
            .stops = dice_chance(dice, 0.5),
        };
}

static void draw_history(History *history)
{
    Dice *dice = &history->model.dice;

    if (dice_chance(dice, 0.4))
        history->model.constant = dice_chance(dice, 0.5) ? 0.25 : 1 - 0x1p-53;
    history->model.clock_jumps = dice_chance(dice, 0.3);
    history->n_restarts_left = (unsigned)dice_between(dice, 1, N_RESTARTS_MAX);
    draw_rules(history);
    for (unsigned i = 0; i < history->rules.n_targets; i++)
        account_init(&history->accounts[i], &history->model, i);
    draw_guards(history);
    if (history->kind == HISTORY_KILLS)
        history->kills = dice_chance(dice, 0.5) ? 0.1 : 0.01;
    if (history->kind == HISTORY_RESTARTS)
        history->stops = dice_chance(dice, 0.5) ? 0.1 : 0.01;
}

static const char *core_directory(const History *history, char *buffer, size_t size)
{
    snprintf(buffer, size, "%s/%u", history->directory, history->n_directories);
    return buffer;
}

static void start(History *history)
{
    const CoreWorld world = {&history->model.clock, &history->model.random,
                             wire_http(history->wire)};
    char path[256];

    history->core =
        core_start(&world, &history->rules, core_directory(history, path, sizeof(path)));
    expected_restarted(history->expected, history->core);
}

/* Whether now is the moment for a restart. */
static bool draw_restart(History *history, double probability)
{
    if (history->n_restarts_left == 0 || !dice_chance(&history->model.dice, probability))
        return false;
    history->n_restarts_left--;
    return true;
}

static void kill_core(History *history, const char *when)
{
    char path[256];

    model_note(&history->model, "killed %s", when);
    history->n_directories++;
    history_drop_restarts(history);
    core_kill(history->core, core_directory(history, path, sizeof(path)));
    start(history);
}

/* ---- turns, as loop.c and daemon.c have them ---- */

static void commit(History *history)
{
    bool changed;

    model_hold(&history->model, registry_commit(core_registry(history->core), &changed) == 0,
               "cannot commit");
    expected_committed(history->expected, history->core);
}

static void turn(History *history, bool events)
{
    wire_send(history->wire);
    wire_deliver(history->wire);
    if (events && history->next_event_usec <= history->model.now_usec)
        history_happen(history);
    timers_run(core_timers(history->core));
    expected_timers_ran(history->expected);
    if (draw_restart(history, history->kills)) {
        kill_core(history, "before the commit");
        return;
    }
    commit(history);
    if (draw_restart(history, history->kills))
        kill_core(history, "after the commit");
}

static uint64_t next_usec(const History *history)
{
    uint64_t timer_usec = timers_next_usec(core_timers(history->core));
    uint64_t wire_usec = wire_next_usec(history->wire);

    return timer_usec < wire_usec ? timer_usec : wire_usec;
}

static void advance(History *history, uint64_t until_usec)
{
    Model *model = &history->model;

    history->turns_at_once = until_usec > model->now_usec ? 0 : history->turns_at_once + 1;
    model_hold(model, history->turns_at_once < TURNS_AT_ONCE_MAX, "the loop spins");
    if (until_usec > model->now_usec)
        model->now_usec = until_usec;
}

/* SIGTERM: what is on the wire is waited for. */
static void stop_and_start(History *history)
{
    model_note(&history->model, "stopping");
    wire_set_stopping(history->wire, true);
    expected_stopping(history->expected, true);
    history_drop_restarts(history);
    core_shut_down(history->core);
    while (core_finish(history->core)) {
        advance(history,
                core_is_busy(history->core) ? history->model.now_usec : next_usec(history));
        turn(history, false);
    }
    model_hold(&history->model, wire_next_usec(history->wire) == TIMER_NEVER,
               "a call is still under way");
    commit(history);
    wire_set_stopping(history->wire, false);
    expected_stopping(history->expected, false);
    core_stop(history->core);
    start(history);
}

static void run_events(History *history)
{
    uint64_t end_usec =
        history->model.now_usec + dice_between(&history->model.dice, USEC_PER_MINUTE, EVENTS_USEC);

    while (history->model.now_usec < end_usec) {
        uint64_t until_usec = next_usec(history);

        advance(history,
                until_usec < history->next_event_usec ? until_usec : history->next_event_usec);
        turn(history, true);
        if (draw_restart(history, history->stops))
            stop_and_start(history);
    }
}

static void quieten(History *history)
{
    model_note(&history->model, "quiet from here on");
    history->kills = 0;
    history->model.wall_usec = 0;
    wire_set_scarce(history->wire, 0);
    history_set_credentials(history, true);
    for (unsigned i = 0; i < history->rules.n_targets; i++)
        account_settle(&history->accounts[i], &history->model);
}

/* Every job ends, and whoever asked for a restart is told how it went. */
static void settle(History *history)
{
    Model *model = &history->model;
    uint64_t end_usec = model->now_usec + SETTLING_USEC;

    while (expected_any(history->expected) || history->restarts) {
        const ExpectedJob *job = expected_any(history->expected);
        uint64_t until_usec = next_usec(history);

        model_hold(model, until_usec <= end_usec, "%s %s is stuck", job ? "job" : "a restart",
                   job ? job->id : "");
        advance(history, until_usec);
        turn(history, false);
    }
}

/* Each guard goes on looking, and knows no import that has ended. */
static void watch_guards(History *history)
{
    unsigned n_guards = history->rules.n_guards, n_targets = history->rules.n_targets;
    unsigned before[N_GUARDS_MAX][N_TARGETS_MAX];
    uint64_t end_usec = history->model.now_usec + LOOKING_USEC;

    if (n_guards == 0)
        return;
    for (unsigned i = 0; i < n_guards; i++)
        for (unsigned j = 0; j < n_targets; j++)
            before[i][j] = expected_count_looks(history->expected, i, j);
    while (history->model.now_usec < end_usec) {
        uint64_t until_usec = next_usec(history);

        advance(history, until_usec < end_usec ? until_usec : end_usec);
        turn(history, false);
    }
    for (unsigned i = 0; i < n_guards; i++)
        for (unsigned j = 0; j < n_targets; j++) {
            if (before[i][j] == UINT_MAX)
                continue;
            model_hold(&history->model,
                       expected_count_looks(history->expected, i, j) >= before[i][j] + 2,
                       "guard %u looks no more at target %u", i, j);
            model_hold(&history->model, expected_count_known(history->expected, i, j) == 0,
                       "guard %u goes on knowing imports of target %u that ended", i, j);
        }
    core_stop_guards(history->core);
    settle(history);
}

void history_run(HistoryKind kind, uint64_t seed, const char *directory)
{
    History history = {.kind = kind, .directory = directory};
    WireObserver observer;

    model_init(&history.model, seed);
    draw_history(&history);
    history.expected = expected_new(&history.model, &history.rules, history.accounts);
    observer = expected_observer(history.expected);
    history.wire = wire_new(&history.model, history.accounts, NULL, 0, &observer);
    history_set_credentials(&history, true);
    history.next_event_usec = history.model.now_usec;
    start(&history);
    run_events(&history);
    quieten(&history);
    settle(&history);
    watch_guards(&history);
    expected_finished(history.expected, history.core);
    history_drop_restarts(&history);
    core_stop(history.core);
    wire_free(history.wire);
    expected_free(history.expected);
    model_clear(&history.model);
}
