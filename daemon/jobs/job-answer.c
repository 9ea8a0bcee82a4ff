/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer about the import leads to, be it to the job's own call or another job's. */
#include <assert.h>

#include "common/time.h"
#include "daemon/jobs/job-due.h"
#include "daemon/jobs/job-private.h"

static void job_poll_later(Job *job)
{
    const Random *random = job->context->random;
    uint64_t delay = schedule_poll_delay_usec(&job->context->polling, job->polls_done,
                                              random->uniform(random->userdata));

    job->polls_done++;
    job_call_in(job, delay);
}

/* The observation is kept as text, for the store and for whoever looks at the job. */
static void job_observe(Job *job, json_object *import)
{
    char *text = import_to_text(job_operations(job), import, job->record.import_id);

    if (text) { /* without memory the former observation stays, which is true as well */
        free(job->record.import);
        job->record.import = text;
    }
}

void job_wait(Job *job, Verdict verdict, const CallError *error)
{
    if (verdict == VERDICT_TROUBLE)
        outage_troubled(&job->outage_wait, error);
    else
        outage_failed(&job->outage_wait, error);
    job_set_state(job, job->record.state, error);
}

/* What an answer leads to, whoever asked. */
static void job_advance(Job *job, Verdict verdict, const AwsResult *result)
{
    const CallError *refusal = job->record.refusal.code ? &job->record.refusal : result->error;

    assert(verdict != VERDICT_WAIT && verdict != VERDICT_TROUBLE);
    if (result->outcome == AWS_OK)
        job_observe(job, result->body);
    switch (verdict) {
    case VERDICT_WAIT:
    case VERDICT_TROUBLE:
        break;
    case VERDICT_POLL:
        job_set_state(job, JOB_POLLING, result->error);
        job_poll_later(job);
        break;
    case VERDICT_VERIFY:
        job_set_state(job, JOB_STOPPING, result->error);
        job_call_in(job, 0);
        break;
    case VERDICT_REFUSED:
        job_set_state(job, JOB_REFUSED, refusal);
        break;
    case VERDICT_STOPPED:
        job_set_state(job, JOB_STOPPED, NULL);
        break;
    case VERDICT_COMPLETED:
        job_set_state(job, JOB_COMPLETED, NULL);
        break;
    case VERDICT_FAILED:
        job_set_state(job, JOB_FAILED, NULL);
        break;
    }
}

/* What came of the job's own StopImport or GetImport. */
static void job_proceed(Job *job, Verdict verdict, const AwsResult *result)
{
    if (verdict == VERDICT_WAIT || verdict == VERDICT_TROUBLE) {
        job_wait(job, verdict, result->error);
        return;
    }
    outage_answered(&job->outage_wait);
    job_advance(job, verdict, result);
}

void job_take_stop_answer(Job *job, const AwsResult *result)
{
    Verdict verdict = schedule_classify_stop(job_operations(job), result);

    if (verdict == VERDICT_VERIFY && call_error_copy(&job->record.refusal, result->error) < 0)
        verdict = VERDICT_WAIT; /* not known to be refused, it will be asked again */
    job->accepted_now = result->outcome == AWS_OK;
    if (job->accepted_now)
        job->record.accepted_boottime_usec = timers_boottime_usec(job->context->timers);
    job_proceed(job, verdict, result);
}

static Verdict job_classify_get(const Job *job, const AwsResult *result)
{
    uint64_t now_usec = timers_boottime_usec(job->context->timers),
             accepted_usec = job->record.accepted_boottime_usec;
    GetReason reason = {
        .verifying = job->record.refusal.code != NULL,
        .accepted_usec = accepted_usec == 0 ? UINT64_MAX : time_since(accepted_usec, now_usec),
    };

    return schedule_classify_get(job_operations(job), result, &reason);
}

/* It was asked whether the import has ended meanwhile, and that it has not, or who knows. */
static void job_stop_now(Job *job, const AwsResult *result)
{
    job->asks_first = false;
    outage_answered(&job->outage_wait);
    if (result->outcome == AWS_OK)
        job_observe(job, result->body);
    job_set_state(job, JOB_STOPPING, NULL);
    job_call_in(job, 0);
}

void job_take_get_answer(Job *job, const AwsResult *result)
{
    Verdict verdict = job_classify_get(job, result);

    if (result->outcome == AWS_OK)
        job->context->observed(job, result, job->context->userdata);
    if (job->asks_first && (verdict == VERDICT_POLL || verdict == VERDICT_REFUSED))
        job_stop_now(job, result);
    else
        job_proceed(job, verdict, result);
}

void job_share(Job *job, const AwsResult *result)
{
    Verdict verdict = job_classify_get(job, result);

    assert(result->outcome == AWS_OK);
    if (job_state_is_final(job->record.state) || job->call || job_is_to_stop(job) ||
        job->call_usec == 0)
        return;
    /* That the import goes on may have been seen before this job's StopImport, and so says nothing
       of what became of that. */
    if (verdict == VERDICT_REFUSED || (verdict == VERDICT_POLL && job->asks_first))
        return;
    job_call_off(job);
    job_advance(job, verdict, result);
}
