/* SPDX-License-Identifier: Apache-2.0 */
/* All that has to be: the jobs and the targets of one history, held against the daemon's own after
 * each turn. */
#pragma once

#include "tests/model/core.h"
#include "tests/model/wire.h"

typedef struct Expected Expected;

Expected *expected_new(Model *model, const CoreRules *rules);
void expected_free(Expected *expected);

/* For the wire. */
WireObserver expected_observer(Expected *expected);

/* What the clients ask for and get. id: what the daemon answered. */
void expected_request(Expected *expected, unsigned target, unsigned import, uint64_t timeout_usec,
                      const char *id);
void expected_no_room(const Expected *expected); /* there was none for a request */
void expected_cancel(Expected *expected, const char *id);

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

/* At the end, when all jobs have ended. */
void expected_finished(const Expected *expected, Core *core);
