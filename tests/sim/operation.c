#include "tests/sim/operation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/names.h"

#define TARGET_PREFIX "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101."
#define MAX_RESULTS_LIMIT 1000
/* NextToken is opaque to clients: the sequence number of the last import (or failure) they have. */
#define NEXT_TOKEN_FORMAT "trailstop-sim-after-%" PRIu64

typedef struct Page {
    uint64_t size;
    uint64_t after;
} Page;

__attribute__((format(printf, 4, 5))) static int refuse(OperationError *error, unsigned status,
                                                        const char *code, const char *format, ...)
{
    va_list arguments;

    error->status = status;
    error->code = code;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof(error->message), format, arguments);
    va_end(arguments);
    return -EACCES;
}

static int get_import_id(const OperationRequest *request, const char **ret, OperationError *error)
{
    char id[IMPORT_ID_SIZE];

    int r = json_get_string(request->body, "ImportId", ret);
    if (r <= 0 || import_id_parse(*ret, strlen(*ret), id) < 0 || strcmp(*ret, id) != 0)
        return refuse(error, 400, "InvalidParameterException",
                      "ImportId must be there, with 36 characters of [a-f0-9-].");
    return 0;
}

static int find_import(Imports *imports, const OperationRequest *request, Import **ret,
                       OperationError *error)
{
    const char *id;

    int r = get_import_id(request, &id, error);
    if (r < 0)
        return r;
    *ret = imports_find(imports, id, request->account, request->region);
    if (!*ret)
        return refuse(error, 404, "ImportNotFoundException", "Import %s was not found.", id);
    return 0;
}

static int answer_import(Import *import, json_object **ret)
{
    *ret = import_to_json(import);
    return *ret ? 0 : -ENOMEM;
}

static int stop_import(Imports *imports, const OperationRequest *request, json_object **ret,
                       OperationError *error)
{
    Import *import;

    int r = find_import(imports, request, &import, error);
    if (r < 0)
        return r;
    const char *answer = import_spec(import)->ended_stop;
    if (import_has_ended(import) && strcmp(answer, "answer") != 0)
        return refuse(error, 400, answer, "Import %s is %s and cannot be stopped.",
                      import_id(import), import_status(import));
    import_stop(import);
    return answer_import(import, ret);
}

static int get_import(Imports *imports, const OperationRequest *request, json_object **ret,
                      OperationError *error)
{
    Import *import;

    int r = find_import(imports, request, &import, error);
    if (r < 0)
        return r;
    import_poll(import);
    return answer_import(import, ret);
}

static int get_page(const OperationRequest *request, Page *ret, OperationError *error)
{
    int64_t max_results = (int64_t)request->page_size;
    const char *token = NULL;
    char expected[64] = "";
    Page page = {0};

    if (json_get_int64(request->body, "MaxResults", &max_results) < 0 || max_results < 1 ||
        max_results > MAX_RESULTS_LIMIT)
        return refuse(error, 400, "InvalidParameterException",
                      "MaxResults must be an integer from 1 to %d.", MAX_RESULTS_LIMIT);
    page.size =
        (uint64_t)max_results < request->page_size ? (uint64_t)max_results : request->page_size;

    int r = json_get_string(request->body, "NextToken", &token);
    if (r > 0 && sscanf(token, NEXT_TOKEN_FORMAT, &page.after) == 1)
        snprintf(expected, sizeof(expected), NEXT_TOKEN_FORMAT, page.after);
    if (r < 0 || (r > 0 && strcmp(token, expected) != 0))
        return refuse(error, 400, "InvalidNextTokenException", "The NextToken is invalid.");
    *ret = page;
    return 0;
}

/* {name: array, "NextToken"}, the token only where there is more. Takes the array. */
static int answer_page(const char *name, json_object *array, bool more, uint64_t last,
                       json_object **ret)
{
    CLEANUP(json_object_putp) json_object *answer = json_object_new_object();
    char token[64];

    if (!answer) {
        json_object_put(array);
        return -ENOMEM;
    }
    snprintf(token, sizeof(token), NEXT_TOKEN_FORMAT, last);
    if (json_add(answer, name, array) < 0 ||
        json_add_string(answer, "NextToken", more ? token : NULL) < 0)
        return -ENOMEM;
    *ret = TAKE(answer);
    return 0;
}

static bool is_known_status(const char *status)
{
    static const char *const known[] = {"INITIALIZING", "IN_PROGRESS", "FAILED", "STOPPED",
                                        "COMPLETED"};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(status, known[i]) == 0)
            return true;
    return false;
}

static int list_imports(Imports *imports, const OperationRequest *request, json_object **ret,
                        OperationError *error)
{
    const char *destination = NULL, *status = NULL;
    uint64_t n_listed = 0, last = 0;
    Page page;

    int r = get_page(request, &page, error);
    if (r < 0)
        return r;
    if (json_get_string(request->body, "Destination", &destination) < 0)
        return refuse(error, 400, "InvalidParameterException", "Destination must be one ARN.");
    if (json_get_string(request->body, "ImportStatus", &status) < 0 ||
        (status && !is_known_status(status)))
        return refuse(error, 400, "InvalidParameterException",
                      "ImportStatus must be INITIALIZING, IN_PROGRESS, FAILED, STOPPED or "
                      "COMPLETED.");

    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    if (!array)
        return -ENOMEM;
    Import *import = NULL;
    while ((import = imports_next(imports, import, request->account, request->region))) {
        if (import_sequence(import) <= page.after ||
            (status && strcmp(status, import_status(import)) != 0) ||
            (destination && strcmp(destination, import_spec(import)->destination) != 0))
            continue;
        if (n_listed++ == page.size)
            break;
        last = import_sequence(import);
        json_object *item = import_to_list_item(import);
        if (!item || json_object_array_add(array, item) < 0)
            return -ENOMEM;
    }
    return answer_page("Imports", TAKE(array), import, last, ret);
}

static int list_import_failures(Imports *imports, const OperationRequest *request,
                                json_object **ret, OperationError *error)
{
    Import *import;
    Page page;

    int r = find_import(imports, request, &import, error);
    if (r == 0)
        r = get_page(request, &page, error);
    if (r < 0)
        return r;

    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    if (!array)
        return -ENOMEM;
    uint64_t n_failures = import_spec(import)->failures, at = page.after;
    for (; at < n_failures && at - page.after < page.size; at++) {
        json_object *failure = import_failure_to_json(import, at);
        if (!failure || json_object_array_add(array, failure) < 0)
            return -ENOMEM;
    }
    return answer_page("Failures", TAKE(array), at < n_failures, at, ret);
}

static const struct {
    const char *name;
    int (*run)(Imports *imports, const OperationRequest *request, json_object **ret,
               OperationError *error);
} operations[] = {
    [OPERATION_UNKNOWN] = {"Unknown", NULL},
    [OPERATION_STOP_IMPORT] = {"StopImport", stop_import},
    [OPERATION_GET_IMPORT] = {"GetImport", get_import},
    [OPERATION_LIST_IMPORTS] = {"ListImports", list_imports},
    [OPERATION_LIST_IMPORT_FAILURES] = {"ListImportFailures", list_import_failures},
};

Operation operation_from_name(const char *name)
{
    for (size_t i = 1; i < sizeof(operations) / sizeof(*operations); i++)
        if (strcmp(operations[i].name, name) == 0)
            return (Operation)i;
    return OPERATION_UNKNOWN;
}

Operation operation_from_target(const char *target)
{
    if (!target || strncmp(target, TARGET_PREFIX, strlen(TARGET_PREFIX)) != 0)
        return OPERATION_UNKNOWN;
    return operation_from_name(target + strlen(TARGET_PREFIX));
}

const char *operation_name(Operation operation)
{
    return operations[operation].name;
}

int operation_run(Imports *imports, const OperationRequest *request, json_object **ret,
                  OperationError *ret_error)
{
    if (request->operation == OPERATION_UNKNOWN)
        return refuse(ret_error, 400, "UnknownOperationException",
                      "Operations are called by POST / and an X-Amz-Target header that names one.");
    return operations[request->operation].run(imports, request, ret, ret_error);
}
