/* SPDX-License-Identifier: Apache-2.0 */
/* What a client, a guard or a message of a queue asks for, and the record of the job that is made
 * of it. */
#pragma once

#include "daemon/jobs/job-record.h"
#include "daemon/jobs/target.h"

typedef struct JobRequest {
    Target *target;
    JobKey key;
    const char *reason;        /* NULL: none given */
    const char *guard;         /* that asks for it; NULL: a client or a message does */
    const JobMessage *message; /* likewise; NULL: none */
    Requester requester;
    uint64_t timeout_usec; /* 0: none */
    unsigned max_waits;    /* of the requester's user that may be under way for this to be one more;
                              0: any number */
} JobRequest;

/* A record that the caller owns, as of now. 0 or -ENOMEM, or the negative errno of a system that
 * has no random numbers. */
int job_request_make_record(const JobRequest *request, const Timers *timers, uint64_t number,
                            JobRecord *ret);
