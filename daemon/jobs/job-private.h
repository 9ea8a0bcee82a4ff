/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of a job: job.c makes its calls and ends it, job-answer.c decides what an answer
 * leads to. Everybody else includes job.h. */
#pragma once

#include "daemon/jobs/job.h"

/* ---- job.c ---- */

const ImportOperations *job_operations(const Job *job);

/* StopImport is its next call, else GetImport is. */
bool job_is_to_stop(const Job *job);

/* error: what ends the job or held it up, NULL where it ends well; may be the record's own refusal.
 */
void job_set_state(Job *job, JobState state, const CallError *error);

/* ---- job-answer.c ---- */

/* To its own call, which is over. */
void job_take_stop_answer(Job *job, const AwsResult *result);
void job_take_get_answer(Job *job, const AwsResult *result);

/* It calls again later. A call that could not even begin (VERDICT_WAIT) is trouble of this host,
 * and so of all targets. */
void job_wait(Job *job, Verdict verdict, const CallError *error);
