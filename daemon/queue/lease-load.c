/* SPDX-License-Identifier: Apache-2.0 */
/* The book of leases at the start: messages of before. */
#include "common/time.h"
#include "daemon/jobs/store-message.h"
#include "daemon/queue/lease-book-private.h"

typedef struct Loading {
    LeaseBook *book;
    LeaseSource *(*find)(const char *name, void *userdata);
    void *userdata;
} Loading;

static int load_lease(LeaseBook *book, LeaseSource *source, const StoredMessage *stored)
{
    const SqsMessage message = {
        .id = stored->id, .receipt = stored->receipt, .receives = stored->receives};
    const LeaseTime time = {
        .asked_usec =
            stored->visible_boottime_usec - time_since(stored->asked_usec, stored->visible_usec),
        .ends_usec = stored->visible_boottime_usec,
    };
    Lease *lease;
    int r = lease_book_add(book, source, &message, &time, stored->job, &lease);

    if (r < 0)
        return r;
    lease->stored = true;
    lease_restart(lease);
    return 0;
}

static int load_message(StoredMessage *stored, void *userdata)
{
    const Loading *loading = userdata;
    LeaseBook *book = loading->book;
    LeaseSource *source = loading->find(stored->queue, loading->userdata);
    int r;

    if (!source || stored->visible_boottime_usec <= timers_boottime_usec(book->context.timers))
        return lease_rows_add_stale(&book->rows, stored);
    r = load_lease(book, source, stored);
    stored_message_clear(stored);
    return r;
}

/* Once all are known: one that goes on may ask for the same job. */
static void release_stale(const StoredMessage *stored, void *userdata)
{
    static char code[] = "LeaseEnded",
                message[] = "its message was not kept hidden from other hosts while this daemon "
                            "was not running, or its queue is not in the configuration any more";
    static const CallError over = {.code = code, .message = message};
    const LeaseBook *book = userdata;

    if (!lease_index_find_job(&book->index, stored->job))
        lease_book_release_job(book, stored->job, &over);
}

int lease_book_load(LeaseBook *book, LeaseSource *(*find)(const char *name, void *userdata),
                    void *userdata)
{
    Loading loading = {.book = book, .find = find, .userdata = userdata};
    LeasedJob *job, *next;
    int r = store_each_message(book->context.store, load_message, &loading);

    if (r < 0)
        return r;
    lease_rows_each_stale(&book->rows, release_stale, book);
    for (job = LIST_FIRST(&book->index.under_way); job; job = next) {
        next = LIST_NEXT(job, entry);
        if (!registry_find(book->context.registry, job->id))
            lease_book_job_ended(book, job);
    }
    lease_book_arm(book);
    return 0;
}
