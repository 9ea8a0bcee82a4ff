/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a Job of the interface that the client shows or judges, read from its JSON. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <json-c/json.h>

#include "common/time.h"

typedef enum ImportStatistic {
#define IMPORT_STATISTIC(symbol, member, kind, field, label, unit) IMPORT_##symbol,
#define TASK_STATISTIC IMPORT_STATISTIC
#include "common/import-members.def"
    N_IMPORT_STATISTICS
} ImportStatistic;

extern const char *const job_statistic_labels[N_IMPORT_STATISTICS];

/* Strings are borrowed from the JSON; NULL and -1: absent. */
typedef struct JobView {
    const char *id, *kind, *target, *service, *import_id, *state;
    const char *reason, *guard, *requested_at, *updated_at, *finished_at, *deadline, *next_call_at;
    bool already_stopped;
    int64_t uid, pid, attempts, polls;
    int64_t calls_before, interval_usec;        /* place */
    const char *queue, *message_id, *sender_id; /* of the message */
    int64_t receives;
    const char *error_code, *error_message, *error_request_id; /* lastError */
    int64_t error_http_status;
    json_object *import; /* or the task */
    const char *status;  /* of the import, like the statistics */
    int64_t statistics[N_IMPORT_STATISTICS];
} JobView;

/* 0, or -EBADMSG: it is not a Job. */
int job_view_read(json_object *json, JobView *ret);

/* The same of a job that has been read before. */
JobView job_view_again(json_object *json);

typedef enum JobState {
#define JOB_STATE_ACTIVE(symbol, ...) JOB_##symbol,
#define JOB_STATE_FINAL(symbol, ...) JOB_##symbol,
#include "common/job-states.def"
    N_JOB_STATES, /* stands for any of a later version, too */
} JobState;

JobState job_state_find(const char *name);
const char *job_state_name(JobState state);
bool job_state_is_final(JobState state); /* after one of a later version more may come */

/* All of them for a sentence: "queued, stopping, … or cancelled". */
#define JOB_STATE_NAMES_SIZE 160U
const char *job_state_names(char buffer[static JOB_STATE_NAMES_SIZE]);

bool job_view_is_final(const JobView *job);

/* From the request to the end, or to now. */
uint64_t job_view_elapsed_usec(const JobView *job);

/* "32/40", "0", or "" where nothing is known yet. */
#define JOB_VIEW_PREFIXES_SIZE 48U
const char *job_view_format_prefixes(const JobView *job,
                                     char buffer[static JOB_VIEW_PREFIXES_SIZE]);

/* "57 before it, 1 a second": the job's place in the queue by now; NULL: it is not waiting there.
 */
#define JOB_VIEW_PLACE_SIZE (48U + TIMESPAN_SIZE)
const char *job_view_format_place(const JobView *job, char buffer[static JOB_VIEW_PLACE_SIZE]);

/* One line for people: what holds the job up or ended it, or NULL. */
const char *job_view_note(const JobView *job, char buffer[static JOB_VIEW_PLACE_SIZE]);
