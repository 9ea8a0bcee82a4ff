/* SPDX-License-Identifier: Apache-2.0 */
/* One history: what clients ask for, what CloudTrail and the way there do, and when the daemon is
 * reloaded, stopped or killed, all drawn from one seed; then quiet, in which every job has to end.
 */
#pragma once

#include <stdint.h>

/* What a history is about; faults are in all of them but HISTORY_CALM. */
typedef enum HistoryKind {
    HISTORY_CALM,     /* nothing goes wrong */
    HISTORY_FAULTS,   /* CloudTrail and the way there */
    HISTORY_RESTARTS, /* the daemon is stopped and started */
    HISTORY_KILLS,    /* the daemon is killed at any moment */
    N_HISTORY_KINDS
} HistoryKind;

/* directory: of its own, on a file system that forgets; what it leaves there is the caller's to
 * remove. */
void history_run(HistoryKind kind, uint64_t seed, const char *directory);
