/* SPDX-License-Identifier: Apache-2.0 */
/* What is declared of an import: README.md, "Imports". Shared by all that were declared together.
 */
#pragma once

#include <stdbool.h>

#include "common/import-service.h"
#include "tests/sim/fields.h"

/* Whether an import of this service can have this id, as AWS would write it. */
bool import_id_is_valid(ImportService service, const char *id);

typedef enum Statistic {
    STATISTIC_PREFIXES_FOUND,
    STATISTIC_PREFIXES_COMPLETED,
    STATISTIC_FILES_COMPLETED,
    STATISTIC_EVENTS_COMPLETED,
    STATISTIC_FAILED_ENTRIES,
    STATISTIC_BYTES_IMPORTED, /* of service logs, the others of cloudtrail */
    STATISTIC_COUNT,
} Statistic;

typedef struct ImportSpec {
    unsigned references;
    char *service_name;
    ImportService service;
    char *id; /* NULL: generated */
    uint64_t count;
    char *status;
    char *stopping_status; /* NULL: status */
    char *ends;
    char *run_ends;
    uint64_t stop_polls;
    double stop_seconds;   /* below 0: stop_polls counts */
    uint64_t run_polls;    /* 0: never ends by itself */
    double run_seconds;    /* likewise */
    uint64_t settle_polls; /* until the statistics are final; 0: they are at the end */
    double settle_seconds; /* below 0: settle_polls counts */
    char *ended_stop;      /* "answer" or an error code */
    Range statistics[STATISTIC_COUNT];
    char *source;
    char *destination;
    double created_seconds; /* epoch; below 0: when it is declared */
    uint64_t failures;      /* of service logs: batches */
    char *error_message;    /* NULL: none */
    char *owner;            /* NULL: anyone */
    char *region;           /* NULL: any */
    char *omit;             /* names of members, joined by '+'; NULL: none */
    json_object *members;
} ImportSpec;

/* 0; -EINVAL and an owned sentence; -ENOMEM. */
int import_spec_new(json_object *declaration, ImportSpec **ret, char **ret_error);
ImportSpec *import_spec_ref(ImportSpec *spec);
void import_spec_unref(ImportSpec *spec); /* takes NULL */

/* True: the member of that name is to be left out. */
bool import_spec_omits(const ImportSpec *spec, const char *name);
