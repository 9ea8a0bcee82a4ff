/* SPDX-License-Identifier: Apache-2.0 */
/* Where the book of leases finds them: by message, and by the job that each asks for. Part of
 * lease-book.h.
 *
 * A lease is in one list at a time: of those of its job, or, once its message is being deleted or
 * given back, of those that are closing. A job is there while a lease asks for it. */
#pragma once

#include "daemon/queue/lease.h"

/* A job and the messages that ask for it. */
typedef struct LeasedJob {
    char id[JOB_ID_SIZE]; /* first: the tree holds it */
    LeaseList leases;     /* one at least */
    LIST_ENTRY(LeasedJob) entry;
} LeasedJob;

typedef LIST_HEAD(LeasedJobs, LeasedJob) LeasedJobs;

/* Begins all zero. */
typedef struct LeaseIndex {
    void *by_message;     /* tsearch(3) trees: of the leases that a message may come back to, */
    void *by_job;         /* and of the jobs */
    LeasedJobs under_way; /* as far as is on disk */
    LeasedJobs ending;    /* by the next transaction */
    LeasedJobs ended;     /* whose outcome is still to be sent */
    LeaseList closing;
} LeaseIndex;

/* NULL: there is none. */
Lease *lease_index_find(const LeaseIndex *index, LeaseSource *source, const char *message_id);
LeasedJob *lease_index_find_job(const LeaseIndex *index, const char *id);

/* A lease that asks for the job of this id. 0 or -ENOMEM. */
int lease_index_add(LeaseIndex *index, Lease *lease, const char *job_id);

/* Its job does not depend on it any more, and is forgotten with its last lease. */
void lease_index_close(LeaseIndex *index, Lease *lease);

void lease_index_forget_message(LeaseIndex *index, Lease *lease); /* none comes back to it */

/* Out of all of it. */
void lease_index_remove(LeaseIndex *index, Lease *lease);

/* Any lease of any list; NULL: none is left. */
Lease *lease_index_any(const LeaseIndex *index);

/* Puts the job into another of the lists. */
void leased_job_move(LeasedJob *job, LeasedJobs *to);

bool leased_job_has(const LeasedJob *job, const LeaseSource *source); /* a lease of this source */
bool leased_job_stays(const LeasedJob *job); /* it has one of a source that does not leave */
