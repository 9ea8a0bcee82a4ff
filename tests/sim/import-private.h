/* SPDX-License-Identifier: Apache-2.0 */
/* An import from inside: for the two files that make it live (import.c) and show it
 * (import-json.c). */
#pragma once

#include "tests/sim/import.h"

typedef enum ImportPhase { IMPORT_RUNNING, IMPORT_STOPPING, IMPORT_ENDED } ImportPhase;

struct Import {
    char *id;
    ImportSpec *spec;
    uint64_t sequence;
    ImportPhase phase;
    const char *status;  /* belongs to the spec */
    uint64_t polls;      /* in this phase */
    uint64_t since_usec; /* when the phase began */
    double progress_at_stop;
    uint64_t created_usec, updated_usec; /* CLOCK_REALTIME */
};

/* A statistic, so far on its way. */
int64_t range_at(const Range *range, double progress);

/* Takes the value. 0 or -1: no memory. */
int import_add_unless_omitted(json_object *object, const ImportSpec *spec, const char *name,
                              json_object *value);
/* Those that the spec declares, in place of the import's own. 0 or -1: no memory. */
int import_add_members(json_object *object, const ImportSpec *spec);

/* Moves the import to where it is now. Returns how far its statistics are, 0 to 1. */
double import_progress(Import *import);
