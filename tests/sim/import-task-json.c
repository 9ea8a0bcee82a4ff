/* SPDX-License-Identifier: Apache-2.0 */
/* An import as CloudWatch Logs shows it: an import task. */
#include <inttypes.h>
#include <stdio.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/import-private.h"

/* Milliseconds. */
static int add_time(json_object *object, const ImportSpec *spec, const char *name,
                    uint64_t realtime_usec)
{
    return import_add_unless_omitted(
        object, spec, name, json_object_new_int64((int64_t)(realtime_usec / USEC_PER_MSEC)));
}

static json_object *statistics(Import *import)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    const ImportSpec *spec = import->spec;
    int64_t bytes = range_at(&spec->statistics[STATISTIC_BYTES_IMPORTED], import_progress(import));

    if (!object ||
        import_add_unless_omitted(object, spec, "bytesImported", json_object_new_int64(bytes)) < 0)
        return NULL;
    return TAKE(object);
}

json_object *import_task_to_cancelled(Import *import)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    const ImportSpec *spec = import->spec;

    import_progress(import);
    if (!object ||
        import_add_unless_omitted(object, spec, "importId", json_object_new_string(import->id)) <
            0 ||
        import_add_unless_omitted(object, spec, "importStatus",
                                  json_object_new_string(import->status)) < 0 ||
        import_add_unless_omitted(object, spec, "importStatistics", statistics(import)) < 0 ||
        add_time(object, spec, "creationTime", import->created_usec) < 0 ||
        add_time(object, spec, "lastUpdatedTime", import->updated_usec) < 0 ||
        import_add_members(object, spec) < 0)
        return NULL;
    return TAKE(object);
}

static json_object *filter(const Import *import)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    uint64_t end_usec = import->created_usec;
    uint64_t start_usec = end_usec > USEC_PER_DAY ? end_usec - USEC_PER_DAY : 0;

    if (!object || add_time(object, import->spec, "startEventTime", start_usec) < 0 ||
        add_time(object, import->spec, "endEventTime", end_usec) < 0)
        return NULL;
    return TAKE(object);
}

json_object *import_task_to_json(Import *import)
{
    CLEANUP(json_object_putp) json_object *object = import_task_to_cancelled(import);
    const ImportSpec *spec = import->spec;

    if (!object ||
        import_add_unless_omitted(object, spec, "importSourceArn",
                                  json_object_new_string(spec->source)) < 0 ||
        import_add_unless_omitted(object, spec, "importDestinationArn",
                                  json_object_new_string(spec->destination)) < 0 ||
        import_add_unless_omitted(object, spec, "importFilter", filter(import)) < 0 ||
        (spec->error_message && json_add_string(object, "errorMessage", spec->error_message) < 0) ||
        import_add_members(object, spec) < 0)
        return NULL;
    return TAKE(object);
}

json_object *import_batch_to_json(const Import *import, uint64_t index)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    char id[300];

    snprintf(id, sizeof(id), "%s-batch-%" PRIu64, import->id, index + 1);
    if (!object || json_add_string(object, "batchId", id) < 0 ||
        json_add_string(object, "status", "FAILED") < 0 ||
        json_add_string(object, "errorMessage", "Events of this batch could not be read.") < 0)
        return NULL;
    return TAKE(object);
}
