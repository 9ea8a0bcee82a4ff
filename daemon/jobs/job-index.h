/* SPDX-License-Identifier: Apache-2.0 */
/* Where the registry finds jobs: all of them by their id, and those that a request can join by what
 * they are about, in a tree of their target. by_id is a tsearch(3) tree, NULL while it is empty. */
#pragma once

#include "daemon/jobs/job.h"

Job *job_index_find(void *by_id, const char *id); /* NULL: there is none */
Job *job_index_find_key(const Target *target, const JobKey *key);

int job_index_add(void **by_id, Job *job); /* 0 or -ENOMEM */
void job_index_remove(void **by_id, Job *job);

/* No further request joins it. */
void job_index_close_to_joins(Job *job);
