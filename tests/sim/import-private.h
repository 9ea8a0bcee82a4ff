/* SPDX-License-Identifier: Apache-2.0 */
/* An import from inside: for the two files that make it live (import.c) and show it
 * (import-json.c). */
#pragma once

#include "common/names.h"
#include "tests/sim/import.h"

typedef enum ImportPhase { IMPORT_RUNNING, IMPORT_STOPPING, IMPORT_ENDED } ImportPhase;

struct Import {
    char id[IMPORT_ID_SIZE];
    ImportSpec *spec;
    uint64_t sequence;
    ImportPhase phase;
    const char *status;  /* belongs to the spec */
    uint64_t polls;      /* GetImport calls in this phase */
    uint64_t since_usec; /* when the phase began */
    double progress_at_stop;
    uint64_t created_usec, updated_usec; /* CLOCK_REALTIME */
};

/* Moves the import to where it is now. Returns how far its statistics are, 0 to 1. */
double import_progress(Import *import);
