/* SPDX-License-Identifier: Apache-2.0 */
/* Which job, guard or restart each call is of, and what its answer leads to. */
#include <string.h>

#include "tests/model/expected-private.h"

static const Job *find_daemons(const Expected *expected, const ExpectedJob *job)
{
    return registry_find(core_registry(expected->core), job->id);
}

/* Whose call it is; NULL: it is none of a job. */
static ExpectedJob *find_caller(Expected *expected, const Attempt *attempt)
{
    for (size_t i = 0; i < expected->n_jobs; i++) {
        ExpectedJob *job = &expected->jobs[i];
        const Job *found = job->checked ? NULL : find_daemons(expected, job);

        if (found && found->call == attempt->call)
            return job;
    }
    return NULL;
}

static ExpectedGuard *find_guard(Expected *expected, const Attempt *attempt)
{
    for (unsigned i = 0; i < expected->rules.n_guards; i++)
        if (expected_guard_watches(&expected->guards[i], attempt->target, attempt->request.service))
            return &expected->guards[i];
    return NULL;
}

/* Where an import may be started, no guard looks at those of its service. */
static ExpectedRestart *find_restart(Expected *expected, const Attempt *attempt)
{
    return &expected->restarts[attempt->target][attempt->request.import];
}

static void *on_attempt(const Attempt *attempt, void *userdata)
{
    Expected *expected = userdata;
    const Request *request = &attempt->request;
    ExpectedJob *job = find_caller(expected, attempt);
    ExpectedGuard *guard = find_guard(expected, attempt);

    if (job) {
        model_hold(
            expected->model, job->target == attempt->target && job->import == request->import,
            "job %s calls for import %u of target %u", job->id, request->import, attempt->target);
        expected_job_attempt(job, request->operation == OPERATION_STOP, attempt->number);
    } else if (guard) {
        expected_guard_attempt(guard, attempt->target, request, attempt->number);
    } else {
        model_hold(expected->model, request->import < N_IMPORTS, "a list that nobody asked for");
        expected_restart_attempt(find_restart(expected, attempt), expected->model, request,
                                 attempt->number);
    }
    expected_target_attempt(&expected->targets[attempt->target], job, request, attempt->number);
    return job;
}

static void on_sent(const Attempt *attempt, void *userdata)
{
    if (attempt->about)
        expected_job_sent(attempt->about, attempt->request.operation == OPERATION_STOP);
    else if (attempt->request.operation == OPERATION_START)
        expected_restart_sent(find_restart(userdata, attempt), &attempt->request);
}

static void on_dropped(const Attempt *attempt, void *userdata)
{
    const Expected *expected = userdata;
    ExpectedJob *job = attempt->about;
    bool stop = attempt->request.operation == OPERATION_STOP;

    if (!job)
        return;
    model_hold(expected->model, !expected->stopping || !stop || expected_job_is_over(job),
               "job %s: its stop is given up by a shutdown", job->id);
    job->calling = false;
    if (!attempt->on_the_wire)
        expected_job_held_back(job, stop);
}

/* The jobs of the other kind have the answer as well. */
static void share(Expected *expected, const ExpectedJob *job, const Answer *answer)
{
    JobKind kind = job->kind == JOB_STOP ? JOB_WAIT : JOB_STOP;
    ExpectedJob *other = expected_find_active(expected, job->target, job->import, kind);
    const Job *found = other ? find_daemons(expected, other) : NULL;

    if (found && !found->call && found->call_usec > 0)
        expected_job_share(other, answer, &expected->rules.polling,
                           expected_target_slack(&expected->targets[job->target], true));
}

static void on_guards_answer(Expected *expected, const Attempt *attempt, const Answer *answer)
{
    ExpectedGuard *guard = find_guard(expected, attempt);
    const Request *request = &attempt->request;
    bool followed = expected_find_active(expected, attempt->target, request->import, JOB_STOP);
    bool stops = expected_guard_answer(guard, attempt->target, request, answer,
                                       followed || expected_has_room(expected));

    expected->stopper = stops && !followed ? guard : NULL;
}

static void on_answer(const Attempt *attempt, const Answer *answer, void *userdata)
{
    Expected *expected = userdata;
    ExpectedTarget *target = &expected->targets[attempt->target];
    ExpectedJob *job = attempt->about;
    bool reads = operation_reads(attempt->request.operation);

    if (job && reads && answer->meaning == MEANS_OBSERVED)
        share(expected, job, answer);
    if (job)
        expected_job_answer(job, !reads, answer, &expected->rules.polling,
                            expected_target_slack(target, true));
    else if (find_guard(expected, attempt))
        on_guards_answer(expected, attempt, answer);
    else
        expected_restart_answer(find_restart(expected, attempt), &attempt->request, answer);
    target->answered = answer_counts(answer);
    target->trouble = answer->meaning == MEANS_TROUBLE ? job : NULL;
    target->of_answers |= target->trouble != NULL;
}

/* The guard has asked for a stop. */
static void take_guards_job(Expected *expected, const Attempt *attempt)
{
    const Import *import = &expected->accounts[attempt->target].imports[attempt->request.import];
    JobKey key = {.kind = JOB_STOP, .service = import->service, .import_id = import->id};
    const Job *job = registry_find_key(core_registry(expected->core),
                                       core_target(expected->core, attempt->target), &key);
    const char *name = expected->stopper->name;

    model_hold(expected->model, job && job->record.guard && strcmp(job->record.guard, name) == 0,
               "guard %s does not stop import %u", name, attempt->request.import);
    expected_request(expected, attempt->target, attempt->request.import, JOB_STOP,
                     expected->rules.guard_timeout_usec, job->record.id);
    expected->stopper = NULL;
}

static void on_handled(const Attempt *attempt, const Answer *answer, void *userdata)
{
    Expected *expected = userdata;
    ExpectedTarget *target = &expected->targets[attempt->target];

    if (expected->stopper)
        take_guards_job(expected, attempt);
    if (!attempt->about && find_guard(expected, attempt))
        expected_guard_handled(find_guard(expected, attempt), attempt->target);
    target->trouble = NULL;
    expected_target_answered(target, answer_counts(answer));
}

WireObserver expected_observer(Expected *expected)
{
    return (WireObserver){on_attempt, on_sent, on_dropped, on_answer, on_handled, expected};
}
