/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/model/expected-job.h"

#include <math.h>
#include <string.h>

#include "common/time.h"

#define POLL_JITTER 0.1

bool expected_job_is_final(const ExpectedJob *job)
{
    return job_state_is_final(job->now.state);
}

bool expected_job_is_over(const ExpectedJob *job)
{
    return expected_job_is_final(job) ||
           (job->deadline_usec > 0 && job->deadline_usec <= job->model->now_usec);
}

void expected_job_attempt(ExpectedJob *job, bool stop, unsigned number)
{
    Model *model = job->model;

    model_hold(model, job->stored, "job %s calls before it is on disk", job->id);
    model_hold(model, !expected_job_is_final(job), "job %s calls after its end", job->id);
    model_hold(model, !job->calling, "job %s has two calls under way", job->id);
    job->calling = true;
    if (stop) {
        model_hold(model, job->kind == JOB_STOP, "job %s stops what it is to wait for", job->id);
        model_hold(model, !job->now.accepted, "job %s asks again what was accepted", job->id);
        model_hold(model, !*job->now.refusal, "job %s asks again what was refused", job->id);
        model_hold(model, !job->asks_first, "job %s stops blindly after a restart", job->id);
        job->now.stops++;
        job->now.state = JOB_STOPPING;
        return;
    }
    model_hold(model,
               job->kind == JOB_WAIT || job->now.accepted || *job->now.refusal || job->asks_first,
               "job %s asks for an import that it has not asked to stop", job->id);
    job->now.gets++;
    if (number == 1) {
        model_hold(model, model->now_usec >= job->poll_from_usec, "job %s polls too early",
                   job->id);
        model_hold(model, model->now_usec <= job->poll_until_usec, "job %s polls too late",
                   job->id);
        job->poll_until_usec = UINT64_MAX;
    }
}

void expected_job_sent(ExpectedJob *job, bool stop)
{
    Model *model = job->model;

    if (stop) {
        job->stops_on_the_wire++;
        model_hold(model, !job->durable.accepted, "job %s: a StopImport after it was accepted",
                   job->id);
        model_hold(model, job->stops_on_the_wire <= job->durable.stops,
                   "job %s: a StopImport on the wire before it was on disk", job->id);
    } else {
        job->gets_on_the_wire++;
    }
}

void expected_job_held_back(ExpectedJob *job, bool stop)
{
    if (stop)
        job->stops_held_back++;
    else
        job->gets_held_back++;
}

void expected_job_forget_waits(ExpectedJob *job)
{
    job->waited = false;
    job->entered_usec = 0;
}

void expected_job_end(ExpectedJob *job, JobState state)
{
    if (!expected_job_is_final(job))
        job->now.state = state;
}

static void observe(ExpectedJob *job, bool stop, const char *status, const PollingRules *polling,
                    uint64_t slack_usec)
{
    const Model *model = job->model;
    bool verifying = *job->now.refusal;

    if (stop && !job->now.accepted)
        job->now.accepted_usec = model->now_usec;
    job->now.accepted |= stop;
    if (status && strcmp(status, "STOPPED") == 0) {
        job->now.state = JOB_STOPPED;
    } else if (status && strcmp(status, "COMPLETED") == 0) {
        job->now.state = JOB_COMPLETED;
    } else if (status && strcmp(status, "FAILED") == 0) {
        job->now.state = JOB_FAILED;
    } else if (verifying) {
        job->now.state = JOB_REFUSED;
        strcpy(job->now.cause, job->now.refusal);
    } else {
        double delay = fmin((double)polling->first_usec * pow(polling->growth, job->n_polls++),
                            (double)polling->longest_usec);
        double from = model->constant >= 0 ? 2 * model->constant - 1 : -1;
        double until = model->constant >= 0 ? 2 * model->constant - 1 : 1;

        job->now.state = JOB_POLLING;
        job->poll_from_usec = model->now_usec + (uint64_t)(delay * (1 + POLL_JITTER * from)) - 1;
        job->poll_until_usec =
            model->now_usec + (uint64_t)(delay * (1 + POLL_JITTER * until)) + slack_usec;
    }
}

static void refuse(ExpectedJob *job, bool stop, bool verify, const char *code)
{
    ExpectedFacts *facts = &job->now;

    if (stop && verify) {
        snprintf(facts->refusal, sizeof(facts->refusal), "%s", code);
        facts->first_refused = facts->stops == 1;
        job->poll_from_usec = 0;
        return;
    }
    facts->state = JOB_REFUSED;
    snprintf(facts->cause, sizeof(facts->cause), "%s", *facts->refusal ? facts->refusal : code);
}

static bool is_end(const char *status)
{
    static const char *const ends[] = {"STOPPED", "COMPLETED", "FAILED"};

    for (size_t i = 0; status && i < sizeof(ends) / sizeof(ends[0]); i++)
        if (strcmp(status, ends[i]) == 0)
            return true;
    return false;
}

/* Whether the answer to the question of after a restart leaves it to StopImport to find out. */
static bool leaves_it_open(const Answer *answer)
{
    if (answer->meaning == MEANS_OBSERVED)
        return !is_end(answer->import_status);
    return answer->meaning == MEANS_UNKNOWN || answer->meaning == MEANS_NO ||
           answer->meaning == MEANS_VERIFY;
}

void expected_job_answer(ExpectedJob *job, bool stop, const Answer *answer,
                         const PollingRules *polling, uint64_t slack_usec)
{
    job->calling = false;
    job->answered_usec = job->model->now_usec;
    job->answered = answer_counts(answer);
    job->counts_all |= answer->meaning == MEANS_OBSERVED || leaves_it_open(answer);
    if (job->asks_first && leaves_it_open(answer)) {
        job->asks_first = false;
        return;
    }
    switch (answer->meaning) {
    case MEANS_OBSERVED:
        observe(job, stop, answer->import_status, polling, slack_usec);
        break;
    case MEANS_THROTTLED:
    case MEANS_NOTHING:
    case MEANS_TROUBLE:
    case MEANS_SKEWED:
    case MEANS_EXPIRED:
        break;
    case MEANS_UNKNOWN:
        if (!stop && job->now.accepted &&
            job->model->now_usec < job->now.accepted_usec + USEC_PER_MINUTE)
            observe(job, false, NULL, polling, slack_usec);
        else
            refuse(job, stop, false, answer->code);
        break;
    case MEANS_NO:
    case MEANS_VERIFY:
        refuse(job, stop, answer->meaning == MEANS_VERIFY, answer->code);
        break;
    }
}

/* A job that is to find out whether its import can still be stopped, or could not, may have been
 * told of a time before that: only an end is one for it, too. */
void expected_job_share(ExpectedJob *job, const Answer *answer, const PollingRules *polling,
                        uint64_t slack_usec)
{
    bool polls = job->kind == JOB_WAIT || job->now.state == JOB_POLLING;
    bool asks = *job->now.refusal || job->asks_first;

    if (polls || (asks && is_end(answer->import_status))) {
        job->counts_all = true;
        observe(job, false, answer->import_status, polling, slack_usec);
    }
}

/* A GetImport is on disk with what came of it, at the latest. */
void expected_job_commit(ExpectedJob *job, unsigned polls, bool stopping)
{
    bool counts_all = job->counts_all || stopping || expected_job_is_final(job);

    model_hold(job->model, polls >= job->durable.gets && polls <= job->now.gets,
               "job %s: %u GetImports, which were %u and should be %u", job->id, polls,
               job->durable.gets, job->now.gets);
    model_hold(job->model, !counts_all || polls == job->now.gets,
               "job %s: %u GetImports after what came of %u", job->id, polls, job->now.gets);
    job->counts_all = false;
    job->stored = true;
    job->durable = job->now;
    job->durable.gets = polls;
}

void expected_job_restart(ExpectedJob *job)
{
    job->now = job->durable;
    job->calling = job->answered = false;
    job->asks_first = job->now.state == JOB_STOPPING && !*job->now.refusal && job->now.stops > 0;
    job->stops_held_back = job->now.stops - job->stops_on_the_wire;
    if (job->gets_on_the_wire > job->now.gets) /* when it was killed */
        job->gets_on_the_wire = job->now.gets;
    job->gets_held_back = job->now.gets - job->gets_on_the_wire;
    expected_job_forget_waits(job);
    job->n_polls = job->now.gets;
    job->poll_from_usec = 0;
    job->poll_until_usec = UINT64_MAX;
}

void expected_job_compare(const ExpectedJob *job, const JobRecord *record)
{
    const ExpectedFacts *facts = &job->now;
    Model *model = job->model;
    const char *code = record->last_error.code;

    model_hold(model, record->state == facts->state, "job %s is %s and should be %s", job->id,
               job_state_name(record->state), job_state_name(facts->state));
    model_hold(model, record->attempts == facts->stops, "job %s: %u StopImports, not %u", job->id,
               record->attempts, facts->stops);
    model_hold(model,
               record->already_stopped == (facts->state == JOB_STOPPED && facts->first_refused),
               "job %s: alreadyStopped", job->id);
    model_hold(model, record->deadline_boottime_usec == job->deadline_usec, "job %s: deadline",
               job->id);
    if (facts->state == JOB_REFUSED)
        model_hold(model, code && strcmp(code, facts->cause) == 0,
                   "job %s: refused with %s, not %s", job->id, code ? code : "nothing",
                   facts->cause);
    if (facts->state == JOB_STOPPED || facts->state == JOB_COMPLETED || facts->state == JOB_FAILED)
        model_hold(model, !code, "job %s: CloudTrail answered, and %s is still there", job->id,
                   code);
    if (expected_job_is_final(job)) {
        model_hold(model, job->stops_on_the_wire + job->stops_held_back == record->attempts,
                   "job %s: %u StopImports on the wire, %u held back, %u counted", job->id,
                   job->stops_on_the_wire, job->stops_held_back, record->attempts);
        model_hold(model, job->gets_on_the_wire + job->gets_held_back == record->polls,
                   "job %s: %u GetImports on the wire, %u held back, %u counted", job->id,
                   job->gets_on_the_wire, job->gets_held_back, record->polls);
    }
}
