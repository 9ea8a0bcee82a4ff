/* SPDX-License-Identifier: Apache-2.0 */
/* What is declared of an import: README.md, "Imports". Shared by all that were declared together.
 */
#pragma once

#include <stdbool.h>

#include "tests/sim/fields.h"

typedef enum Statistic {
    STATISTIC_PREFIXES_FOUND,
    STATISTIC_PREFIXES_COMPLETED,
    STATISTIC_FILES_COMPLETED,
    STATISTIC_EVENTS_COMPLETED,
    STATISTIC_FAILED_ENTRIES,
    STATISTIC_COUNT,
} Statistic;

typedef struct ImportSpec {
    unsigned references;
    char *id; /* NULL: generated */
    uint64_t count;
    char *status;
    char *stopping_status; /* NULL: status */
    char *ends;
    char *run_ends;
    uint64_t stop_polls;
    double stop_seconds; /* below 0: stop_polls counts */
    uint64_t run_polls;  /* 0: never ends by itself */
    double run_seconds;  /* likewise */
    char *ended_stop;    /* "answer" or an error code */
    Range statistics[STATISTIC_COUNT];
    char *source;
    char *destination;
    double created_seconds; /* epoch; below 0: when it is declared */
    uint64_t failures;
    char *owner;  /* NULL: anyone */
    char *region; /* NULL: any */
    char *omit;   /* names of members, joined by '+'; NULL: none */
    json_object *members;
} ImportSpec;

/* 0; -EINVAL and an owned sentence; -ENOMEM. */
int import_spec_new(json_object *declaration, ImportSpec **ret, char **ret_error);
ImportSpec *import_spec_ref(ImportSpec *spec);
void import_spec_unref(ImportSpec *spec); /* takes NULL */

/* True: the member of that name is to be left out. */
bool import_spec_omits(const ImportSpec *spec, const char *name);
