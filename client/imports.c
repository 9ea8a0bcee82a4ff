/* SPDX-License-Identifier: Apache-2.0 */
#include "client/imports.h"

#include <errno.h>
#include <string.h>

#include "client/call.h"
#include "client/details.h"
#include "client/import-id.h"
#include "client/object-table.h"
#include "client/outcome.h"
#include "common/json.h"

/* Members of an object as details, each only where it is there. */
static int print_strings(json_object *object, const char *const (*members)[2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *value = NULL;
        if (json_get_string(object, members[i][0], &value) < 0)
            return -EBADMSG;
        details_print(members[i][1], value);
    }
    return 0;
}

static int print_statistics(json_object *statistics)
{
    static const char *const members[][2] = {
#define IMPORT_STATISTIC(symbol, member, kind, field, label, unit) {member, label},
#define TASK_STATISTIC IMPORT_STATISTIC
#include "common/import-members.def"
    };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        int64_t value = -1;
        if (json_get_int64(statistics, members[i][0], &value) < 0)
            return -EBADMSG;
        details_print_int64(members[i][1], value);
    }
    return 0;
}

static int print_import(const Options *options, json_object *parameters, void *userdata)
{
    static const char *const about[][2] = {
        {"ImportId", "Import"},
        {"ImportStatus", "Status"},
        {"CreatedTimestamp", "Created"},
        {"UpdatedTimestamp", "Updated"},
        {"StartEventTime", "Events from"},
        {"EndEventTime", "Events until"},
    };
    static const char *const source[][2] = {
        {"S3LocationUri", "Source"},
        {"S3BucketRegion", "Bucket region"},
        {"S3BucketAccessRoleArn", "Access role"},
    };
    json_object *import = NULL, *import_source = NULL, *s3 = NULL, *statistics = NULL,
                *destinations = NULL;

    (void)options;
    (void)userdata;
    if (json_get_object(parameters, "import", &import) <= 0 ||
        json_get_object(import, "ImportSource", &import_source) < 0 ||
        json_get_object(import_source, "S3", &s3) < 0 ||
        json_get_array(import, "Destinations", &destinations) < 0 ||
        json_get_object(import, "ImportStatistics", &statistics) < 0 ||
        print_strings(import, about, sizeof(about) / sizeof(about[0])) < 0 ||
        print_strings(s3, source, sizeof(source) / sizeof(source[0])) < 0)
        return -EBADMSG;
    for (size_t i = 0; destinations && i < json_object_array_length(destinations); i++) {
        const char *destination = json_string(json_object_array_get_idx(destinations, i));

        if (!destination)
            return -EBADMSG;
        details_print("Destination", destination);
    }
    return print_statistics(statistics);
}

static int print_task(const Options *options, json_object *parameters, void *userdata)
{
    static const char *const about[][2] = {
        {"importId", "Import"},        {"importStatus", "Status"},
        {"creationTime", "Created"},   {"lastUpdatedTime", "Updated"},
        {"importSourceArn", "Source"}, {"importDestinationArn", "Destination"},
        {"errorMessage", "Error"},
    };
    static const char *const filter[][2] = {
        {"startEventTime", "Events from"},
        {"endEventTime", "Events until"},
    };
    json_object *task = NULL, *task_filter = NULL, *statistics = NULL;

    (void)options;
    (void)userdata;
    if (json_get_object(parameters, "task", &task) <= 0 ||
        json_get_object(task, "importFilter", &task_filter) < 0 ||
        json_get_object(task, "importStatistics", &statistics) < 0 ||
        print_strings(task, about, sizeof(about) / sizeof(about[0])) < 0 ||
        print_strings(task_filter, filter, sizeof(filter) / sizeof(filter[0])) < 0)
        return -EBADMSG;
    return print_statistics(statistics);
}

static int print_imports(const Options *options, json_object *parameters, void *userdata)
{
    (void)userdata;
    return object_table_show_imports(parameters, options);
}

static int print_batches(const Options *options, json_object *parameters, void *userdata)
{
    static const ObjectColumn columns[] = {
        {.name = "BATCH", .member = "batchId"},
        {.name = "STATUS", .member = "status"},
        {.name = "MESSAGE", .member = "errorMessage"},
    };

    (void)userdata;
    return object_table_show(parameters, "batches", columns, sizeof(columns) / sizeof(columns[0]),
                             "There are no batches", options);
}

static int print_failures(const Options *options, json_object *parameters, void *userdata)
{
    static const ObjectColumn columns[] = {
        {.name = "LOCATION", .member = "Location"},
        {.name = "STATUS", .member = "Status"},
        {.name = "ERROR", .member = "ErrorType"},
        {.name = "UPDATED", .member = "LastUpdatedTime"},
        {.name = "MESSAGE", .member = "ErrorMessage"},
    };

    (void)userdata;
    return object_table_show(parameters, "failures", columns, sizeof(columns) / sizeof(columns[0]),
                             "Nothing failed", options);
}

/* A call about the one import that the command names. */
static int run_about_import(const Options *options, const char *method, CallHandler handler)
{
    const char *argument = options->arguments[1];
    char id[IMPORT_ID_SIZE];

    if (import_id_read(options->service, argument, strlen(argument), id) < 0)
        return OUTCOME_USAGE;
    return call_print(options, method,
                      call_parameters((CallString[]){{"importId", id},
                                                     {"target", call_target(options)},
                                                     {"service", options_service(options)},
                                                     {"reason", options->reason},
                                                     {0}}),
                      false, handler, NULL);
}

int imports_run_show(const Options *options)
{
    return run_about_import(options, "GetImport",
                            options->service == SERVICE_LOGS ? print_task : print_import);
}

int imports_run_failures(const Options *options)
{
    return run_about_import(options, "ListImportFailures",
                            options->service == SERVICE_LOGS ? print_batches : print_failures);
}

int imports_run_restart(const Options *options)
{
    return run_about_import(options, "Restart", print_import);
}

int imports_run_list(const Options *options)
{
    return call_print(options, "ListImports",
                      call_parameters((CallString[]){{"target", call_target(options)},
                                                     {"service", options_service(options)},
                                                     {"destination", options->destination},
                                                     {0}}),
                      false, print_imports, NULL);
}
