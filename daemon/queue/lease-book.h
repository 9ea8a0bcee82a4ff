/* SPDX-License-Identifier: Apache-2.0 */
/* All messages that this host holds, by message and by the job that each asks for, and their rows
 * in the store, which are saved in the transaction of the jobs: a job that is made of a message is
 * on disk with it or not at all, and so is its end.
 *
 * A job that a message made lives as long as one of the messages that ask for it is held: with the
 * last one it is released, since another host has the request then, and calls nothing more. That is
 * looked at before anything may go onto the wire (lease_book_end_due()). A job that was made on
 * this host goes on without its messages.
 *
 * A message is deleted when its job's end is on disk and, where the queue has outcomes, its outcome
 * has been sent; what is given back is on disk as such before. */
#pragma once

#include "common/memory.h"
#include "daemon/jobs/outbox.h"
#include "daemon/jobs/registry.h"
#include "daemon/queue/lease.h"

typedef struct LeaseBook LeaseBook;

/* What a book works with; outlives it. */
typedef struct LeaseBookContext {
    Timers *timers;
    const Clock *clock; /* the timers' own */
    Registry *registry;
    Store *store;
    Outbox *outbox; /* NULL: there are no outcomes */
    /* Leases were freed, jobs ended, or the store can be written again: another message may be
       taken. */
    void (*room)(void *userdata);
    void *userdata;
} LeaseBookContext;

int lease_book_new(const LeaseBookContext *context, LeaseBook **ret);
void lease_book_free(LeaseBook *book); /* before the registry; takes NULL */
DEFINE_CLEANUP(LeaseBook, lease_book_free)

/* At the start, once the registry has the jobs and before any of them calls: what was held goes on
 * with the receipt that is known, where its time is not over; else its job is released. find gives
 * the queue of a name, or NULL. 0, or negative errno of the store. */
int lease_book_load(LeaseBook *book, LeaseSource *(*find)(const char *name, void *userdata),
                    void *userdata);

/* A message that was received. True: it is held already, and goes on with the new receipt. */
bool lease_book_renew(LeaseBook *book, LeaseSource *source, const SqsMessage *message,
                      const LeaseTime *time);

/* Holds a message, which is not held yet, for the job that it asks for: a new one, or one that is
 * under way. It is held from the next commit on. Errors as of registry_request(). */
int lease_book_take(LeaseBook *book, LeaseSource *source, const SqsMessage *message,
                    const LeaseTime *time, const JobRequest *request);

/* Gives a message back at once that is not to be taken; without memory it comes back by itself. */
void lease_book_pass_on(LeaseBook *book, LeaseSource *source, const SqsMessage *message,
                        const LeaseTime *time);

/* The outcome of this job was sent to the queue's outcome-url. */
void lease_book_outcome_sent(LeaseBook *book, const char *queue, const char *job);

/* The configuration may have other outcome-urls now. */
void lease_book_check_outcomes(LeaseBook *book);

/* Gives back what is held of sources that leave. A StopImport on the wire is let finish first; call
 * it for each turn until it says that nothing is left to wait for. What it gave back is on disk
 * first, then called for. */
bool lease_book_leave(LeaseBook *book);

/* How many jobs are under way that messages of this queue ask for. */
unsigned lease_book_count_jobs_of(const LeaseBook *book, const LeaseSource *source);

/* How many jobs end with their messages: those that messages made. */
unsigned lease_book_count_jobs(const LeaseBook *book);

/* Ends the leases that are over. To be called before the network is written to: when the process
 * has been stopped for a while, what lies ready to be sent comes before the timers. */
void lease_book_end_due(LeaseBook *book);

/* The store could not be written: no further message is to be taken. */
bool lease_book_is_failing(const LeaseBook *book);
