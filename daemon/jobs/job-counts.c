/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-counts.h"

#include <assert.h>

#include "common/time.h"

void job_counts_add(JobCounts *counts, JobState state)
{
    if (!job_state_is_final(state))
        counts->active[state]++;
}

void job_counts_remove(JobCounts *counts, JobState state)
{
    if (job_state_is_final(state))
        return;
    assert(counts->active[state] > 0);
    counts->active[state]--;
}

static void count_duration(JobCounts *counts, uint64_t elapsed_usec)
{
    static const unsigned bounds_sec[] = STOP_DURATION_BUCKETS;
    unsigned i = 0;

    _Static_assert(sizeof(bounds_sec) / sizeof(bounds_sec[0]) + 1 == N_STOP_DURATION_BUCKETS,
                   "one more than bounds");
    while (i < N_STOP_DURATION_BUCKETS - 1 && elapsed_usec > bounds_sec[i] * USEC_PER_SEC)
        i++;
    counts->stop_durations[i]++;
    counts->stop_duration_usec += elapsed_usec;
}

void job_counts_move(JobCounts *counts, JobState from, const JobRecord *record)
{
    JobState to = record->state;

    assert(!job_state_is_final(from));
    job_counts_remove(counts, from);
    job_counts_add(counts, to);
    if (job_state_is_final(to))
        counts->ended[to - N_ACTIVE_JOB_STATES]++;
    if (to == JOB_STOPPED && record->kind == JOB_STOP)
        count_duration(counts, job_record_elapsed_usec(record));
}
