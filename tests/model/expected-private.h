/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of Expected share. */
#pragma once

#include "tests/model/expected-guard.h"
#include "tests/model/expected-restart.h"
#include "tests/model/expected-target.h"
#include "tests/model/expected.h"
#include "tests/model/journal-events.h"

#define N_JOBS_MAX 256U

struct Expected {
    Model *model;
    const ScriptedAccount *accounts;
    CoreRules rules;
    ExpectedTarget targets[N_TARGETS_MAX];
    char names[N_TARGETS_MAX][CORE_TARGET_NAME_SIZE];
    ExpectedJob jobs[N_JOBS_MAX];
    size_t n_jobs;
    ExpectedGuard guards[N_GUARDS_MAX];
    ExpectedRestart restarts[N_TARGETS_MAX][N_IMPORTS];
    const ExpectedGuard *stopper; /* which has to ask for a stop now; NULL: none */
    Core *core;
    bool credentials_there, stopping;
};

/* The job that a request for this import joins, or NULL. */
ExpectedJob *expected_find_active(Expected *expected, unsigned target, unsigned import,
                                  JobKind kind);

/* For a job that is not final yet. */
bool expected_has_room(const Expected *expected);

/* No poll of this target is due at a time that is known, and nobody has waited for it. */
void expected_forget_waits(Expected *expected, unsigned target);

/* What is logged; for journal_events_to(). */
void expected_on_journal(const JournalNews *news, void *userdata);
