/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/inspection.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/time.h"
#include "daemon/jobs/query.h"

#define LOOKS_MAX 4U /* at a time */
#define INSPECTION_USEC (5 * USEC_PER_MINUTE)

typedef struct Look {
    Inspection *inspection;
    const char *import_id; /* of request.ids */
    Query *query;          /* under way, or NULL */
} Look;

struct Inspection {
    InspectionRequest request;
    char *target;
    size_t next;         /* of the ids */
    uint64_t began_usec; /* CLOCK_BOOTTIME */
    Look looks[LOOKS_MAX];
    unsigned n_looks;
    bool ended;      /* there is no further look... */
    bool given_up;   /* ...although not all ids have had theirs */
    CallError error; /* why it was given up; empty: no memory, even for that */
};

static void inspection_give_up(Inspection *inspection, const char *code, const char *why)
{
    inspection->ended = inspection->given_up = true;
    (void)call_error_set(&inspection->error, code, why, 0, NULL);
}

/* The target that is to be asked. NULL: none is, and inspection->ended. */
static const Target *inspection_go_on(Inspection *inspection)
{
    const InspectionRequest *request = &inspection->request;
    const Target *target = target_set_find(request->targets, inspection->target);

    if (inspection->next == text_set_count(request->ids))
        inspection->ended = true;
    else if (!target)
        inspection_give_up(inspection, CALL_ERROR_TARGET_REMOVED, MESSAGE_TARGET_REMOVED);
    else if (time_since(inspection->began_usec, time_now_boottime()) > INSPECTION_USEC)
        inspection_give_up(inspection, CALL_ERROR_ENDLESS_LIST,
                           "not every import that runs could be looked at within 5 minutes");
    else if (request->is_wanted && !request->is_wanted(request->userdata))
        inspection_give_up(inspection, CALL_ERROR_ENDLESS_LIST,
                           "the imports were not all looked at: the client that asked has gone");
    return inspection->ended ? NULL : target;
}

static void on_looked(json_object *import, const CallError *error, void *userdata);

/* Begins as many looks as there may be. */
static void inspection_begin_looks(Inspection *inspection)
{
    for (size_t i = 0; i < LOOKS_MAX && !inspection->ended; i++) {
        Look *look = &inspection->looks[i];
        const Target *target;

        if (look->query || !(target = inspection_go_on(inspection)))
            continue;
        look->import_id = text_set_get(inspection->request.ids, inspection->next++);
        if (query_new(&(QueryRequest){.kind = QUERY_IMPORT,
                                      .target = target,
                                      .service = inspection->request.service,
                                      .import_id = look->import_id},
                      on_looked, look, &look->query) < 0)
            inspection_give_up(inspection, CALL_ERROR_RESOURCES, "there is no memory left");
        else
            inspection->n_looks++;
    }
}

static void on_looked(json_object *import, const CallError *error, void *userdata)
{
    Look *look = userdata;
    Inspection *inspection = look->inspection;
    const InspectionRequest *request = &inspection->request;

    assert(inspection->n_looks > 0);
    request->looked(look->import_id, import, error, request->userdata);
    query_free(TAKE(look->query));
    inspection->n_looks--;
    inspection_start(inspection);
}

void inspection_start(Inspection *inspection)
{
    const InspectionRequest *request = &inspection->request;

    inspection_begin_looks(inspection);
    if (inspection->n_looks == 0)
        request->done(!inspection->given_up    ? NULL
                      : inspection->error.code ? &inspection->error
                                               : &call_error_no_memory,
                      request->userdata);
}

int inspection_new(const InspectionRequest *request, Inspection **ret)
{
    CLEANUP(inspection_freep) Inspection *inspection = malloc(sizeof(*inspection));

    if (!inspection)
        return -ENOMEM;
    *inspection = (Inspection){
        .request = *request, .target = strdup(request->target), .began_usec = time_now_boottime()};
    inspection->request.target = NULL; /* it was borrowed */
    if (!inspection->target)
        return -ENOMEM;
    for (size_t i = 0; i < LOOKS_MAX; i++)
        inspection->looks[i].inspection = inspection;
    *ret = TAKE(inspection);
    return 0;
}

void inspection_free(Inspection *inspection)
{
    if (!inspection)
        return;
    for (size_t i = 0; i < LOOKS_MAX; i++)
        query_free(inspection->looks[i].query);
    call_error_clear(&inspection->error);
    free(inspection->target);
    free(inspection);
}
