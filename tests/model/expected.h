/* SPDX-License-Identifier: Apache-2.0 */
/* All that has to be: the jobs and the targets of one history, held against the daemon's own after
 * each turn. */
#pragma once

#include "tests/model/core.h"
#include "tests/model/expected-job.h"
#include "tests/model/wire.h"

typedef struct Expected Expected;

Expected *expected_new(Model *model, const CoreRules *rules, const ScriptedAccount *accounts);
void expected_free(Expected *expected);

/* For the wire. */
WireObserver expected_observer(Expected *expected);

/* What the clients ask for and get. id: what the daemon answered. */
void expected_request(Expected *expected, unsigned target, unsigned import, JobKind kind,
                      uint64_t timeout_usec, const char *id);
void expected_no_room(const Expected *expected); /* there was none for a request */
void expected_cancel(Expected *expected, const char *id);

/* Somebody asks to restart an import; it was restarted, or not. */
void expected_restart_import(Expected *expected, unsigned target, unsigned import);
void expected_import_restarted(Expected *expected, unsigned target, unsigned import,
                               bool restarted);

/* Any job that is not final, or NULL. */
const ExpectedJob *expected_any(const Expected *expected);

void expected_reload(Expected *expected, const CoreRules *rules);

/* The target answers somebody who has no job; that was handled. */
void expected_answers_elsewhere(Expected *expected, unsigned target);
void expected_answered_elsewhere(Expected *expected, unsigned target);

void expected_set_credentials(Expected *expected, bool there);

/* In a turn: the timers have run; the commit was made. */
void expected_timers_ran(Expected *expected);
void expected_committed(Expected *expected, Core *core);

/* The daemon was started again, after it was stopped or killed. */
void expected_restarted(Expected *expected, Core *core);

/* Whether a guard looks at what imports of this service the target has. */
bool expected_is_guarded(const Expected *expected, unsigned target, ImportService service);

/* The daemon shuts down, or did. */
void expected_stopping(Expected *expected, bool stopping);

/* How often a guard has looked at the whole of a target, UINT_MAX where it does not; and how many
 * imports of it are logged and, by the last look, still match. */
unsigned expected_count_looks(const Expected *expected, unsigned guard, unsigned target);
unsigned expected_count_known(const Expected *expected, unsigned guard, unsigned target);

/* At the end, when all jobs have ended. */
void expected_finished(const Expected *expected, Core *core);
