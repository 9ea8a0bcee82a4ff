/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a job, as it is stored and shown: the lasting part of a Job, and all there is of
 * one that has ended. Times on the wall clock are shown and survive a reboot; those on
 * CLOCK_BOOTTIME rule. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-id128.h>

#include "common/import-service.h"
#include "common/json-write.h"
#include "common/memory.h"
#include "daemon/aws/pacer.h"
#include "daemon/base/call-error.h"
#include "daemon/base/peer.h"

/* Those of common/job-states.def, in its order: the final ones come last. */
typedef enum JobState {
#define JOB_STATE_ACTIVE(symbol, ...) JOB_##symbol,
#include "common/job-states.def"
    N_ACTIVE_JOB_STATES,
    JOB_LAST_ACTIVE = N_ACTIVE_JOB_STATES - 1, /* so that the next one has the next number */
#define JOB_STATE_FINAL(symbol, ...) JOB_##symbol,
#include "common/job-states.def"
    N_JOB_STATES
} JobState;

const char *job_state_name(JobState state);
int job_state_parse(const char *name, JobState *ret); /* 0 or -EINVAL */

static inline bool job_state_is_final(JobState state)
{
    return state >= N_ACTIVE_JOB_STATES;
}

/* Whether a job that is in one state may go on to the other, or stay. */
bool job_state_may_follow(JobState from, JobState to);

#define JOB_ID_SIZE SD_ID128_STRING_MAX

/* As JobKind of the Varlink interface. */
typedef enum JobKind {
    JOB_STOP, /* asks to stop the import and follows it to its end */
    JOB_WAIT, /* only follows it */
    N_JOB_KINDS
} JobKind;

const char *job_kind_name(JobKind kind);
int job_kind_parse(const char *name, JobKind *ret); /* 0 or -EINVAL */

/* Whether this is the end that such a job was asked for. */
bool job_ended_well(JobKind kind, JobState state);

/* What a job is about, and so what a request joins it by: strings are borrowed. */
typedef struct JobKey {
    JobKind kind;
    ImportService service;
    const char *import_id; /* as import_id_parse() leaves it */
} JobKey;

/* The message of a queue that asks for a job. */
typedef struct JobMessage {
    char *queue;       /* its name in the configuration; NULL: there is no message */
    char *id;          /* SQS's MessageId */
    char *sender;      /* SQS's SenderId; NULL: not given */
    unsigned receives; /* how often it was received, by any host; 0: not given */
} JobMessage;

int job_message_copy(JobMessage *ret, const JobMessage *message); /* owned strings; 0 or -ENOMEM */
void job_message_clear(JobMessage *message); /* frees what is inside; takes an empty one */

/* Another host may have had it before, and have acted on it. */
bool job_message_may_repeat(const JobMessage *message);

typedef struct JobRecord {
    uint64_t number; /* order of acceptance, from 1 */
    uint64_t change; /* order of the last change over all jobs, from 1; 0: not stored yet */
    char id[JOB_ID_SIZE];
    bool already_stopped;
    bool texts_lent; /* import_id, target, reason and guard are not its own, see below */
    JobKind kind;
    ImportService service;
    JobState state;
    char *import_id;
    char *target;       /* its name */
    char *reason;       /* NULL: none given */
    char *guard;        /* that made it; NULL: a client or a message did */
    JobMessage message; /* that made it */
    Requester requester;
    unsigned attempts;                                    /* StopImport attempts sent */
    unsigned polls;                                       /* GetImport attempts sent */
    uint64_t requested_usec, updated_usec, finished_usec; /* CLOCK_REALTIME; 0: not yet */
    uint64_t deadline_usec;                               /* CLOCK_REALTIME; 0: none */
    uint64_t
        requested_boottime_usec;     /* CLOCK_BOOTTIME of this boot; before it: negative, wrapped */
    uint64_t deadline_boottime_usec; /* CLOCK_BOOTTIME of this boot; 0: none */
    uint64_t accepted_boottime_usec; /* when StopImport was; CLOCK_BOOTTIME; 0: not yet */
    uint64_t settle_usec; /* CLOCK_REALTIME when final statistics are asked for; 0: never */
    CallError last_error; /* what holds it up now, or ended it */
    CallError refusal; /* StopImport's "no"; while not final, GetImport is asked what came of it */
    char *import;      /* the last observation of the import as JSON text; NULL: none yet, or of a
                          running job: what the store has */
} JobRecord;

JobKey job_record_key(const JobRecord *record); /* borrows from the record */

/* From the request to its end, as clients reckon it from the two times that they are shown; 0 where
 * it has not ended. */
uint64_t job_record_elapsed_usec(const JobRecord *record);

void job_record_clear(JobRecord *record); /* frees what is inside; takes an empty one */

/* Moves those of its strings that never change into memory of that size, which outlives the
 * record's use of them. */
size_t job_record_texts_size(JobRecord *record);
void job_record_move_texts(JobRecord *record, char *memory);

/* The last observation of the import; NULL: none yet. 0; -EUCLEAN: the text is not a JSON object,
 * which no daemon wrote; -ENOMEM. */
int job_record_read_import(const JobRecord *record, json_object **ret);

/* What the running job alone knows. */
typedef struct JobOutlook {
    uint64_t next_call_usec;     /* CLOCK_REALTIME; 0: it is calling */
    const CallError *held_up_by; /* besides the record's own error; NULL: nothing */
    PacerPlace place;            /* none before: it is not waiting for its turn */
} JobOutlook;

/* As Job of the Varlink interface. outlook: NULL where the job does not run. What is in
 * record->import is believed. */
void job_record_write(const JobRecord *record, const JobOutlook *outlook, JsonWriter *writer);

/* The same, when record->import turns out to be an object. Errors as of job_record_read_import().
 */
int job_record_to_text(const JobRecord *record, const JobOutlook *outlook, char **ret,
                       size_t *ret_size);
