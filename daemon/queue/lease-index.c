/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/queue/lease-index.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <search.h>

#include "common/memory.h"

static int compare_messages(const void *one, const void *other)
{
    const Lease *a = one, *b = other;

    if (a->source != b->source)
        return (uintptr_t)a->source < (uintptr_t)b->source ? -1 : 1;
    return strcmp(a->id, b->id);
}

static int compare_jobs(const void *one, const void *other)
{
    return strcmp(one, other);
}

Lease *lease_index_find(const LeaseIndex *index, LeaseSource *source, const char *message_id)
{
    Lease sought = {.source = source, .id = (char *)message_id};
    Lease **node = tfind(&sought, &index->by_message, compare_messages);

    return node ? *node : NULL;
}

LeasedJob *lease_index_find_job(const LeaseIndex *index, const char *id)
{
    LeasedJob **node = tfind(id, &index->by_job, compare_jobs);

    return node ? *node : NULL;
}

/* NULL: no memory. */
static LeasedJob *add_job(LeaseIndex *index, const char *id)
{
    LeasedJob *job = calloc(1, sizeof(*job));

    if (!job)
        return NULL;
    strcpy(job->id, id);
    if (!tsearch(job, &index->by_job, compare_jobs)) {
        free(job);
        return NULL;
    }
    LIST_INSERT_HEAD(&index->under_way, job, entry);
    return job;
}

static void leave_job(LeaseIndex *index, Lease *lease)
{
    LeasedJob *job = TAKE(lease->job);

    LIST_REMOVE(lease, entry);
    if (!job || !LIST_EMPTY(&job->leases))
        return;
    tdelete(job, &index->by_job, compare_jobs);
    LIST_REMOVE(job, entry);
    free(job);
}

int lease_index_add(LeaseIndex *index, Lease *lease, const char *job_id)
{
    LeasedJob *job;

    if (!tsearch(lease, &index->by_message, compare_messages))
        return -ENOMEM;
    job = lease_index_find_job(index, job_id);
    if (!job)
        job = add_job(index, job_id);
    if (!job) {
        lease_index_forget_message(index, lease);
        return -ENOMEM;
    }
    LIST_INSERT_HEAD(&job->leases, lease, entry);
    lease->job = job;
    strcpy(lease->job_id, job_id);
    return 0;
}

void lease_index_close(LeaseIndex *index, Lease *lease)
{
    leave_job(index, lease);
    LIST_INSERT_HEAD(&index->closing, lease, entry);
}

void lease_index_forget_message(LeaseIndex *index, Lease *lease)
{
    if (lease_index_find(index, lease->source, lease->id) == lease)
        tdelete(lease, &index->by_message, compare_messages);
}

void lease_index_remove(LeaseIndex *index, Lease *lease)
{
    lease_index_forget_message(index, lease);
    leave_job(index, lease);
}

Lease *lease_index_any(const LeaseIndex *index)
{
    const LeasedJobs *lists[] = {&index->under_way, &index->ending, &index->ended};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (!LIST_EMPTY(lists[i]))
            return LIST_FIRST(&LIST_FIRST(lists[i])->leases);
    return LIST_FIRST(&index->closing);
}

void leased_job_move(LeasedJob *job, LeasedJobs *to)
{
    LIST_REMOVE(job, entry);
    LIST_INSERT_HEAD(to, job, entry);
}

bool leased_job_has(const LeasedJob *job, const LeaseSource *source)
{
    const Lease *lease;

    LIST_FOREACH (lease, &job->leases, entry)
        if (lease->source == source)
            return true;
    return false;
}

bool leased_job_stays(const LeasedJob *job)
{
    const Lease *lease;

    LIST_FOREACH (lease, &job->leases, entry)
        if (!lease->source->leaving)
            return true;
    return false;
}
