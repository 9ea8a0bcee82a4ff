/* SPDX-License-Identifier: Apache-2.0 */
/* What the registry's next commit saves: jobs that changed, what was seen of one that ended long
 * ago, and what companions have beside them; all in one transaction. */
#pragma once

#include "daemon/jobs/companion.h"
#include "daemon/jobs/job.h"

typedef TAILQ_HEAD(JobChangeList, Job) JobChangeList;

typedef struct JobChanges {
    JobChangeList jobs;   /* in the order of their first change */
    size_t weight;        /* of these, see job_changes_are_many() */
    JobRecord settled;    /* owned, see registry_settle(); without import_id: none */
    uint64_t last_change; /* JobRecord.change */
    CompanionList companions;
} JobChanges;

void job_changes_init(JobChanges *changes, uint64_t last_change);
void job_changes_clear(JobChanges *changes); /* its jobs are all removed */

void job_changes_add(JobChanges *changes, Job *job);    /* takes one that is there */
void job_changes_remove(JobChanges *changes, Job *job); /* takes one that is not */

/* A job changed, or one that ended long ago; a companion may have something to save besides. */
bool job_changes_of_jobs(const JobChanges *changes);
bool job_changes_of_any(const JobChanges *changes);

/* As many as one turn of the loop saves in its time: what can wait with further ones does. A job
 * counts for one, and for one more with each KiB of text that was sent with its request. */
bool job_changes_are_many(const JobChanges *changes);

/* Numbers the changes and saves all of them, or none: they stay as they are. 0, -ENOMEM or negative
 * errno of the store. */
int job_changes_save(JobChanges *changes, Store *store);

/* Notifies the companions how that went. */
void job_changes_notify_companions(const JobChanges *changes, int r);
