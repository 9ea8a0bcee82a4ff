/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "tests/sim/import-private.h"

static const char *const statistic_names[STATISTIC_COUNT] = {
    [STATISTIC_PREFIXES_FOUND] = "PrefixesFound",
    [STATISTIC_PREFIXES_COMPLETED] = "PrefixesCompleted",
    [STATISTIC_FILES_COMPLETED] = "FilesCompleted",
    [STATISTIC_EVENTS_COMPLETED] = "EventsCompleted",
    [STATISTIC_FAILED_ENTRIES] = "FailedEntries",
};

/* Epoch seconds with three digits after the point, as CloudTrail writes them. */
static json_object *timestamp(uint64_t realtime_usec)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64 ".%03" PRIu64, realtime_usec / USEC_PER_SEC,
             realtime_usec % USEC_PER_SEC / USEC_PER_MSEC);
    return json_object_new_double_s((double)realtime_usec / (double)USEC_PER_SEC, text);
}

static json_object *source(const ImportSpec *spec)
{
    CLEANUP(json_object_putp) json_object *s3 = json_object_new_object();
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!s3 || !object || json_add_string(s3, "S3LocationUri", spec->source) < 0 ||
        json_add_string(s3, "S3BucketRegion", "us-east-1") < 0 ||
        json_add_string(s3, "S3BucketAccessRoleArn",
                        "arn:aws:iam::111122223333:role/trailstop-example") < 0 ||
        json_add(object, "S3", TAKE(s3)) < 0)
        return NULL;
    return TAKE(object);
}

static json_object *destinations(const ImportSpec *spec)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();

    if (!array || json_object_array_add(array, json_object_new_string(spec->destination)) < 0)
        return NULL;
    return TAKE(array);
}

int64_t range_at(const Range *range, double progress)
{
    /* The end as it is: a double does not hold every int64. */
    return progress >= 1
               ? range->to
               : range->from + (int64_t)(progress * ((double)range->to - (double)range->from));
}

static json_object *statistics(const ImportSpec *spec, double progress)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!object)
        return NULL;
    for (Statistic i = 0; i < STATISTIC_COUNT; i++) {
        int64_t value = range_at(&spec->statistics[i], progress);

        if (!statistic_names[i])
            continue; /* of another service */
        if (!import_spec_omits(spec, statistic_names[i]) &&
            json_add_int64(object, statistic_names[i], value) < 0)
            return NULL;
    }
    return TAKE(object);
}

int import_add_unless_omitted(json_object *object, const ImportSpec *spec, const char *name,
                              json_object *value)
{
    if (!import_spec_omits(spec, name))
        return json_add(object, name, value);
    json_object_put(value);
    return 0;
}

int import_add_members(json_object *object, const ImportSpec *spec)
{
    struct json_object_iter member;

    if (!spec->members)
        return 0;
    json_object_object_foreachC (spec->members, member) {
        if (json_object_object_add(object, member.key, json_object_get(member.val)) < 0)
            return -1;
    }
    return 0;
}

json_object *import_to_list_item(Import *import)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    const ImportSpec *spec = import->spec;

    import_progress(import);
    if (!object ||
        import_add_unless_omitted(object, spec, "ImportId", json_object_new_string(import->id)) <
            0 ||
        import_add_unless_omitted(object, spec, "ImportStatus",
                                  json_object_new_string(import->status)) < 0 ||
        import_add_unless_omitted(object, spec, "Destinations", destinations(spec)) < 0 ||
        import_add_unless_omitted(object, spec, "CreatedTimestamp",
                                  timestamp(import->created_usec)) < 0 ||
        import_add_unless_omitted(object, spec, "UpdatedTimestamp",
                                  timestamp(import->updated_usec)) < 0)
        return NULL;
    return TAKE(object);
}

json_object *import_to_json(Import *import)
{
    double progress = import_progress(import);
    const ImportSpec *spec = import->spec;
    CLEANUP(json_object_putp) json_object *object = import_to_list_item(import);

    /* The events imported are those of the day before. */
    uint64_t end_usec = import->created_usec;
    uint64_t start_usec = end_usec > USEC_PER_DAY ? end_usec - USEC_PER_DAY : 0;
    if (!object || import_add_unless_omitted(object, spec, "ImportSource", source(spec)) < 0 ||
        import_add_unless_omitted(object, spec, "StartEventTime", timestamp(start_usec)) < 0 ||
        import_add_unless_omitted(object, spec, "EndEventTime", timestamp(end_usec)) < 0 ||
        import_add_unless_omitted(object, spec, "ImportStatistics", statistics(spec, progress)) <
            0 ||
        import_add_members(object, spec) < 0)
        return NULL;
    return TAKE(object);
}

json_object *import_failure_to_json(const Import *import, uint64_t index)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    char location[512];

    snprintf(location, sizeof(location), "%sfile-%" PRIu64 ".json.gz", import->spec->source,
             index + 1);
    if (!object || json_add_string(object, "Location", location) < 0 ||
        json_add_string(object, "Status", "FAILED") < 0 ||
        json_add_string(object, "ErrorType", "InvalidData") < 0 ||
        json_add_string(object, "ErrorMessage", "The file is not a valid CloudTrail log file.") <
            0 ||
        json_add(object, "LastUpdatedTime", timestamp(import->updated_usec)) < 0)
        return NULL;
    return TAKE(object);
}
