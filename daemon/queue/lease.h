/* SPDX-License-Identifier: Apache-2.0 */
/* A message of a queue that this host holds: hidden from other hosts until it is deleted, given
 * back, or lost because its time is over.
 *
 * Time is this host's CLOCK_BOOTTIME alone, from before the request was sent that hid the message:
 * so a lease is over here before it is at SQS, whatever clocks other hosts have. At a third of its
 * time the message is hidden again for all of it. A refusal of that (SQS hides no message for more
 * than 12 hours) and a queue that cannot be reached change nothing before the time is over; a
 * receipt that is stale says that the message is another host's already.
 *
 * A lease owns its call and its timers; what becomes of the job that the message asks for, and of
 * the row in the store, is for the book of leases (lease-book.h), which is notified by
 * LeaseEvents. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/aws/sqs.h"
#include "daemon/base/log-limit.h"
#include "daemon/jobs/job-record.h"
#include "daemon/jobs/outage.h"

/* What has become of the messages of a queue; results of trailstop_queue_messages_total. */
typedef enum MessageResult {
    MESSAGE_TAKEN,  /* a job was made of it */
    MESSAGE_JOINED, /* a job was under way */
    MESSAGE_REJECTED,
    MESSAGE_RELEASED, /* given back, or lost, while its job was under way */
    MESSAGE_DELETED,
    N_MESSAGE_RESULTS
} MessageResult;

const char *message_result_name(MessageResult result);

/* What leases know of the queue that they are of; outlives them. */
typedef struct LeaseSource {
    char *name, *url;
    AwsClient *client; /* of SQS */
    Outage *outage;
    uint64_t visibility_usec; /* whole seconds */
    bool tells;               /* it has an outcome-url, or had one when it left */
    bool leaving;             /* its leases are given back as soon as their jobs can let go */
    unsigned n_leases;        /* all of them */
    unsigned n_under_way;     /* of them, those whose job is */
    uint64_t counts[N_MESSAGE_RESULTS];
    LogLimit delete_refusals;
} LeaseSource;

typedef enum LeaseStage {
    LEASE_HELD,      /* its job is under way */
    LEASE_ENDED,     /* the job has ended, its outcome is to be sent first */
    LEASE_DELETING,  /* the message is to be deleted */
    LEASE_RETURNING, /* the message is to be visible to others at once */
    LEASE_GONE,      /* only its row is left */
} LeaseStage;

/* For how long a message is hidden from other hosts; CLOCK_BOOTTIME. */
typedef struct LeaseTime {
    uint64_t asked_usec; /* before the request for it was sent */
    uint64_t ends_usec;
} LeaseTime;

typedef struct Lease Lease;

/* Each comes from a timer or the end of a call, and may free the lease. */
typedef struct LeaseEvents {
    void (*extended)(Lease *lease, void *userdata); /* it has another end */
    /* It is over, or (cause is AWS's) another host's: nothing more may be called for its job. */
    void (*lost)(Lease *lease, const CallError *cause, void *userdata);
    void (*done)(Lease *lease, void *userdata); /* deleted or given back, as far as can be known */
    void *userdata;
} LeaseEvents;

/* What all leases share; outlives them. */
typedef struct LeaseContext {
    Timers *timers;
    Timers *ends; /* of the same clock, for the ends of leases alone: see lease_book_end_due() */
    LeaseEvents events;
} LeaseContext;

struct Lease {
    const LeaseContext *context;
    LeaseSource *source;
    char *id, *receipt;
    unsigned receives; /* 0: not known */
    LeaseStage stage;
    LeaseTime time;
    Timer call_timer; /* the next call */
    Timer end_timer;  /* in context->ends */
    OutageWait outage_wait;
    AwsCall *call;            /* under way; NULL: none */
    uint64_t visibility_usec; /* that it asks for */
    LeaseTime next;           /* the lease's, where the call's last attempt succeeds */
    CallError refusal;        /* the last one of an extension; empty: none */

    /* The book's. */
    char job_id[JOB_ID_SIZE];
    struct LeasedJob *job;   /* that the message asks for; NULL once it does not matter to it */
    LIST_ENTRY(Lease) entry; /* of the messages of the job, else of those that are closing */
    TAILQ_ENTRY(Lease) change_entry; /* see lease-rows.h */
    bool changed;
    bool stored; /* it has a row */
    bool joined; /* the job was under way already */
};

typedef LIST_HEAD(LeaseList, Lease) LeaseList;

/* A message of the source; copies the strings. Nothing happens before lease_start(). 0 or -ENOMEM.
 */
int lease_new(const LeaseContext *context, LeaseSource *source, const SqsMessage *message,
              const LeaseTime *time, Lease **ret);
void lease_free(Lease *lease); /* gives up a call under way; takes NULL */

/* From now on it is extended, and it may end. */
void lease_start(Lease *lease);

/* The same for one of before a restart, which is extended at once. */
void lease_restart(Lease *lease);

/* The message was delivered again: another receipt and another time. Without memory it goes on as
 * it was. */
void lease_renew(Lease *lease, const SqsMessage *message, const LeaseTime *time);

void lease_job_ended(Lease *lease); /* its message is held until: */
void lease_delete(Lease *lease);

/* It is to be given back: nothing more is called for it until lease_give_back(), and then once. */
void lease_return(Lease *lease);
void lease_give_back(Lease *lease);

/* Nothing more is called for it. */
void lease_end(Lease *lease);
