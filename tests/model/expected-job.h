/* SPDX-License-Identifier: Apache-2.0 */
/* One job as it has to be: the rules of a job written a second time, plainly, from what the caller
 * asked for and what AWS answered. What a commit made lasting is kept apart, because that is
 * what a crash leaves. */
#pragma once

#include "daemon/jobs/job-record.h"
#include "daemon/jobs/schedule.h"
#include "tests/model/answer.h"

typedef struct ExpectedFacts {
    JobState state;
    unsigned stops, gets; /* attempts that went out, or would have if the daemon had lived on */
    bool accepted;        /* StopImport was */
    uint64_t accepted_usec;
    bool first_refused; /* the first StopImport attempt was */
    char refusal[64];   /* StopImport's; empty: none */
    char cause[64];     /* what ended it as refused */
} ExpectedFacts;

typedef struct ExpectedJob {
    Model *model;
    char id[JOB_ID_SIZE];
    JobKind kind;
    unsigned target, import;
    uint64_t deadline_usec; /* 0: none */
    bool stored;
    bool checked;               /* it ended, and its record was right */
    ExpectedFacts now, durable; /* durable: as of the last commit */
    unsigned stops_on_the_wire, gets_on_the_wire;
    unsigned stops_held_back, gets_held_back; /* given up before they were on the wire */
    /* Of this run of the daemon: */
    bool calling;           /* an attempt is out */
    bool counts_all;        /* the next commit counts each GetImport that went out */
    bool asks_first;        /* it may have been stopped before the restart: GetImport comes first */
    uint64_t answered_usec; /* when the last one was answered */
    bool answered;          /* the last answer that was not lost was a good one */
    bool waited;            /* for its target, since its last call */
    uint64_t entered_usec;  /* to probe a target that is out at once; 0: it did not */
    unsigned n_polls;
    uint64_t poll_from_usec, poll_until_usec; /* when the next poll is due */
} ExpectedJob;

bool expected_job_is_final(const ExpectedJob *job);
bool expected_job_is_over(const ExpectedJob *job); /* or its deadline has come */

/* An attempt goes out; number is 1 for the first of its call. */
void expected_job_attempt(ExpectedJob *job, bool stop, unsigned number);

/* It gets onto the wire, or is given up before. */
void expected_job_sent(ExpectedJob *job, bool stop);
void expected_job_held_back(ExpectedJob *job, bool stop);

/* An answer arrives. slack_usec: how long the next poll may have to queue. */
void expected_job_answer(ExpectedJob *job, bool stop, const Answer *answer,
                         const PollingRules *polling, uint64_t slack_usec);

/* A job of the other kind asked about the same import, while this one waits for its next call. */
void expected_job_share(ExpectedJob *job, const Answer *answer, const PollingRules *polling,
                        uint64_t slack_usec);

/* Its target goes out or was reloaded, or it probes: whatever it waits for, it comes then. */
void expected_job_forget_waits(ExpectedJob *job);

void expected_job_end(ExpectedJob *job, JobState state);
void expected_job_commit(ExpectedJob *job, unsigned polls, bool stopping);
void expected_job_restart(ExpectedJob *job); /* the next run begins with what was durable */

/* Holds the record against what has to be in it. */
void expected_job_compare(const ExpectedJob *job, const JobRecord *record);
