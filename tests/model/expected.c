/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/expected-private.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

ExpectedJob *expected_find_active(Expected *expected, unsigned target, unsigned import,
                                  JobKind kind)
{
    for (size_t i = 0; i < expected->n_jobs; i++) {
        ExpectedJob *job = &expected->jobs[i];

        if (job->target == target && job->import == import && job->kind == kind &&
            !expected_job_is_final(job))
            return job;
    }
    return NULL;
}

/* Those that ended in this turn still count. */
static unsigned count_in_registry(const Expected *expected)
{
    unsigned n = 0;

    for (size_t i = 0; i < expected->n_jobs; i++)
        n += !expected->jobs[i].checked;
    return n;
}

bool expected_has_room(const Expected *expected)
{
    return count_in_registry(expected) < expected->rules.max_jobs;
}

void expected_forget_waits(Expected *expected, unsigned target)
{
    for (size_t i = 0; i < expected->n_jobs; i++) {
        if (expected->jobs[i].target != target)
            continue;
        expected->jobs[i].poll_until_usec = UINT64_MAX;
        expected_job_forget_waits(&expected->jobs[i]);
    }
}

static void set_rules(Expected *expected, const CoreRules *rules)
{
    expected->rules = *rules;
    for (unsigned i = 0; i < rules->n_targets; i++)
        expected_target_set_rates(&expected->targets[i], rules->stop_rates[i],
                                  rules->read_rates[i]);
}

static void begin_guards(Expected *expected, bool keep)
{
    for (unsigned i = 0; i < expected->rules.n_guards; i++)
        expected_guard_begin(&expected->guards[i], expected->model, i, &expected->rules.guards[i],
                             keep);
}

Expected *expected_new(Model *model, const CoreRules *rules, const ScriptedAccount *accounts)
{
    Expected *expected = calloc(1, sizeof(*expected));

    assert_non_null(expected);
    expected->model = model;
    expected->accounts = accounts;
    expected->credentials_there = true;
    for (unsigned i = 0; i < rules->n_targets; i++) {
        expected->targets[i].model = model;
        expected->targets[i].name = core_target_name(i, expected->names[i]);
    }
    set_rules(expected, rules);
    journal_events_to(expected_on_journal, expected);
    return expected;
}

void expected_free(Expected *expected)
{
    journal_events_to(NULL, NULL);
    free(expected);
}

void expected_reload(Expected *expected, const CoreRules *rules)
{
    set_rules(expected, rules);
    for (unsigned i = 0; i < rules->n_targets; i++) {
        expected_target_reloaded(&expected->targets[i]);
        expected_forget_waits(expected, i);
    }
    begin_guards(expected, true);
}

void expected_answers_elsewhere(Expected *expected, unsigned target)
{
    expected->targets[target].answered = true;
}

void expected_answered_elsewhere(Expected *expected, unsigned target)
{
    expected_target_answered(&expected->targets[target], true);
}

void expected_set_credentials(Expected *expected, bool there)
{
    expected->credentials_there = there;
}

static unsigned count_active(const Expected *expected)
{
    unsigned n = 0;

    for (size_t i = 0; i < expected->n_jobs; i++)
        n += !expected_job_is_final(&expected->jobs[i]);
    return n;
}

void expected_no_room(const Expected *expected)
{
    model_hold(expected->model, !expected_has_room(expected), "no room, with %u jobs",
               count_in_registry(expected));
}

void expected_stopping(Expected *expected, bool stopping)
{
    expected->stopping = stopping;
}

void expected_restart_import(Expected *expected, unsigned target, unsigned import)
{
    expected_restart_begin(&expected->restarts[target][import]);
}

void expected_import_restarted(Expected *expected, unsigned target, unsigned import, bool restarted)
{
    expected_restart_done(&expected->restarts[target][import], expected->model, restarted);
}

void expected_request(Expected *expected, unsigned target, unsigned import, JobKind kind,
                      uint64_t timeout_usec, const char *id)
{
    ExpectedJob *job = expected_find_active(expected, target, import, kind);
    Model *model = expected->model;

    if (job) {
        model_hold(model, strcmp(id, job->id) == 0, "a second job for import %u of target %u",
                   import, target);
        return;
    }
    for (size_t i = 0; i < expected->n_jobs; i++)
        model_hold(model, strcmp(id, expected->jobs[i].id) != 0, "joined job %s, which has ended",
                   id);
    model_hold(model, count_active(expected) < expected->rules.max_jobs, "more jobs than max-jobs");
    assert_true(expected->n_jobs < N_JOBS_MAX);
    job = &expected->jobs[expected->n_jobs++];
    *job = (ExpectedJob){
        .model = model,
        .kind = kind,
        .target = target,
        .import = import,
        .deadline_usec = timeout_usec > 0 ? model->now_usec + timeout_usec : 0,
        .poll_until_usec = UINT64_MAX,
    };
    strcpy(job->id, id);
}

void expected_cancel(Expected *expected, const char *id)
{
    for (size_t i = 0; i < expected->n_jobs; i++)
        if (strcmp(expected->jobs[i].id, id) == 0)
            expected_job_end(&expected->jobs[i], JOB_CANCELLED);
}

const ExpectedJob *expected_any(const Expected *expected)
{
    unsigned n = count_active(expected);
    uint64_t chosen = n > 0 ? dice_below(&expected->model->dice, n) : 0;

    for (size_t i = 0; i < expected->n_jobs; i++)
        if (!expected_job_is_final(&expected->jobs[i]) && chosen-- == 0)
            return &expected->jobs[i];
    return NULL;
}

void expected_timers_ran(Expected *expected)
{
    for (size_t i = 0; i < expected->n_jobs; i++) {
        ExpectedJob *job = &expected->jobs[i];

        if (job->stored && job->deadline_usec > 0 &&
            job->deadline_usec <= expected->model->now_usec)
            expected_job_end(job, JOB_EXPIRED);
    }
    for (unsigned i = 0; i < expected->rules.n_guards; i++)
        expected_guard_timers_ran(&expected->guards[i]);
}

static void read_stored(const ExpectedJob *job, Core *core, JobRecord *ret)
{
    model_hold(job->model, store_get(core_store(core), job->id, ret) == 0,
               "job %s is not in the store", job->id);
}

static void compare_stored(const ExpectedJob *job, Core *core)
{
    JobRecord record;

    read_stored(job, core, &record);
    expected_job_compare(job, &record);
    job_record_clear(&record);
}

static void commit_one(const Expected *expected, ExpectedJob *job, Core *core)
{
    const Job *found = registry_find(core_registry(core), job->id);
    JobRecord ended;
    const JobRecord *record = &ended;

    model_hold(job->model, !found == expected_job_is_final(job), "job %s: under way or not?",
               job->id);
    if (found)
        record = &found->record;
    else
        read_stored(job, core, &ended);
    expected_job_commit(job, record->polls, expected->stopping);
    expected_job_compare(job, record);
    job->checked = !found;
    if (!found)
        job_record_clear(&ended);
}

/* What a job does about its target, which is out; job NULL: it has ended. */
static void look_at_job(ExpectedTarget *target, ExpectedJob *expected, const Job *job,
                        TargetLook *look)
{
    uint64_t now_usec = target->model->now_usec;
    bool in_this_turn = expected->answered_usec == now_usec;

    if (!job) {
        if (expected == target->probe)
            expected_target_probe_left(target, in_this_turn);
    } else if (job->outage_wait.place == OUTAGE_WAITING) {
        look->waits = true;
        look->came |= !expected->waited && !in_this_turn;
        expected->waited = true;
        expected->entered_usec = 0;
        if (expected == target->probe)
            expected_target_probe_failed(target);
    } else if (!expected->calling) {
        bool enters = job->outage_wait.place == OUTAGE_CALLING;

        look->calls_now |= enters || (job->call_usec > 0 && job->call_usec <= now_usec + 1);
        if (enters && !expected->waited && expected->entered_usec == 0 && target->alone)
            expected->entered_usec = now_usec;
    }
}

static void look_at_target(Expected *expected, Core *core, unsigned number)
{
    ExpectedTarget *target = &expected->targets[number];
    TargetLook look = {0};

    if (!target->out)
        return;
    target->no_credentials |= !expected->credentials_there;
    for (size_t i = 0; i < expected->n_jobs; i++) {
        ExpectedJob *job = &expected->jobs[i];

        if (job->target == number)
            look_at_job(target, job, registry_find(core_registry(core), job->id), &look);
    }
    expected_target_look(target, &look);
}

void expected_committed(Expected *expected, Core *core)
{
    Model *model = expected->model;
    unsigned n_active = count_active(expected);

    for (size_t i = 0; i < expected->n_jobs; i++) {
        ExpectedJob *job = &expected->jobs[i];

        if (!job->checked)
            commit_one(expected, job, core);
    }
    model_hold(model, registry_count_jobs(core_registry(core)) == n_active, "jobs under way");
    for (unsigned i = 0; i < expected->rules.n_targets; i++)
        look_at_target(expected, core, i);
}

bool expected_is_guarded(const Expected *expected, unsigned target, ImportService service)
{
    for (unsigned i = 0; i < expected->rules.n_guards; i++)
        if (expected_guard_watches(&expected->guards[i], target, service))
            return true;
    return false;
}

unsigned expected_count_looks(const Expected *expected, unsigned guard, unsigned target)
{
    const ExpectedGuard *one = &expected->guards[guard];

    return expected_guard_watches(one, target, one->rules.service) ? one->patrols[target].n_looks
                                                                   : UINT_MAX;
}

unsigned expected_count_known(const Expected *expected, unsigned guard, unsigned target)
{
    return (unsigned)__builtin_popcount(expected->guards[guard].patrols[target].known);
}

void expected_restarted(Expected *expected, Core *core)
{
    size_t n_stored = 0;

    expected->core = core;
    begin_guards(expected, false);
    memset(expected->restarts, 0, sizeof(expected->restarts));
    for (unsigned i = 0; i < expected->rules.n_targets; i++)
        expected_target_restart(&expected->targets[i]);
    for (size_t i = 0; i < expected->n_jobs; i++) {
        const Job *found;
        ExpectedJob *job = &expected->jobs[n_stored];

        if (!expected->jobs[i].stored)
            continue; /* it was never promised to be there */
        *job = expected->jobs[i];
        n_stored++;
        expected_job_restart(job);
        found = registry_find(core_registry(core), job->id);
        model_hold(expected->model, !found == expected_job_is_final(job),
                   "job %s after the restart: under way or not?", job->id);
        if (found)
            expected_job_compare(job, &found->record);
    }
    expected->n_jobs = n_stored;
}

static int count_one(JobRecord *record, void *userdata)
{
    size_t *n = userdata;

    job_record_clear(record);
    (*n)++;
    return 0;
}

void expected_finished(const Expected *expected, Core *core)
{
    static const StoreFilter all = {0};
    StorePage page = {.limit = N_JOBS_MAX, .max_rows = N_JOBS_MAX + 1, .before = UINT64_MAX};
    size_t n = 0;

    for (size_t i = 0; i < expected->n_jobs; i++) {
        model_hold(expected->model, expected->jobs[i].checked, "job %s did not end",
                   expected->jobs[i].id);
        compare_stored(&expected->jobs[i], core);
    }
    assert_int_equal(store_each(core_store(core), &all, &page, count_one, &n), 0);
    model_hold(expected->model, n == expected->n_jobs, "%zu jobs in the store, not %zu", n,
               expected->n_jobs);
}
