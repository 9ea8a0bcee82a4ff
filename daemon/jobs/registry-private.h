/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the registry: what its files share. Everybody else includes registry.h. */
#pragma once

#include "daemon/jobs/job-changes.h"
#include "daemon/jobs/job-index.h"
#include "daemon/jobs/registry.h"
#include "daemon/jobs/user-counts.h"

TAILQ_HEAD(JobList, Job);

/* At a shutdown: of looks at all jobs, the one that has begun last. */
typedef struct RegistryRound {
    Job *next; /* NULL: all were looked at */
    bool begun, waits;
    uint64_t n_changes; /* of the registry; what it changes itself does not count */
} RegistryRound;

struct Registry {
    JobContext context; /* of all jobs */
    Store *store;
    struct JobList jobs; /* all of them */
    Job *reviewed_next;  /* after a reload; NULL: all were */
    RegistryRound finishing;
    JobIndex index;
    unsigned n_jobs, max_jobs;
    unsigned n_in_state[N_JOB_STATES];
    UserCounts waits; /* of each user */
    JobChanges changes;
    uint64_t n_changes;    /* whatever became of them */
    bool failing;          /* they could not be saved */
    bool settled_observed; /* what is settled among the changes is to be logged */
    uint64_t last_number;
    FollowerList followers; /* of all jobs */
    JobTexts *texts;
};

/* Frees it: its end is on disk, or nothing of it is. */
void registry_remove(Registry *registry, Job *job);
