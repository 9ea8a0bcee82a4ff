/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/time.h"
#include "daemon/base/stats.h"
#include "daemon/jobs/job-due.h"
#include "daemon/jobs/job-journal.h"
#include "daemon/jobs/job-private.h"

/* After which a call that was withheld is tried again. */
#define WITHHELD_USEC USEC_PER_SEC

/* A wait for the quota that is shorter is over before anyone has read of it. */
#define NOTEWORTHY_USEC (2 * USEC_PER_SEC)

static void job_mark_changed(Job *job)
{
    job->record.polls += job->polls_uncounted;
    job->polls_uncounted = 0;
    job->context->changed(job, job->context->userdata);
}

const ImportOperations *job_operations(const Job *job)
{
    return import_operations(job->record.service);
}

bool job_is_to_stop(const Job *job)
{
    return job->record.kind == JOB_STOP && job->record.state != JOB_POLLING &&
           !job->record.refusal.code && !job->asks_first;
}

/* It waits and calls no longer; what it knows of its target's health stays. */
static void job_rest(Job *job)
{
    job_call_off(job);
    outage_step_back(&job->outage_wait);
    aws_call_cancel(TAKE(job->call));
}

static const Stat end_stats[] = {
#define JOB_STATE_FINAL(symbol, name, event, statistic, ...) STAT_##statistic,
#include "common/job-states.def"
};
_Static_assert(sizeof(end_stats) / sizeof(end_stats[0]) == N_JOB_STATES - N_ACTIVE_JOB_STATES,
               "a counter for each end");

void job_set_state(Job *job, JobState state, const CallError *error)
{
    JobRecord *record = &job->record;

    assert(job_state_may_follow(record->state, state));
    record->state = state;
    record->updated_usec = timers_realtime_usec(job->context->timers);
    if (error)
        (void)call_error_copy(&record->last_error, error);
    else if (state == JOB_POLLING || state == JOB_STOPPED || state == JOB_COMPLETED ||
             state == JOB_FAILED) /* a call succeeded */
        call_error_clear(&record->last_error);
    if (job_state_is_final(state)) {
        record->finished_usec = record->updated_usec;
        if (state == JOB_STOPPED && record->kind == JOB_STOP &&
            job->context->polling.settle_usec > 0)
            record->settle_usec = record->finished_usec + job->context->polling.settle_usec;
        record->already_stopped =
            state == JOB_STOPPED && record->refusal.code && record->attempts == 1;
        job_rest(job);
        outage_leave(&job->outage_wait);
        timer_clear(&job->timer);
        stats_add(end_stats[state - N_ACTIVE_JOB_STATES], 1);
    }
    job_mark_changed(job);
}

/* Whoever follows the job is shown a wait that is long enough to be read of. It is not stored, so
 * where nobody follows there is nothing to save. */
static void stop_waits(void *userdata)
{
    Job *job = userdata;

    if (!LIST_EMPTY(&job->registered.followers) &&
        aws_call_next_usec(job->call) >=
            timers_boottime_usec(job->context->timers) + NOTEWORTHY_USEC)
        job_mark_changed(job);
}

/* On disk before the attempt is on the wire (see http.h): however the daemon ends, it knows
   afterwards that CloudTrail may have been asked. */
static void stop_attempt(unsigned number, void *userdata)
{
    Job *job = userdata;

    (void)number;
    assert(job_is_to_stop(job));
    job->record.attempts++;
    job->attempt_unsaved = true;
    job_set_state(job, JOB_STOPPING, NULL);
}

static void stop_done(const AwsResult *result, void *userdata)
{
    Job *job = userdata;

    job->call = NULL;
    job_take_stop_answer(job, result);
}

static void get_attempt(unsigned number, void *userdata)
{
    Job *job = userdata;

    (void)number;
    assert(!job_is_to_stop(job));
    job->polls_uncounted++;
    stats_add(STAT_GET_ATTEMPTS, 1);
}

static void get_done(const AwsResult *result, void *userdata)
{
    Job *job = userdata;

    job->call = NULL;
    job_take_get_answer(job, result);
}

static void describe_call(JournalEntry *entry, void *userdata)
{
    const Job *job = userdata;

    job_journal_add_names(entry, &job->record);
}

static const AwsCallHooks stop_hooks = {
    .attempt = stop_attempt,
    .waits = stop_waits,
    .describe = describe_call,
    .done = stop_done,
};

static const AwsCallHooks get_hooks = {
    .attempt = get_attempt,
    .describe = describe_call,
    .done = get_done,
};

/* The next call is due. */
static void job_call(Job *job)
{
    Target *target = job->target;
    bool stop = job_is_to_stop(job);
    const AwsCaller caller = {.hooks = stop ? &stop_hooks : &get_hooks, .userdata = job};
    int r;

    assert(target && !job->call && job->call_usec == 0);
    assert(!job_state_is_final(job->record.state));
    if (!outage_enter(target->outage, &job->outage_wait))
        return;
    r = (stop ? import_call_stop : import_call_get)(target->clients[job->record.service],
                                                    job_operations(job), job->record.import_id,
                                                    &caller, &job->call);
    if (r < 0) {
        CLEANUP(call_error_clear) CallError error = {0};

        (void)call_error_set(&error, CALL_ERROR_RESOURCES, strerror(-r), 0, NULL);
        job_wait(job, VERDICT_WAIT, &error);
    }
}

static void job_resume(uint64_t delay_usec, void *userdata)
{
    Job *job = userdata;

    job_call_in(job, delay_usec);
}

/* A call that is not on the wire waits with the others; one that is will say itself how it went. */
static bool job_hold(void *userdata)
{
    Job *job = userdata;

    if (!job->call || aws_call_next_usec(job->call) == 0)
        return false;
    aws_call_cancel(TAKE(job->call));
    return true;
}

static const OutageHooks outage_hooks = {.resume = job_resume, .hold = job_hold};

void job_renew_call(Job *job)
{
    if (!job_hold(job))
        return;
    outage_step_back(&job->outage_wait);
    job_call_in(job, 0);
}

static void job_fire(void *userdata)
{
    Job *job = userdata;

    if (job_take_call(job))
        job_call(job);
    else
        job_set_state(job, JOB_EXPIRED, NULL);
}

int job_new(const JobContext *context, Target *target, JobRecord *record, Job **ret)
{
    Job *job = malloc(sizeof(*job) + job_record_texts_size(record)); /* behind it */

    if (!job) {
        job_record_clear(record);
        return -ENOMEM;
    }
    *job = (Job){
        .record = *record,
        .context = context,
        .target = target,
        .polls_done = record->polls,
        .outage_wait = {.hooks = &outage_hooks, .userdata = job},
    };
    timer_init(&job->timer, context->timers, job_fire, job);
    job_record_move_texts(&job->record, (char *)(job + 1));
    *record = (JobRecord){0};
    *ret = job;
    return 0;
}

void job_free(Job *job)
{
    if (!job)
        return;
    job_rest(job);
    outage_leave(&job->outage_wait);
    timer_clear(&job->timer);
    job_record_clear(&job->record);
    free(job);
}

void job_ask_first(Job *job)
{
    if (!job_is_to_stop(job))
        return;
    job_renew_call(job);
    job->asks_first = !job->call; /* one that is on the wire will tell */
}

void job_start(Job *job)
{
    assert(job->target && !job->call && !job_state_is_final(job->record.state));
    /* A StopImport may have got through before the daemon ended, or from another host. */
    if (job->record.attempts > 0 || job_message_may_repeat(&job->record.message))
        job_ask_first(job);
    job_call_in(job, 0);
}

void job_log(Job *job)
{
    if (job->attempt_unsaved)
        stats_add(STAT_STOP_ATTEMPTS, 1);
    job->attempt_unsaved = false;
    if (job->accepted_now)
        job_journal_stop_accepted(&job->record);
    if (job_state_is_final(job->record.state))
        job_journal_end(&job->record, &job->canceller);
    job->accepted_now = false;
}

void job_withhold(Job *job)
{
    if (!job->attempt_unsaved || !job->call)
        return;
    assert(job->record.attempts > 0);
    aws_call_cancel(TAKE(job->call));
    outage_step_back(&job->outage_wait);
    job->attempt_unsaved = false;
    job->record.attempts--;
    job_set_state(job, job->record.attempts > 0 ? JOB_STOPPING : JOB_QUEUED, NULL);
    job_call_in(job, WITHHELD_USEC);
}

void job_cancel(Job *job, const Requester *canceller)
{
    job->canceller = *canceller;
    job_set_state(job, JOB_CANCELLED, NULL);
}

void job_release(Job *job, const CallError *cause)
{
    job_set_state(job, JOB_RELEASED, cause);
}

void job_remove_target(Job *job)
{
    static char code[] = CALL_ERROR_TARGET_REMOVED,
                of_client[] = MESSAGE_TARGET_REMOVED "; add its section again and make the request "
                                                     "again",
                of_queue[] = "the configuration of this host does not name its target any more";
    bool is_of_queue = job->record.message.queue;
    const CallError error = {.code = code, .message = is_of_queue ? of_queue : of_client};

    job_set_state(job, is_of_queue ? JOB_RELEASED : JOB_REFUSED, &error);
}

bool job_finish(Job *job)
{
    if (job->call && job_is_to_stop(job) && aws_call_finish(job->call))
        return true;
    job_rest(job);
    return false;
}

void job_count_polls(Job *job)
{
    if (job->polls_uncounted > 0)
        job_mark_changed(job);
}
