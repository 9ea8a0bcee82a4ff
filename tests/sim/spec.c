/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/spec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/names.h"

#define STATISTIC_FIELD(name, index)                                                               \
    {                                                                                              \
        name, FIELD_RANGE, offsetof(ImportSpec, statistics) + (index) * sizeof(Range)              \
    }

static const Field spec_fields[] = {
    {"id", FIELD_STRING, offsetof(ImportSpec, id)},
    {"count", FIELD_COUNT, offsetof(ImportSpec, count)},
    {"status", FIELD_STRING, offsetof(ImportSpec, status)},
    {"stoppingStatus", FIELD_STRING, offsetof(ImportSpec, stopping_status)},
    {"ends", FIELD_STRING, offsetof(ImportSpec, ends)},
    {"runEnds", FIELD_STRING, offsetof(ImportSpec, run_ends)},
    {"stopPolls", FIELD_COUNT, offsetof(ImportSpec, stop_polls)},
    {"stopSeconds", FIELD_SECONDS, offsetof(ImportSpec, stop_seconds)},
    {"runPolls", FIELD_COUNT, offsetof(ImportSpec, run_polls)},
    {"runSeconds", FIELD_SECONDS, offsetof(ImportSpec, run_seconds)},
    {"endedStop", FIELD_STRING, offsetof(ImportSpec, ended_stop)},
    STATISTIC_FIELD("prefixesFound", STATISTIC_PREFIXES_FOUND),
    STATISTIC_FIELD("prefixesCompleted", STATISTIC_PREFIXES_COMPLETED),
    STATISTIC_FIELD("filesCompleted", STATISTIC_FILES_COMPLETED),
    STATISTIC_FIELD("eventsCompleted", STATISTIC_EVENTS_COMPLETED),
    STATISTIC_FIELD("failedEntries", STATISTIC_FAILED_ENTRIES),
    {"source", FIELD_STRING, offsetof(ImportSpec, source)},
    {"destination", FIELD_STRING, offsetof(ImportSpec, destination)},
    {"created", FIELD_SECONDS, offsetof(ImportSpec, created_seconds)},
    {"failures", FIELD_COUNT, offsetof(ImportSpec, failures)},
    {"owner", FIELD_STRING, offsetof(ImportSpec, owner)},
    {"region", FIELD_STRING, offsetof(ImportSpec, region)},
    {"omit", FIELD_NAMES, offsetof(ImportSpec, omit)},
    {"members", FIELD_OBJECT, offsetof(ImportSpec, members)},
};
#define N_SPEC_FIELDS (sizeof(spec_fields) / sizeof(*spec_fields))

static int set_defaults(ImportSpec *spec)
{
    spec->references = 1;
    spec->count = 1;
    spec->stop_polls = 2;
    spec->stop_seconds = -1;
    spec->created_seconds = -1;
    spec->statistics[STATISTIC_PREFIXES_FOUND] = (Range){10, 10};
    spec->statistics[STATISTIC_PREFIXES_COMPLETED] = (Range){0, 10};
    spec->statistics[STATISTIC_FILES_COMPLETED] = (Range){0, 1000};
    spec->statistics[STATISTIC_EVENTS_COMPLETED] = (Range){0, 50000};

    if (fields_set_string(&spec->status, "IN_PROGRESS") < 0 ||
        fields_set_string(&spec->ends, "STOPPED") < 0 ||
        fields_set_string(&spec->run_ends, "COMPLETED") < 0 ||
        fields_set_string(&spec->ended_stop, "answer") < 0 ||
        fields_set_string(&spec->source,
                          "s3://trailstop-example/AWSLogs/111122223333/CloudTrail/") < 0 ||
        fields_set_string(&spec->destination,
                          "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/"
                          "EXAMPLE-f852-4e8f-8bd1-bcf6cEXAMPLE") < 0)
        return -ENOMEM;
    return 0;
}

void import_spec_unref(ImportSpec *spec)
{
    if (!spec || --spec->references > 0)
        return;
    fields_clear(spec_fields, N_SPEC_FIELDS, spec);
    free(spec);
}
DEFINE_CLEANUP(ImportSpec, import_spec_unref)

int import_spec_new(json_object *declaration, ImportSpec **ret, char **ret_error)
{
    char id[IMPORT_ID_SIZE];
    CLEANUP(import_spec_unrefp) ImportSpec *spec = calloc(1, sizeof(*spec));
    if (!spec)
        return -ENOMEM;

    int r = set_defaults(spec);
    if (r == 0)
        r = fields_read(declaration, spec_fields, N_SPEC_FIELDS, spec, ret_error);
    if (r < 0)
        return r;
    if (spec->id && (import_id_parse(spec->id, strlen(spec->id), id) < 0 || strcmp(id, spec->id)))
        return explain(ret_error, -EINVAL,
                       "'%s' is no import id: those have 36 characters of 0-9, a-f and '-'",
                       spec->id);
    if (spec->id && spec->count != 1)
        return explain(ret_error, -EINVAL, "several imports cannot share one id");
    *ret = TAKE(spec);
    return 0;
}

ImportSpec *import_spec_ref(ImportSpec *spec)
{
    spec->references++;
    return spec;
}

bool import_spec_omits(const ImportSpec *spec, const char *name)
{
    return spec->omit && fields_names_have(spec->omit, name);
}
