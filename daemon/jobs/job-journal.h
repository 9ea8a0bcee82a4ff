/* SPDX-License-Identifier: Apache-2.0 */
/* What is logged of a job: the fields that every job event has, and a sentence each. */
#pragma once

#include "daemon/base/journal.h"
#include "daemon/jobs/job-request.h"

/* TRAILSTOP_JOB, _TARGET, _IMPORT_ID, _STATE and their like. */
void job_journal_add_names(JournalEntry *entry, const JobRecord *record);

/* TRAILSTOP_REQUESTER_UID, _GID, _PID, TRAILSTOP_REASON. */
void job_journal_add_requester(JournalEntry *entry, const Requester *requester, const char *reason);

void job_journal_accepted(const JobRecord *record);

/* The request joins the job, which another one made. */
void job_journal_joined(const JobRecord *record, const JobRequest *request);

void job_journal_settled(const JobRecord *record); /* its import was looked at long after the end */

void job_journal_stop_accepted(const JobRecord *record);

/* canceller: of a job that was cancelled. */
void job_journal_end(const JobRecord *record, const Requester *canceller);
