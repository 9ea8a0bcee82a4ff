/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "daemon/queue/lease-book-private.h"

/* ---- what becomes of a lease ---- */

void lease_book_release_job(const LeaseBook *book, const char *id, const CallError *cause)
{
    Job *job = registry_find(book->context.registry, id);

    if (job && !job_state_is_final(job->record.state) && job->record.message.queue)
        job_release(job, cause);
}

static void book_delete(LeaseBook *book, Lease *lease)
{
    lease_index_close(&book->index, lease);
    lease_delete(lease);
}

void lease_book_return(LeaseBook *book, Lease *lease)
{
    lease->source->counts[MESSAGE_RELEASED]++;
    lease_index_forget_message(&book->index, lease);
    lease_index_close(&book->index, lease);
    lease_return(lease);
    lease_rows_change(&book->rows, lease);
}

/* Nothing is left of it but its row. */
static void book_drop(LeaseBook *book, Lease *lease)
{
    lease_index_remove(&book->index, lease);
    lease_end(lease);
    lease_rows_change(&book->rows, lease);
}

static void on_extended(Lease *lease, void *userdata)
{
    LeaseBook *book = userdata;

    lease_rows_change(&book->rows, lease);
}

/* Its end is saved with the next transaction. */
static bool job_is_ending(const LeaseBook *book, const LeasedJob *leased)
{
    const Job *job = leased ? registry_find(book->context.registry, leased->id) : NULL;

    return job && job_state_is_final(job->record.state) && job->record.state != JOB_RELEASED;
}

static void on_lost(Lease *lease, const CallError *cause, void *userdata)
{
    LeaseBook *book = userdata;
    const LeasedJob *job = lease->job;

    if (job_is_ending(book, job)) /* whose outcome is still to be written */
        return;
    lease->source->counts[MESSAGE_RELEASED] += lease->stage == LEASE_HELD;
    if (job && LIST_FIRST(&job->leases) == lease && !LIST_NEXT(lease, entry))
        lease_book_release_job(book, job->id, cause);
    book_drop(book, lease);
}

static void on_done(Lease *lease, void *userdata)
{
    LeaseBook *book = userdata;

    if (lease->stage != LEASE_RETURNING) {
        book_drop(book, lease);
        return;
    }
    lease_index_remove(&book->index, lease); /* its row is gone already */
    lease_free(lease);
    book->context.room(book->context.userdata);
}

/* ---- the ends of jobs ---- */

/* Where that cannot be read, lease_book_outcome_sent() will come. */
static bool outcome_waits(const LeaseBook *book, const LeaseSource *source, const char *job)
{
    return book->context.outbox && outbox_has_outcome(book->context.outbox, source->name, job) != 0;
}

/* A message whose job has ended waits for the outcome, or is deleted at once. Where a reload took
 * the outcome-url away with the queue, the outcome is for another host to send. */
static void book_delete_due(LeaseBook *book, LeasedJob *job)
{
    const LeaseSource *source = NULL;
    Lease *lease, *next;
    bool waits = false;

    for (lease = LIST_FIRST(&job->leases); lease; lease = next) {
        next = LIST_NEXT(lease, entry);
        if (lease->source != source) { /* asked once for many in a row */
            source = lease->source;
            waits = outcome_waits(book, source, job->id);
        }
        if (waits)
            continue;
        if (source->tells && source->leaving)
            lease_book_return(book, lease);
        else
            book_delete(book, lease);
    }
}

void lease_book_job_ended(LeaseBook *book, LeasedJob *job)
{
    Lease *lease;

    leased_job_move(job, &book->index.ended);
    LIST_FOREACH (lease, &job->leases, entry)
        lease_job_ended(lease);
    book_delete_due(book, job);
}

void lease_book_check_outcomes(LeaseBook *book)
{
    LeasedJob *job, *next;

    for (job = LIST_FIRST(&book->index.ended); job; job = next) {
        next = LIST_NEXT(job, entry);
        book_delete_due(book, job);
    }
}

void lease_book_outcome_sent(LeaseBook *book, const char *queue, const char *id)
{
    LeasedJob *job = lease_index_find_job(&book->index, id);
    Lease *lease, *next;

    for (lease = job ? LIST_FIRST(&job->leases) : NULL; lease; lease = next) {
        next = LIST_NEXT(lease, entry);
        if (lease->stage == LEASE_ENDED && strcmp(lease->source->name, queue) == 0)
            book_delete(book, lease);
    }
}

/* The job is gone with the last one. */
static void book_return_all(LeaseBook *book, LeasedJob *job)
{
    Lease *lease, *next;

    for (lease = LIST_FIRST(&job->leases); lease; lease = next) {
        next = LIST_NEXT(lease, entry);
        lease_book_return(book, lease);
    }
}

static int on_job_ended(const JobRecord *record, Store *store, void *userdata)
{
    LeaseBook *book = userdata;
    LeasedJob *job = lease_index_find_job(&book->index, record->id);
    const Lease *lease;
    int r = 0;

    (void)store;
    if (!job)
        return 0;
    if (record->state == JOB_RELEASED) { /* its target is not known here any more */
        book_return_all(book, job);
        return 0;
    }
    leased_job_move(job, &book->index.ending); /* where it is already, if this is another try */
    LIST_FOREACH (lease, &job->leases, entry)
        if (r >= 0 && book->context.outbox)
            r = outbox_add_outcome(book->context.outbox, lease->source->name, record);
    return r;
}

/* ---- the transaction ---- */

static bool on_has_changes(void *userdata)
{
    const LeaseBook *book = userdata;

    return lease_rows_have_changes(&book->rows);
}

static int on_save(Store *store, void *userdata)
{
    const LeaseBook *book = userdata;

    return lease_rows_save(&book->rows, book->context.timers, store);
}

void lease_book_arm(LeaseBook *book)
{
    uint64_t next_usec = timers_next_usec(book->leases.ends);

    if (next_usec != TIMER_NEVER)
        timer_set(&book->end_timer, next_usec);
}

static void lease_saved(Lease *lease)
{
    switch (lease->stage) {
    case LEASE_GONE:
        lease_free(lease);
        break;
    case LEASE_RETURNING:
        lease_give_back(lease);
        break;
    default:
        if (!lease->stored) {
            lease->source->counts[lease->joined ? MESSAGE_JOINED : MESSAGE_TAKEN]++;
            lease_start(lease);
        }
        lease->stored = true;
    }
}

static void book_saved(LeaseBook *book)
{
    LeasedJob *job;
    Lease *lease;

    while ((lease = lease_rows_take(&book->rows)))
        lease_saved(lease);
    while ((job = LIST_FIRST(&book->index.ending)))
        lease_book_job_ended(book, job);
    if (book->leaving) /* jobs that a StopImport held up may go now; but none may change here */
        timer_set(&book->leave_timer, timers_boottime_usec(book->context.timers));
    lease_book_arm(book);
}

/* A message whose row could not be saved is not held; it comes again. */
static void book_not_saved(LeaseBook *book)
{
    Lease *lease, *next;

    for (lease = lease_rows_first(&book->rows); lease; lease = next) {
        next = lease_rows_next(lease);
        if (lease->stored || lease->stage >= LEASE_RETURNING)
            continue;
        lease_rows_forget(&book->rows, lease);
        lease_index_remove(&book->index, lease);
        lease_free(lease);
    }
}

static void on_saved(int r, void *userdata)
{
    LeaseBook *book = userdata;

    lease_rows_saved(&book->rows, r);
    if (r < 0) {
        book_not_saved(book);
        return;
    }
    book_saved(book);
    book->context.room(book->context.userdata);
}

bool lease_book_is_failing(const LeaseBook *book)
{
    return book->rows.failing;
}

/* ---- messages come ---- */

bool lease_book_renew(LeaseBook *book, LeaseSource *source, const SqsMessage *message,
                      const LeaseTime *time)
{
    Lease *lease = lease_index_find(&book->index, source, message->id);

    if (!lease)
        return false;
    lease_renew(lease, message, time);
    lease_rows_change(&book->rows, lease);
    return true;
}

int lease_book_add(LeaseBook *book, LeaseSource *source, const SqsMessage *message,
                   const LeaseTime *time, const char *job_id, Lease **ret)
{
    Lease *lease;
    int r = lease_new(&book->leases, source, message, time, &lease);

    if (r >= 0 && (r = lease_index_add(&book->index, lease, job_id)) < 0)
        lease_free(lease);
    if (r >= 0)
        *ret = lease;
    return r;
}

int lease_book_take(LeaseBook *book, LeaseSource *source, const SqsMessage *message,
                    const LeaseTime *time, const JobRequest *request)
{
    bool joins = registry_find_key(book->context.registry, request->target, &request->key) != NULL;
    char id[JOB_ID_SIZE];
    Lease *lease;
    int r = registry_request(book->context.registry, request, id);

    if (r < 0)
        return r;
    r = lease_book_add(book, source, message, time, id, &lease);
    if (r < 0) {
        if (!joins) /* the message comes again; until then nobody is to go on with it */
            lease_book_release_job(book, id, &call_error_no_memory);
        return r;
    }
    lease->joined = joins;
    lease_rows_change(&book->rows, lease);
    return 0;
}

/* ---- what is held ---- */

unsigned lease_book_count_jobs_of(const LeaseBook *book, const LeaseSource *source)
{
    const LeasedJob *job;
    unsigned n = 0;

    LIST_FOREACH (job, &book->index.under_way, entry)
        n += leased_job_has(job, source);
    return n;
}

unsigned lease_book_count_jobs(const LeaseBook *book)
{
    const LeasedJob *leased;
    unsigned n = 0;

    LIST_FOREACH (leased, &book->index.under_way, entry) {
        const Job *job = registry_find(book->context.registry, leased->id);

        n += job && job->record.message.queue;
    }
    return n;
}

/* ---- time ---- */

static void book_leave_again(void *userdata)
{
    (void)lease_book_leave(userdata);
}

void lease_book_end_due(LeaseBook *book)
{
    timers_run(book->leases.ends);
}

static void book_end_due(void *userdata)
{
    LeaseBook *book = userdata;

    lease_book_end_due(book);
    lease_book_arm(book);
}

/* ---- the book itself ---- */

int lease_book_new(const LeaseBookContext *context, LeaseBook **ret)
{
    LeaseBook *book = malloc(sizeof(*book));
    int r;

    if (!book)
        return -ENOMEM;
    *book = (LeaseBook){
        .context = *context,
        .leases = {.timers = context->timers,
                   .events = {.extended = on_extended,
                              .lost = on_lost,
                              .done = on_done,
                              .userdata = book}},
        .companion = {.ended = on_job_ended,
                      .has_changes = on_has_changes,
                      .save = on_save,
                      .saved = on_saved,
                      .userdata = book},
    };
    lease_rows_init(&book->rows);
    timer_init(&book->end_timer, context->timers, book_end_due, book);
    timer_init(&book->leave_timer, context->timers, book_leave_again, book);
    r = timers_new(context->clock, &book->leases.ends);
    if (r < 0) {
        lease_book_free(book);
        return r;
    }
    registry_add_companion(context->registry, &book->companion);
    *ret = book;
    return 0;
}

void lease_book_free(LeaseBook *book)
{
    Lease *lease;

    if (!book)
        return;
    while ((lease = lease_index_any(&book->index))) {
        lease_rows_forget(&book->rows, lease);
        lease_index_remove(&book->index, lease);
        lease_free(lease);
    }
    while ((lease = lease_rows_take(&book->rows))) /* those that are gone */
        lease_free(lease);
    lease_rows_clear(&book->rows);
    timer_clear(&book->end_timer);
    timer_clear(&book->leave_timer);
    timers_free(book->leases.ends);
    free(book);
}
