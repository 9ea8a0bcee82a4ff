/* SPDX-License-Identifier: Apache-2.0 */
/* One guard as it has to be: when it looks, that it looks at everything its lists have and at
 * nothing before they are whole, what it logs and what it stops. */
#pragma once

#include "tests/model/core.h"

/* What it does about one target; a bit for each import. */
typedef struct ExpectedPatrol {
    uint64_t earliest_usec; /* of the next look */
    bool looking;
    unsigned n_lists; /* that are whole */
    unsigned page;    /* that the next list request is for */
    unsigned listed, asked, seen, matched;
    bool whole;       /* the look was, which counts when the timers have run */
    bool refused;     /* there was no room for a job */
    unsigned due;     /* to be logged now */
    unsigned known;   /* logged, and still matching */
    bool failing;     /* which is logged */
    unsigned n_looks; /* that were whole, in this run */
} ExpectedPatrol;

typedef struct ExpectedGuard {
    Model *model;
    char name[CORE_TARGET_NAME_SIZE];
    GuardRules rules;
    ExpectedPatrol patrols[N_TARGETS_MAX];
} ExpectedGuard;

/* The daemon was started, or (keep) reloaded, which keeps what was logged. */
void expected_guard_begin(ExpectedGuard *guard, Model *model, unsigned number,
                          const GuardRules *rules, bool keep);

bool expected_guard_watches(const ExpectedGuard *guard, unsigned target, ImportService service);

void expected_guard_attempt(ExpectedGuard *guard, unsigned target, const Request *request,
                            unsigned number);

/* room: for a job. True: it has to ask for a stop of the import. */
bool expected_guard_answer(ExpectedGuard *guard, unsigned target, const Request *request,
                           const Answer *answer, bool room);
void expected_guard_handled(const ExpectedGuard *guard, unsigned target);
void expected_guard_timers_ran(ExpectedGuard *guard);

/* What is logged. */
void expected_guard_matched(ExpectedGuard *guard, unsigned target, unsigned import);
void expected_guard_failed(ExpectedGuard *guard, unsigned target);
