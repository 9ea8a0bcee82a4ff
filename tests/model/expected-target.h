/* SPDX-License-Identifier: Apache-2.0 */
/* One target as it has to be: how far apart its calls are, when it is out, who probes it and when.
 */
#pragma once

#include "tests/model/expected-job.h"

typedef struct ExpectedTarget {
    Model *model;
    const char *name;
    double rates[2];                          /* calls per second: those that read, the others */
    uint64_t slowest_usec[2];                 /* the longest interval so far */
    uint64_t last_usec[N_IMPORT_SERVICES][2]; /* when the last call of this kind went out; 0: none
                                                 in this run */
    bool out;
    bool alone;                 /* out, and nobody waits for it */
    bool idle;                  /* and nobody calls or is about to */
    bool answered;              /* the answer that is being delivered counts */
    const ExpectedJob *trouble; /* whose own trouble it may be; NULL: it is not of that kind */
    bool of_answers;            /* while out: a failure was of that kind */
    bool hurried;               /* a job came that waits less than others in such an outage */
    bool no_credentials;        /* while out, so that probes may have failed unseen */
    unsigned failures;          /* of probes in a row */
    unsigned
        failures_most; /* with those that may have failed in the turn in which their job ended */
    uint64_t failed_usec, armed_usec;
    const ExpectedJob *probe; /* NULL: nobody is probing */
} ExpectedTarget;

void expected_target_restart(ExpectedTarget *target);
void expected_target_set_rates(ExpectedTarget *target, double stop_rate, double read_rate);

/* The target was reloaded: its calls that are not on the wire begin again, and its waits when it is
 * out. */
void expected_target_reloaded(ExpectedTarget *target);

/* How long a job's call may have to wait for its turn. */
uint64_t expected_target_slack(const ExpectedTarget *target, bool reads);

/* An attempt goes out. job NULL: it is none of a job. */
void expected_target_attempt(ExpectedTarget *target, ExpectedJob *job, const Request *request,
                             unsigned number);

/* What is logged. */
void expected_target_began(ExpectedTarget *target);
void expected_target_ended(ExpectedTarget *target);

/* After an answer was handled; counts: it was one that says something. */
void expected_target_answered(ExpectedTarget *target, bool counts);

/* What the jobs of a target that is out do at the end of a turn. */
typedef struct TargetLook {
    bool waits;     /* somebody waits for it */
    bool came;      /* to wait, in this turn and without having called */
    bool calls_now; /* somebody else is about to call */
} TargetLook;

void expected_target_look(ExpectedTarget *target, const TargetLook *look);
void expected_target_probe_failed(ExpectedTarget *target); /* it waits again, or is gone: */
void expected_target_probe_left(ExpectedTarget *target, bool answered); /* in this turn */
