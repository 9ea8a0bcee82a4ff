/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-changes.h"

#include <assert.h>
#include <string.h>

#define WEIGHT_MANY 256U
#define TEXT_A_UNIT 1024U

void job_changes_init(JobChanges *changes, uint64_t last_change)
{
    *changes = (JobChanges){.last_change = last_change};
    TAILQ_INIT(&changes->jobs);
    TAILQ_INIT(&changes->companions);
}

void job_changes_clear(JobChanges *changes)
{
    assert(TAILQ_EMPTY(&changes->jobs));
    job_record_clear(&changes->settled);
}

static size_t weight_of(const Job *job)
{
    const char *reason = job->record.reason; /* the only text of any length that never changes */

    return 1 + (reason ? strlen(reason) / TEXT_A_UNIT : 0);
}

void job_changes_add(JobChanges *changes, Job *job)
{
    if (job->registered.changed)
        return;
    job->registered.changed = true;
    TAILQ_INSERT_TAIL(&changes->jobs, job, registered.change_entry);
    changes->weight += weight_of(job);
}

void job_changes_remove(JobChanges *changes, Job *job)
{
    if (!job->registered.changed)
        return;
    job->registered.changed = false;
    TAILQ_REMOVE(&changes->jobs, job, registered.change_entry);
    assert(changes->weight >= weight_of(job));
    changes->weight -= weight_of(job);
}

bool job_changes_of_jobs(const JobChanges *changes)
{
    return !TAILQ_EMPTY(&changes->jobs) || changes->settled.import_id;
}

bool job_changes_of_any(const JobChanges *changes)
{
    const RegistryCompanion *companion;

    if (job_changes_of_jobs(changes))
        return true;
    TAILQ_FOREACH (companion, &changes->companions, entry)
        if (companion->has_changes(companion->userdata))
            return true;
    return false;
}

bool job_changes_are_many(const JobChanges *changes)
{
    return changes->weight >= WEIGHT_MANY;
}

static int put_job(JobChanges *changes, Store *store, JobRecord *record)
{
    record->change = ++changes->last_change;
    return store_put_job(store, record);
}

static int put_end(const JobChanges *changes, Store *store, const JobRecord *record)
{
    const RegistryCompanion *companion;
    int r = 0;

    TAILQ_FOREACH (companion, &changes->companions, entry) {
        r = companion->ended(record, store, companion->userdata);
        if (r < 0)
            break;
    }
    return r;
}

static int put_all(JobChanges *changes, Store *store)
{
    const RegistryCompanion *companion;
    Job *job;
    int r;

    TAILQ_FOREACH (job, &changes->jobs, registered.change_entry) {
        r = put_job(changes, store, &job->record);
        if (r >= 0 && job_state_is_final(job->record.state))
            r = put_end(changes, store, &job->record);
        if (r < 0)
            return r;
    }
    if (changes->settled.import_id && (r = put_job(changes, store, &changes->settled)) < 0)
        return r;
    TAILQ_FOREACH (companion, &changes->companions, entry)
        if (companion->has_changes(companion->userdata) &&
            (r = companion->save(store, companion->userdata)) < 0)
            return r;
    return 0;
}

int job_changes_save(JobChanges *changes, Store *store)
{
    int r = store_begin(store);

    if (r < 0)
        return r;
    r = put_all(changes, store);
    if (r < 0) {
        store_rollback(store);
        return r;
    }
    return store_commit(store);
}

void job_changes_notify_companions(const JobChanges *changes, int r)
{
    const RegistryCompanion *companion;

    TAILQ_FOREACH (companion, &changes->companions, entry)
        companion->saved(r, companion->userdata);
}
