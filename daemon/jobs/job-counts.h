/* SPDX-License-Identifier: Apache-2.0 */
/* What became of one target's jobs, counted as they change; for the metrics. */
#pragma once

#include <stdbool.h>

#include "daemon/jobs/job-record.h"

/* Upper bounds of the buckets of how long a stop took, in seconds; the last one has none. */
#define STOP_DURATION_BUCKETS                                                                      \
    {                                                                                              \
        1, 5, 10, 30, 60, 120, 300, 600, 1800, 3600                                                \
    }
#define N_STOP_DURATION_BUCKETS 11U

typedef struct JobCounts {
    unsigned active[N_ACTIVE_JOB_STATES];
    uint64_t ended[N_JOB_STATES - N_ACTIVE_JOB_STATES];
    uint64_t stop_durations[N_STOP_DURATION_BUCKETS]; /* each alone, not added up */
    uint64_t stop_duration_usec;                      /* of all of them together */
} JobCounts;

/* A job is there, or not any more; in a final state it counts for nothing. */
void job_counts_add(JobCounts *counts, JobState state);
void job_counts_remove(JobCounts *counts, JobState state);

/* A job that was not final goes on to the record's state. */
void job_counts_move(JobCounts *counts, JobState from, const JobRecord *record);
