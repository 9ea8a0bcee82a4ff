/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/spec.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"

#define STATISTIC_FIELD(name, index)                                                               \
    {                                                                                              \
        name, FIELD_RANGE, offsetof(ImportSpec, statistics) + (index) * sizeof(Range)              \
    }

static const Field spec_fields[] = {
    {"service", FIELD_STRING, offsetof(ImportSpec, service_name)},
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
    {"settlePolls", FIELD_COUNT, offsetof(ImportSpec, settle_polls)},
    {"settleSeconds", FIELD_SECONDS, offsetof(ImportSpec, settle_seconds)},
    {"endedStop", FIELD_STRING, offsetof(ImportSpec, ended_stop)},
    STATISTIC_FIELD("prefixesFound", STATISTIC_PREFIXES_FOUND),
    STATISTIC_FIELD("prefixesCompleted", STATISTIC_PREFIXES_COMPLETED),
    STATISTIC_FIELD("filesCompleted", STATISTIC_FILES_COMPLETED),
    STATISTIC_FIELD("eventsCompleted", STATISTIC_EVENTS_COMPLETED),
    STATISTIC_FIELD("failedEntries", STATISTIC_FAILED_ENTRIES),
    STATISTIC_FIELD("bytesImported", STATISTIC_BYTES_IMPORTED),
    {"source", FIELD_STRING, offsetof(ImportSpec, source)},
    {"destination", FIELD_STRING, offsetof(ImportSpec, destination)},
    {"created", FIELD_SECONDS, offsetof(ImportSpec, created_seconds)},
    {"failures", FIELD_COUNT, offsetof(ImportSpec, failures)},
    {"errorMessage", FIELD_STRING, offsetof(ImportSpec, error_message)},
    {"owner", FIELD_STRING, offsetof(ImportSpec, owner)},
    {"region", FIELD_STRING, offsetof(ImportSpec, region)},
    {"omit", FIELD_NAMES, offsetof(ImportSpec, omit)},
    {"members", FIELD_OBJECT, offsetof(ImportSpec, members)},
};
#define N_SPEC_FIELDS (sizeof(spec_fields) / sizeof(*spec_fields))

/* What is declared where the declaration leaves it out, and differs between the services. */
static const struct {
    const char *ends, *source, *destination;
} services[] = {
    [SERVICE_CLOUDTRAIL] = {"STOPPED", "s3://trailstop-example/AWSLogs/111122223333/CloudTrail/",
                            "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/"
                            "EXAMPLE-f852-4e8f-8bd1-bcf6cEXAMPLE"},
    [SERVICE_LOGS] = {"CANCELLED",
                      "arn:aws:cloudtrail:us-east-1:111122223333:eventdatastore/"
                      "EXAMPLE-f852-4e8f-8bd1-bcf6cEXAMPLE",
                      "arn:aws:logs:us-east-1:111122223333:log-group:aws/cloudtrail/EXAMPLE"},
};

static void set_defaults(ImportSpec *spec)
{
    spec->references = 1;
    spec->count = 1;
    spec->stop_polls = 2;
    spec->stop_seconds = spec->settle_seconds = -1;
    spec->created_seconds = -1;
    spec->statistics[STATISTIC_PREFIXES_FOUND] = (Range){10, 10};
    spec->statistics[STATISTIC_PREFIXES_COMPLETED] = (Range){0, 10};
    spec->statistics[STATISTIC_FILES_COMPLETED] = (Range){0, 1000};
    spec->statistics[STATISTIC_EVENTS_COMPLETED] = (Range){0, 50000};
    spec->statistics[STATISTIC_BYTES_IMPORTED] = (Range){0, 1000000};
}

static int read_service(ImportSpec *spec, char **ret_error)
{
    if (!spec->service_name || import_service_parse(spec->service_name, &spec->service) == 0)
        return 0;
    return explain(ret_error, -EINVAL, "there is no service '%s': cloudtrail or logs",
                   spec->service_name);
}

static int set_default(char **field, const char *value)
{
    return *field ? 0 : fields_set_string(field, value);
}

static int fill_in(ImportSpec *spec)
{
    if (set_default(&spec->status, "IN_PROGRESS") < 0 ||
        set_default(&spec->ends, services[spec->service].ends) < 0 ||
        set_default(&spec->run_ends, "COMPLETED") < 0 ||
        set_default(&spec->ended_stop, "answer") < 0 ||
        set_default(&spec->source, services[spec->service].source) < 0 ||
        set_default(&spec->destination, services[spec->service].destination) < 0)
        return -ENOMEM;
    return 0;
}

bool import_id_is_valid(ImportService service, const char *id)
{
    char canonical[IMPORT_ID_SIZE];

    return import_id_parse(service, id, strlen(id), canonical) == 0 && strcmp(canonical, id) == 0;
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
    CLEANUP(import_spec_unrefp) ImportSpec *spec = calloc(1, sizeof(*spec));
    int r;

    if (!spec)
        return -ENOMEM;
    set_defaults(spec);
    r = fields_read(declaration, spec_fields, N_SPEC_FIELDS, spec, ret_error);
    if (r == 0)
        r = read_service(spec, ret_error);
    if (r == 0)
        r = fill_in(spec);
    if (r < 0)
        return r;
    if (spec->id && !import_id_is_valid(spec->service, spec->id))
        return explain(ret_error, -EINVAL, "'%s' is not an import id: those have %s", spec->id,
                       import_service_id_form(spec->service));
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
