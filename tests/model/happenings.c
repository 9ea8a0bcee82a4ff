/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/jobs/restart.h"
#include "tests/model/history-private.h"

void history_set_credentials(History *history, bool there)
{
    if (there)
        setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE", 1);
    else
        unsetenv("AWS_ACCESS_KEY_ID");
    expected_set_credentials(history->expected, there);
}

void history_draw_rates(History *history)
{
    static const double stop_rates[] = {0.2, 1, 1, 3, 1000};
    static const double read_rates[] = {0.5, 3, 10, 10, 1000};

    for (unsigned i = 0; i < history->rules.n_targets; i++) {
        history->rules.stop_rates[i] = stop_rates[dice_below(&history->model.dice, 5)];
        history->rules.read_rates[i] = read_rates[dice_below(&history->model.dice, 5)];
    }
}

/* Often one that is followed already. */
static void draw_import(History *history, unsigned *ret_target, unsigned *ret_import)
{
    Dice *dice = &history->model.dice;
    const ExpectedJob *job = dice_chance(dice, 0.3) ? expected_any(history->expected) : NULL;

    *ret_target = job ? job->target : (unsigned)dice_below(dice, history->rules.n_targets);
    *ret_import = job ? job->import : (unsigned)dice_below(dice, N_IMPORTS);
}

static void request(History *history)
{
    static const uint64_t timeouts_usec[] = {
        0, 0, USEC_PER_SEC, 10 * USEC_PER_SEC, 2 * USEC_PER_MINUTE, USEC_PER_HOUR};
    Dice *dice = &history->model.dice;
    unsigned target, import;
    JobRequest wanted = {.timeout_usec = timeouts_usec[dice_below(dice, 6)]};
    char id[JOB_ID_SIZE];
    int r;

    draw_import(history, &target, &import);
    wanted.target = core_target(history->core, target);
    wanted.key = (JobKey){.kind = dice_chance(dice, 0.3) ? JOB_WAIT : JOB_STOP,
                          .service = account_service(import),
                          .import_id = history->accounts[target].imports[import].id};
    r = registry_request(core_registry(history->core), &wanted, id);
    model_note(&history->model, "t%u i%u: %s requested, %s", target, import,
               job_kind_name(wanted.key.kind), r == 0 ? id : "no room");
    model_hold(&history->model, r == 0 || r == -EDQUOT, "cannot request: %d", r);
    if (r < 0)
        expected_no_room(history->expected);
    else
        expected_request(history->expected, target, import, wanted.key.kind, wanted.timeout_usec,
                         id);
}

/* ---- imports that somebody starts once more ---- */

typedef struct ImportRestart {
    struct ImportRestart *next;
    History *history;
    unsigned target, import;
    Restart *restart;
} ImportRestart;

static void on_restarted(json_object *import, const CallError *error, void *userdata)
{
    ImportRestart *restart = userdata, **link = &restart->history->restarts;

    model_note(&restart->history->model, "t%u i%u: %s", restart->target, restart->import,
               import ? "restarted" : error->code);
    expected_import_restarted(restart->history->expected, restart->target, restart->import,
                              import != NULL);
    while (*link != restart)
        link = &(*link)->next;
    *link = restart->next;
    restart_free(restart->restart);
    free(restart);
}

static bool is_restarting(const History *history, unsigned target, unsigned import)
{
    for (const ImportRestart *restart = history->restarts; restart; restart = restart->next)
        if (restart->target == target && restart->import == import)
            return true;
    return false;
}

static void restart_import(History *history)
{
    unsigned target = (unsigned)dice_below(&history->model.dice, history->rules.n_targets);
    unsigned import = (unsigned)dice_below(&history->model.dice, N_IMPORTS);
    RestartRequest request = {
        .target = core_target(history->core, target),
        .service = account_service(import),
        .import_id = history->accounts[target].imports[import].id,
    };
    ImportRestart *restart;

    if (request.service != SERVICE_CLOUDTRAIL || is_restarting(history, target, import) ||
        expected_is_guarded(history->expected, target, request.service))
        return;
    restart = malloc(sizeof(*restart));
    assert_non_null(restart);
    *restart = (ImportRestart){
        .next = history->restarts, .history = history, .target = target, .import = import};
    model_note(&history->model, "t%u i%u: restart requested", target, import);
    expected_restart_import(history->expected, target, import);
    assert_int_equal(restart_new(&request, on_restarted, restart, &restart->restart), 0);
    history->restarts = restart;
}

void history_drop_restarts(History *history)
{
    ImportRestart *restart;

    while ((restart = history->restarts)) {
        history->restarts = restart->next;
        restart_free(restart->restart);
        free(restart);
    }
}

/* ---- all that may happen ---- */

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
    history_draw_rates(history);
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
    history_set_credentials(history, dice_chance(dice, 0.9));
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

void history_happen(History *history)
{
    Dice *dice = &history->model.dice;
    uint64_t what = dice_below(dice, 110);

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
    else if (what < 107)
        restart_import(history);
    else
        answer_elsewhere(history);
    history->next_event_usec = draw_next_event(history);
}
