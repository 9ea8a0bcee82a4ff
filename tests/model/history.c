/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/history.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/time.h"
#include "tests/model/expected.h"

/* By then every job has ended that can: the longest wait of an outage, once more for the job that
 * began it, and what the imports and the queues take. */
#define SETTLING_USEC (30 * USEC_PER_MINUTE)

/* Turns without the time going on: more of them, and it never will. */
#define TURNS_AT_ONCE_MAX 1000U

#define N_RESTARTS_MAX 8U

typedef struct History {
    Model model;
    HistoryKind kind;
    const char *directory;
    unsigned n_directories;
    CoreRules rules;
    ScriptedAccount accounts[N_TARGETS_MAX];
    Expected *expected;
    Wire *wire;
    Core *core;
    uint64_t next_event_usec;
    double kills, stops;      /* how probable in each turn */
    unsigned n_restarts_left; /* each opens a store, which takes longer than all the rest */
    unsigned turns_at_once;
    bool settling;
} History;

static void set_credentials(History *history, bool there)
{
    if (there)
        setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    else
        unsetenv("AWS_ACCESS_KEY_ID");
    expected_set_credentials(history->expected, there);
}

static void draw_rates(History *history)
{
    static const double stop_rates[] = {0.2, 1, 1, 3, 1000};
    static const double read_rates[] = {0.5, 3, 10, 10, 1000};

    for (unsigned i = 0; i < history->rules.n_targets; i++) {
        history->rules.stop_rates[i] = stop_rates[dice_below(&history->model.dice, 5)];
        history->rules.read_rates[i] = read_rates[dice_below(&history->model.dice, 5)];
    }
}

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
    draw_rates(history);
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
        account_init(&history->accounts[i], &history->model);
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
    char path[256];

    history->core = core_start(&history->model, wire_http(history->wire), &history->rules,
                               core_directory(history, path, sizeof(path)));
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
    core_kill(history->core, core_directory(history, path, sizeof(path)));
    start(history);
}

/* ---- what happens to the daemon ---- */

static void request(History *history)
{
    static const uint64_t timeouts_usec[] = {
        0, 0, USEC_PER_SEC, 10 * USEC_PER_SEC, 2 * USEC_PER_MINUTE, USEC_PER_HOUR};
    Dice *dice = &history->model.dice;
    unsigned target = (unsigned)dice_below(dice, history->rules.n_targets);
    unsigned import = (unsigned)dice_below(dice, N_IMPORTS);
    JobRequest wanted = {
        .target = core_target(history->core, target),
        .key = {.import_id = history->accounts[target].imports[import].id},
        .timeout_usec = timeouts_usec[dice_below(dice, 6)],
    };
    char id[JOB_ID_SIZE];
    int r = registry_request(core_registry(history->core), &wanted, id);

    model_note(&history->model, "t%u i%u: requested, %s", target, import, r == 0 ? id : "no room");
    model_hold(&history->model, r == 0 || r == -EDQUOT, "cannot request: %d", r);
    if (r < 0)
        expected_no_room(history->expected);
    else
        expected_request(history->expected, target, import, wanted.timeout_usec, id);
}

static void cancel(History *history)
{
    const ExpectedJob *expected = expected_any(history->expected);
    Job *job = expected ? registry_find(core_registry(history->core), expected->id) : NULL;

    if (!job)
        return;
    model_note(&history->model, "job %s cancelled", expected->id);
    expected_cancel(history->expected, expected->id);
    job_cancel(job, &job->record.requester);
}

static void jump(History *history)
{
    Model *model = &history->model;

    if (!model->clock_jumps)
        return;
    model->wall_usec = dice_chance(&model->dice, 0.3)
                           ? 0
                           : (int64_t)dice_below(&model->dice, 2 * 365 * USEC_PER_DAY) -
                                 (int64_t)(365 * USEC_PER_DAY);
    model_note(model, "the wall clock jumps: %lld us", (long long)model->wall_usec);
}

static void reload(History *history)
{
    model_note(&history->model, "reloaded");
    draw_rates(history);
    core_reload(history->core, &history->rules);
    expected_reload(history->expected, &history->rules);
}

/* As when a client asks for an import without a job. */
static void answer_elsewhere(History *history)
{
    unsigned target = (unsigned)dice_below(&history->model.dice, history->rules.n_targets);

    model_note(&history->model, "t%u: answers somebody else", target);
    expected_answers_elsewhere(history->expected, target);
    outage_end(core_target(history->core, target)->outage);
    expected_answered_elsewhere(history->expected, target);
}

static void change_weather(History *history)
{
    Dice *dice = &history->model.dice;
    unsigned target = (unsigned)dice_below(dice, history->rules.n_targets);
    Weather weather = dice_below(dice, N_WEATHERS);

    if (history->kind == HISTORY_CALM)
        return;
    model_note(&history->model, "t%u: weather %d", target, weather);
    history->accounts[target].weather = weather;
    wire_set_scarce(history->wire, dice_chance(dice, 0.2) ? 0.1 : 0);
    set_credentials(history, dice_chance(dice, 0.9));
}

/* Now and then in the very turn in which an answer comes. */
static uint64_t draw_next_event(History *history)
{
    Dice *dice = &history->model.dice;
    uint64_t answer_usec = wire_next_usec(history->wire);

    if (dice_chance(dice, 0.3))
        return history->model.now_usec;
    if (dice_chance(dice, 0.3) && answer_usec != TIMER_NEVER)
        return answer_usec;
    return history->model.now_usec + dice_below(dice, 40 * USEC_PER_SEC);
}

static void happen(History *history)
{
    Dice *dice = &history->model.dice;
    uint64_t what = dice_below(dice, 103);

    if (what < 50)
        request(history);
    else if (what < 58)
        cancel(history);
    else if (what < 85)
        change_weather(history);
    else if (what < 90)
        jump(history);
    else if (what < 95)
        account_restart_import(&history->accounts[dice_below(dice, history->rules.n_targets)],
                               &history->model, (unsigned)dice_below(dice, N_IMPORTS));
    else if (what < 100)
        reload(history);
    else
        answer_elsewhere(history);
    history->next_event_usec = draw_next_event(history);
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
        happen(history);
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
    Registry *registry = core_registry(history->core);

    model_note(&history->model, "stopping");
    wire_set_stopping(history->wire, true);
    while (registry_finish(registry) > 0) {
        advance(history, next_usec(history));
        turn(history, false);
    }
    model_hold(&history->model, wire_next_usec(history->wire) == TIMER_NEVER,
               "a call is still under way");
    commit(history);
    wire_set_stopping(history->wire, false);
    core_stop(history->core);
    start(history);
}

static void run_events(History *history)
{
    uint64_t end_usec = history->model.now_usec +
                        dice_between(&history->model.dice, USEC_PER_MINUTE, 5 * USEC_PER_MINUTE);

    while (history->model.now_usec < end_usec) {
        uint64_t until_usec = next_usec(history);

        advance(history,
                until_usec < history->next_event_usec ? until_usec : history->next_event_usec);
        turn(history, true);
        if (draw_restart(history, history->stops))
            stop_and_start(history);
    }
}

static void settle(History *history)
{
    Model *model = &history->model;
    uint64_t end_usec = model->now_usec + SETTLING_USEC;

    model_note(model, "quiet from here on");
    history->kills = 0;
    model->wall_usec = 0;
    wire_set_scarce(history->wire, 0);
    set_credentials(history, true);
    for (unsigned i = 0; i < history->rules.n_targets; i++)
        account_settle(&history->accounts[i], model);
    while (expected_any(history->expected)) {
        const ExpectedJob *job = expected_any(history->expected);
        uint64_t until_usec = next_usec(history);

        model_hold(model, until_usec <= end_usec, "job %s is stuck", job->id);
        advance(history, until_usec);
        turn(history, false);
    }
}

void history_run(HistoryKind kind, uint64_t seed, const char *directory)
{
    History history = {.kind = kind, .directory = directory};
    WireObserver observer;

    model_init(&history.model, seed);
    draw_history(&history);
    history.expected = expected_new(&history.model, &history.rules);
    observer = expected_observer(history.expected);
    history.wire = wire_new(&history.model, history.accounts, &observer);
    set_credentials(&history, true);
    history.next_event_usec = history.model.now_usec;
    start(&history);
    run_events(&history);
    settle(&history);
    expected_finished(history.expected, history.core);
    core_stop(history.core);
    wire_free(history.wire);
    expected_free(history.expected);
    model_clear(&history.model);
}
