/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at each of the imports that a list found, as a list does not say all about them: a
 * GetImport each, at the target's read rate and after the calls of jobs, a few at a time.
 *
 * What takes longer than five minutes is given up, as lists are. */
#pragma once

#include "common/memory.h"
#include "daemon/base/text-set.h"
#include "daemon/jobs/target-set.h"

typedef struct InspectionRequest {
    const TargetSet *targets; /* outlives it */
    const char *target;       /* its name, copied: a reload may take it out of the set */
    ImportService service;
    const TextSet *ids; /* outlives it, and stays as it is */
    /* Asked before each look: whether it is still wanted. NULL: it is. */
    bool (*is_wanted)(void *userdata);
    /* The import as it was described, borrowed, or NULL and why it was not. */
    void (*looked)(const char *import_id, json_object *import, const CallError *error,
                   void *userdata);
    /* Once, after the last look; error: why the others were given up, or NULL. The inspection may
       be freed here. */
    void (*done)(const CallError *error, void *userdata);
    void *userdata;
} InspectionRequest;

typedef struct Inspection Inspection;

int inspection_new(const InspectionRequest *request, Inspection **ret); /* 0 or -ENOMEM */

/* Once. done() may come from within, where there is nothing to look at. */
void inspection_start(Inspection *inspection);
void inspection_free(Inspection *inspection); /* gives up what is under way; takes NULL */
DEFINE_CLEANUP(Inspection, inspection_free)
