/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the book of leases: what its files share. Everybody else includes lease-book.h. */
#pragma once

#include "daemon/queue/lease-book.h"
#include "daemon/queue/lease-index.h"
#include "daemon/queue/lease-rows.h"

struct LeaseBook {
    LeaseBookContext context;
    LeaseContext leases;
    RegistryCompanion companion;
    LeaseIndex index;
    LeaseRows rows;
    Timer end_timer;   /* the next lease is over */
    Timer leave_timer; /* what leaves is looked at again */
    bool leaving;      /* some source may have something to give back */
};

/* Holds the message for this job. 0 or -ENOMEM. */
int lease_book_add(LeaseBook *book, LeaseSource *source, const SqsMessage *message,
                   const LeaseTime *time, const char *job_id, Lease **ret);

/* Another host has the request now, or will have it: ends the job, where a message made it. */
void lease_book_release_job(const LeaseBook *book, const char *id, const CallError *cause);

/* Gives the message back once that is on disk; its job does not depend on it any more. */
void lease_book_return(LeaseBook *book, Lease *lease);

/* Its end is on disk. */
void lease_book_job_ended(LeaseBook *book, LeasedJob *job);

/* A lease was started: the next one that is over may be another. */
void lease_book_arm(LeaseBook *book);
