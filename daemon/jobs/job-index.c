/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-index.h"

#include <errno.h>
#include <string.h>

#include <search.h>

/* The trees hold pointers to the key inside the job: its id, or in the tree of its target what
 * others join it by. */
#define job_of(key, member) ((Job *)((char *)(key)-offsetof(Job, member)))

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

static int compare_keys(const void *one, const void *other)
{
    const JobKey *a = one, *b = other;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->service != b->service)
        return a->service < b->service ? -1 : 1;
    return strcmp(a->import_id, b->import_id);
}

Job *job_index_find(void *by_id, const char *id)
{
    char **node = tfind(id, &by_id, compare_ids);

    return node ? job_of(*node, record.id) : NULL;
}

Job *job_index_find_key(const Target *target, const JobKey *key)
{
    JobKey **node = tfind(key, &target->jobs, compare_keys);

    return node ? job_of(*node, registered.key) : NULL;
}

void job_index_close_to_joins(Job *job)
{
    if (job->registered.joinable)
        tdelete(&job->registered.key, &job->target->jobs, compare_keys);
    job->registered.joinable = false;
}

void job_index_remove(void **by_id, Job *job)
{
    tdelete(job->record.id, by_id, compare_ids);
    job_index_close_to_joins(job);
}

/* A job without target is in the tree of ids alone, and so is one that has ended. */
int job_index_add(void **by_id, Job *job)
{
    job->registered.key = (JobKey){
        .kind = job->record.kind,
        .service = job->record.service,
        .import_id = job->record.import_id,
    };
    if (!tsearch(job->record.id, by_id, compare_ids))
        return -ENOMEM;
    if (job->target && !tsearch(&job->registered.key, &job->target->jobs, compare_keys)) {
        tdelete(job->record.id, by_id, compare_ids);
        return -ENOMEM;
    }
    job->registered.joinable = job->target != NULL;
    return 0;
}
