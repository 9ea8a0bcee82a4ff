/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs as the text that clients are sent: made once for each change and shared by all that follow
 * the job.
 *
 * JobTexts keeps the latest ones, in the order of their changes, within a bound on memory: what it
 * has lost can be made again from the store. */
#pragma once

#include "daemon/jobs/job.h"
#include "daemon/jobs/store.h"

typedef struct JobText {
    TAILQ_ENTRY(JobText) entry;
    char id[JOB_ID_SIZE];
    uint64_t change; /* JobRecord.change */
    bool calling;    /* when it was made */
    JobKind kind;
    JobState state;
    char *text; /* Job of the Varlink interface */
    size_t size;
    char *cause, *code; /* of a job that was refused: its CallError as text, and the code of that */
} JobText;

JobOutlook job_outlook(const Job *job); /* NULL: it does not run */

/* The record; job: the one that it belongs to, where that still runs, else NULL. 0 or -ENOMEM. */
int job_text_new(const JobRecord *record, const Job *job, JobText **ret);
void job_text_free(JobText *text); /* takes NULL */
DEFINE_CLEANUP(JobText, job_text_free)

/* The job as it is on disk: of the job (NULL: it does not run) as far as that has it, else of the
 * store. 0; -ENOENT; -EUCLEAN: the store has something in it that no daemon wrote; -ENOMEM; -EIO.
 */
int job_text_make(Store *store, const char *id, const Job *job, JobText **ret);

typedef struct JobTexts JobTexts;

int job_texts_new(uint64_t last_change, JobTexts **ret);
void job_texts_free(JobTexts *texts); /* takes NULL */

/* A change, later than all before. Takes the text; NULL: it has none. */
void job_texts_add(JobTexts *texts, const char *id, uint64_t change, JobText *text);

/* From here, else as job_text_make(). *ret is good until the next call. 1, or errors likewise. */
int job_texts_show(JobTexts *texts, Store *store, const char *id, const Job *job,
                   const JobText **ret);

/* Whether all that changed after this change is here, and the first of it (NULL: nothing). */
bool job_texts_cover(const JobTexts *texts, uint64_t change);
const JobText *job_texts_after(const JobTexts *texts, uint64_t change);
