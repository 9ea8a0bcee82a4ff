/* SPDX-License-Identifier: Apache-2.0 */
/* Where the registry finds jobs: all of them by their id, and those that a request can join by what
 * they are about and their target. It begins all zero, and needs no memory but the links in the
 * jobs. */
#pragma once

#include "daemon/jobs/job.h"

typedef struct JobIndex {
    Job *by_id, *by_key; /* the roots of two trees */
} JobIndex;

Job *job_index_find(const JobIndex *index, const char *id); /* NULL: there is none */
/* target NULL: the first of all targets that have one. */
Job *job_index_find_key(const JobIndex *index, const Target *target, const JobKey *key);
/* Another target's job of the same import; NULL: this is the last that a request can join. */
Job *job_index_next_of_key(const JobIndex *index, const Job *job);

void job_index_add(JobIndex *index, Job *job);
void job_index_remove(JobIndex *index, Job *job);

/* No further request joins it. */
void job_index_close_to_joins(JobIndex *index, Job *job);
