/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-due.h"

#include <assert.h>

/* A call is due before the deadline. */
static bool job_calls_first(const Job *job)
{
    uint64_t deadline_usec = job->record.deadline_boottime_usec;

    return job->call_usec > 0 && (deadline_usec == 0 || job->call_usec < deadline_usec);
}

static void job_arm(Job *job)
{
    if (job_calls_first(job))
        timer_set(&job->timer, job->call_usec);
    else if (job->record.deadline_boottime_usec > 0)
        timer_set(&job->timer, job->record.deadline_boottime_usec);
    else
        timer_clear(&job->timer);
}

void job_call_in(Job *job, uint64_t delay_usec)
{
    uint64_t at_usec = timers_boottime_usec(job->timer.timers) + delay_usec;

    job->call_usec = at_usec > 0 ? at_usec : 1;
    job_arm(job);
}

void job_call_off(Job *job)
{
    if (job->call_usec == 0)
        return;
    job->call_usec = 0;
    job_arm(job);
}

bool job_take_call(Job *job)
{
    uint64_t deadline_usec = job->record.deadline_boottime_usec;

    assert(!job->timer.set);
    if (deadline_usec > 0 && deadline_usec <= timers_boottime_usec(job->timer.timers))
        return false;
    assert(job->call_usec > 0);
    job_call_off(job);
    return true;
}
