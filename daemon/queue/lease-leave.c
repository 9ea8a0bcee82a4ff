/* SPDX-License-Identifier: Apache-2.0 */
/* The book of leases: what goes back to the queue, so that another host may have it. */
#include "daemon/queue/lease-book-private.h"

void lease_book_pass_on(LeaseBook *book, LeaseSource *source, const SqsMessage *message,
                        const LeaseTime *time)
{
    Lease *lease;

    if (*message->receipt == '\0' ||
        lease_book_renew(book, source, message, time) || /* and is given back when it may be */
        lease_new(&book->leases, source, message, time, &lease) < 0)
        return;
    LIST_INSERT_HEAD(&book->index.closing, lease, entry);
    lease_return(lease);
    lease_give_back(lease); /* it has no row that would have to go first */
}

/* Gives back what sources that leave hold for the job. True: a call of it is waited for. */
static bool book_leave_job(LeaseBook *book, LeasedJob *leased)
{
    Job *job = registry_find(book->context.registry, leased->id);
    Lease *lease, *next;

    if (!job || job_state_is_final(job->record.state))
        return true; /* that is saved first */
    if (job->record.message.queue && !leased_job_stays(leased)) {
        if (job_finish(job))
            return true;
        job_release(job, NULL);
    }
    for (lease = LIST_FIRST(&leased->leases); lease; lease = next) {
        next = LIST_NEXT(lease, entry);
        if (lease->source->leaving)
            lease_book_return(book, lease);
    }
    return false;
}

/* What waits because its queue is unreachable, or its call has failed, is not waited for. */
static bool lease_is_waited_for(const Lease *lease)
{
    if (!lease->source->leaving)
        return false;
    return lease->stage == LEASE_RETURNING || lease->call ||
           (lease->outage_wait.place != OUTAGE_WAITING && lease->outage_wait.failures == 0);
}

bool lease_book_leave(LeaseBook *book)
{
    LeaseIndex *index = &book->index;
    bool waits = !LIST_EMPTY(&index->ending);
    LeasedJob *job, *next;
    const Lease *lease;

    for (job = LIST_FIRST(&index->under_way); job; job = next) {
        next = LIST_NEXT(job, entry);
        if (registry_has_many_changes(book->context.registry) || book_leave_job(book, job))
            waits = true;
    }
    LIST_FOREACH (lease, &index->closing, entry)
        waits = waits || lease_is_waited_for(lease);
    book->leaving = waits;
    return waits;
}
