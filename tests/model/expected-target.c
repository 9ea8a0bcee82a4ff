/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/expected-target.h"

#include <math.h>
#include <string.h>

#include "common/time.h"

#define FIRST_USEC USEC_PER_SEC
#define LONGEST_USEC (5 * USEC_PER_MINUTE)

/* A stop and a wait for each import, and the calls that are not a job's. */
#define N_CALLERS (2 * N_IMPORTS / N_IMPORT_SERVICES + 2)

/* Turns that a call needs between being due and going out. */
#define TURNS_USEC 100U

static uint64_t interval_usec(double rate)
{
    return (uint64_t)((double)USEC_PER_SEC / rate);
}

void expected_target_restart(ExpectedTarget *target)
{
    memset(target->last_usec, 0, sizeof(target->last_usec));
    target->out = target->no_credentials = target->of_answers = false;
    target->trouble = NULL;
    target->probe = NULL;
}

void expected_target_set_rates(ExpectedTarget *target, double stop_rate, double read_rate)
{
    target->rates[false] = stop_rate;
    target->rates[true] = read_rate;
    for (int kind = 0; kind < 2; kind++)
        if (interval_usec(target->rates[kind]) > target->slowest_usec[kind])
            target->slowest_usec[kind] = interval_usec(target->rates[kind]);
}

/* The waits between probes begin. */
static void first_failure(ExpectedTarget *target)
{
    target->hurried = false;
    target->failures = target->failures_most = 1;
    target->failed_usec = target->armed_usec = target->model->now_usec;
}

void expected_target_reloaded(ExpectedTarget *target)
{
    if (!target->out)
        return;
    first_failure(target);
    if (target->probe && !target->probe->calling)
        expected_target_probe_left(target, false);
}

uint64_t expected_target_slack(const ExpectedTarget *target, bool reads)
{
    return (N_CALLERS + 1) * target->slowest_usec[reads] + TURNS_USEC;
}

static void probe_failed(ExpectedTarget *target, uint64_t when_usec)
{
    target->probe = NULL;
    target->hurried = false;
    target->failures++;
    target->failures_most++;
    target->failed_usec = target->armed_usec = when_usec;
}

static double wait_limit(unsigned failures)
{
    return fmin((double)FIRST_USEC * pow(2, failures - 1), (double)LONGEST_USEC);
}

/* A job that came when none waited probes at once, others after a wait. */
static void check_probe(ExpectedTarget *target, ExpectedJob *job, uint64_t slack_usec)
{
    Model *model = target->model;
    double least = wait_limit(target->failures), most = wait_limit(target->failures_most);
    double drawn = model->constant >= 0 ? model->constant : 0;
    uint64_t from_usec = target->failed_usec + (uint64_t)(least * drawn);
    uint64_t until_usec = target->armed_usec + (uint64_t)most;

    if (target->hurried)
        from_usec = target->failed_usec;
    if (job->entered_usec > 0)
        from_usec = until_usec = job->entered_usec;
    model_hold(model, !target->probe, "target %s: job %s calls while %s probes", target->name,
               job->id, target->probe->id);
    model_hold(model, model->now_usec >= from_usec, "target %s: probe after failure %u too early",
               target->name, target->failures);
    /* A job that hurried it may have ended in the very turn in which it was to probe. */
    if (!target->no_credentials && !target->hurried)
        model_hold(model, model->now_usec <= until_usec + slack_usec,
                   "target %s: probe after failure %u too late", target->name, target->failures);
    expected_job_forget_waits(job);
    target->probe = job;
}

void expected_target_attempt(ExpectedTarget *target, ExpectedJob *job, const Request *request,
                             unsigned number)
{
    Model *model = target->model;
    bool reads = operation_reads(request->operation);
    uint64_t *last_usec = &target->last_usec[request->service][reads];

    model_hold(model,
               *last_usec == 0 ||
                   model->now_usec - *last_usec >= interval_usec(target->rates[reads]),
               "target %s: %s too soon after another", target->name, request_name(request));
    *last_usec = model->now_usec;
    if (!job || !target->out || number > 1)
        return;
    if (target->probe == job) /* failed, and without a wait it is its turn again */
        probe_failed(target, job->answered_usec);
    check_probe(target, job, expected_target_slack(target, reads));
}

void expected_target_began(ExpectedTarget *target)
{
    model_hold(target->model, !target->out, "target %s goes out twice", target->name);
    target->out = true;
    target->alone = target->idle = false;
    target->no_credentials = false;
    target->of_answers = target->trouble != NULL;
    first_failure(target);
    target->probe = NULL;
}

void expected_target_ended(ExpectedTarget *target)
{
    model_hold(target->model, target->out, "target %s was not out", target->name);
    model_hold(target->model, target->answered, "target %s comes back without an answer",
               target->name);
    target->out = target->of_answers = false;
    target->probe = NULL;
}

void expected_target_answered(ExpectedTarget *target, bool counts)
{
    model_hold(target->model, !counts || !target->out, "target %s answered and is still out",
               target->name);
    target->answered = false;
}

void expected_target_look(ExpectedTarget *target, const TargetLook *look)
{
    model_hold(target->model, !target->idle || !look->came || look->calls_now,
               "target %s: a job waits, and nobody has probed since it came", target->name);
    target->hurried |= look->came && target->of_answers;
    if (!look->waits || target->alone)
        target->armed_usec = target->model->now_usec;
    target->alone = !look->waits;
    target->idle = target->alone && !look->calls_now && !target->probe;
}

void expected_target_probe_failed(ExpectedTarget *target)
{
    probe_failed(target, target->model->now_usec);
}

void expected_target_probe_left(ExpectedTarget *target, bool answered)
{
    target->failures_most += answered;
    target->probe = NULL;
    target->armed_usec = target->model->now_usec;
}
