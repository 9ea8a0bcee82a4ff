/* SPDX-License-Identifier: Apache-2.0 */
/* All imports of one target that run, each looked at: first the lists, one status after the other;
 * then, only where every list was read to its end, an inspection of what they found.
 *
 * All of it waits for the target's read rate, after what jobs ask. */
#pragma once

#include "daemon/jobs/target-set.h"

typedef struct SurveyRequest {
    const TargetSet *targets; /* outlives it */
    const char *target;       /* its name, copied */
    ImportService service;
    const char *destination; /* borrowed; NULL: any */
    /* Once for each import: as it was described, borrowed, or NULL and why it was not; an id that
       the list has and that nobody can use is one of these. */
    void (*looked)(const char *import_id, json_object *import, const CallError *error,
                   void *userdata);
    /* Once, at the end, not to free the survey in. error: why not everything was looked at, or
       NULL; listed: whether the lists themselves were read. */
    void (*done)(const CallError *error, bool listed, void *userdata);
    void *userdata;
} SurveyRequest;

typedef struct Survey Survey;

int survey_new(const SurveyRequest *request, Survey **ret); /* 0 or -ENOMEM */

/* Once. done() may come from within, where nothing can be asked. */
void survey_start(Survey *survey);
void survey_free(Survey *survey); /* gives up what is under way; takes NULL */
DEFINE_CLEANUP(Survey, survey_free)
