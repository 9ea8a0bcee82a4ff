/* SPDX-License-Identifier: Apache-2.0 */
/* When a job is next due: for its next call or because its time is over, whichever comes first. One
 * timer serves both, as thousands of jobs wait. */
#pragma once

#include "daemon/jobs/job.h"

/* Calls after that delay, and keeps the deadline. */
void job_call_in(Job *job, uint64_t delay_usec);
void job_call_off(Job *job); /* takes one that is not to call */

/* For when the timer fires. True: the call is due, and not waited for any more. False: the deadline
 * has passed. */
bool job_take_call(Job *job);
