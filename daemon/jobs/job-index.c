/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/job-index.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <search.h>

/* The trees hold pointers to the key inside the job: its id, or what others join it by. */
#define job_of(key, member) ((Job *)((char *)(key)-offsetof(Job, member)))

static int compare_ids(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* One import's jobs stand side by side, whatever their targets. */
static int compare_keys(const void *one, const void *other)
{
    const JobKey *a = one, *b = other;

    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->service != b->service)
        return a->service < b->service ? -1 : 1;
    return strcmp(a->import_id, b->import_id);
}

static int compare_targets(const Target *a, const Target *b)
{
    return a == b ? 0 : (uintptr_t)a < (uintptr_t)b ? -1 : 1;
}

static int compare_jobs(const void *one, const void *other)
{
    int r = compare_keys(one, other);

    return r != 0 ? r
                  : compare_targets(job_of(one, registered.key)->target,
                                    job_of(other, registered.key)->target);
}

typedef struct Wanted {
    const JobKey *key;
    const Target *target;
} Wanted;

/* tfind() has what it looks for come first. */
static int compare_wanted(const void *one, const void *other)
{
    const Wanted *wanted = one;
    int r = compare_keys(wanted->key, other);

    return r != 0 ? r : compare_targets(wanted->target, job_of(other, registered.key)->target);
}

Job *job_index_find(const JobIndex *index, const char *id)
{
    char **node = tfind(id, &index->by_id, compare_ids);

    return node ? job_of(*node, record.id) : NULL;
}

Job *job_index_find_key(const JobIndex *index, const Target *target, const JobKey *key)
{
    JobKey **node = target ? tfind(&(Wanted){key, target}, &index->by_key, compare_wanted)
                           : tfind(key, &index->by_key, compare_keys);

    return node ? job_of(*node, registered.key) : NULL;
}

void job_index_close_to_joins(JobIndex *index, Job *job)
{
    if (job->registered.joinable)
        tdelete(&job->registered.key, &index->by_key, compare_jobs);
    job->registered.joinable = false;
}

void job_index_remove(JobIndex *index, Job *job)
{
    tdelete(job->record.id, &index->by_id, compare_ids);
    job_index_close_to_joins(index, job);
}

/* A job without target is found by its id alone, and so is one that has ended. */
int job_index_add(JobIndex *index, Job *job)
{
    job->registered.key = (JobKey){
        .kind = job->record.kind,
        .service = job->record.service,
        .import_id = job->record.import_id,
    };
    if (!tsearch(job->record.id, &index->by_id, compare_ids))
        return -ENOMEM;
    if (job->target && !tsearch(&job->registered.key, &index->by_key, compare_jobs)) {
        tdelete(job->record.id, &index->by_id, compare_ids);
        return -ENOMEM;
    }
    job->registered.joinable = job->target != NULL;
    return 0;
}
