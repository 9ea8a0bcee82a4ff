/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/cloudtrail.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/import.h"
#include "tests/sim/json-service.h"

static const PageNames page_names = {
    .size = "MaxResults",
    .token = "NextToken",
    .size_max = 1000,
    .token_error = "InvalidNextTokenException",
};

static int get_import_id(SimCall *call, const char **ret, Refusal *refusal)
{
    int r = json_get_string(call->body, "ImportId", ret);

    if (r <= 0 || !import_id_is_valid(SERVICE_CLOUDTRAIL, *ret))
        return refuse(refusal, 400, "InvalidParameterException",
                      "ImportId must be there, with 36 characters of [a-f0-9-].");
    return 0;
}

static int find_import(SimCall *call, Import **ret, Refusal *refusal)
{
    const char *id;

    int r = get_import_id(call, &id, refusal);
    if (r < 0)
        return r;
    *ret =
        imports_find(call->sim->imports, SERVICE_CLOUDTRAIL, id, call->account, call->claim.region);
    if (!*ret)
        return refuse(refusal, 404, "ImportNotFoundException", "Import %s was not found.", id);
    return 0;
}

static int answer_import(Import *import, json_object **ret)
{
    *ret = import_to_json(import);
    return *ret ? 0 : -ENOMEM;
}

static int stop_import(SimCall *call, json_object **ret, Refusal *refusal)
{
    Import *import;
    int r = find_import(call, &import, refusal);
    const char *answer;

    if (r < 0)
        return r;
    answer = import_spec(import)->ended_stop;
    if (import_has_ended(import) && strcmp(answer, "answer") != 0)
        return refuse(refusal, 400, answer, "Import %s is %s and cannot be stopped.",
                      import_id(import), import_status(import));
    import_stop(import);
    return answer_import(import, ret);
}

static int get_import(SimCall *call, json_object **ret, Refusal *refusal)
{
    Import *import;

    int r = find_import(call, &import, refusal);
    if (r < 0)
        return r;
    import_poll(import);
    return answer_import(import, ret);
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

static int list_imports(SimCall *call, json_object **ret, Refusal *refusal)
{
    const char *destination = NULL, *status = NULL;
    uint64_t n_listed = 0, last = 0;
    Page page;
    int r = page_read(call, &page_names, &page, refusal);
    CLEANUP(json_object_putp) json_object *array = NULL;
    Import *import;

    if (r < 0)
        return r;
    if (json_get_string(call->body, "Destination", &destination) < 0)
        return refuse(refusal, 400, "InvalidParameterException", "Destination must be one ARN.");
    if (json_get_string(call->body, "ImportStatus", &status) < 0 ||
        (status && !is_known_status(status)))
        return refuse(refusal, 400, "InvalidParameterException",
                      "ImportStatus must be INITIALIZING, IN_PROGRESS, FAILED, STOPPED or "
                      "COMPLETED.");

    array = json_object_new_array();
    if (!array)
        return -ENOMEM;
    import = NULL;
    while ((import = imports_next(call->sim->imports, SERVICE_CLOUDTRAIL, import, call->account,
                                  call->claim.region))) {
        json_object *item;

        if (import_sequence(import) <= page.after ||
            (status && strcmp(status, import_status(import)) != 0) ||
            (destination && strcmp(destination, import_spec(import)->destination) != 0))
            continue;
        if (n_listed++ == page.size)
            break;
        last = import_sequence(import);
        item = import_to_list_item(import);
        if (!item || json_object_array_add(array, item) < 0)
            return -ENOMEM;
    }
    return page_answer(&page_names, "Imports", TAKE(array), import, last, ret);
}

static int list_import_failures(SimCall *call, json_object **ret, Refusal *refusal)
{
    Import *import;
    Page page;
    int r = find_import(call, &import, refusal);
    CLEANUP(json_object_putp) json_object *array = NULL;
    uint64_t n_failures, at;

    if (r == 0)
        r = page_read(call, &page_names, &page, refusal);
    if (r < 0)
        return r;

    array = json_object_new_array();
    if (!array)
        return -ENOMEM;
    n_failures = import_spec(import)->failures;
    at = page.after;
    for (; at < n_failures && at - page.after < page.size; at++) {
        json_object *failure = import_failure_to_json(import, at);
        if (!failure || json_object_array_add(array, failure) < 0)
            return -ENOMEM;
    }
    return page_answer(&page_names, "Failures", TAKE(array), at < n_failures, at, ret);
}

/* With an id alone, StartImport goes on with an import that was stopped or failed. */
static int start_import(SimCall *call, json_object **ret, Refusal *refusal)
{
    Import *import;

    int r = find_import(call, &import, refusal);
    if (r < 0)
        return r;
    if (!import_has_ended(import))
        return refuse(refusal, 400, "AccountHasOngoingImportException",
                      "Import %s is %s: one import at a time runs in an account.",
                      import_id(import), import_status(import));
    if (strcmp(import_status(import), "COMPLETED") == 0)
        return refuse(refusal, 400, "InvalidParameterException",
                      "Import %s is COMPLETED and cannot be started again.", import_id(import));
    import_restart(import);
    return answer_import(import, ret);
}

static const JsonOperation operations[] = {
    {OPERATION_STOP_IMPORT, stop_import},
    {OPERATION_START_IMPORT, start_import},
    {OPERATION_GET_IMPORT, get_import},
    {OPERATION_LIST_IMPORTS, list_imports},
    {OPERATION_LIST_IMPORT_FAILURES, list_import_failures},
};

/* As botocore and the AWS CLI write it, and as SDKs generated from Smithy models do. */
static const char *const target_prefixes[] = {
    "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.",
    "CloudTrail_20131101.",
    NULL,
};

static const JsonService cloudtrail = {
    .signing_name = "cloudtrail",
    .target_prefixes = target_prefixes,
    .operations = operations,
    .n_operations = sizeof(operations) / sizeof(*operations),
    .content_type = CONTENT_TYPE_JSON_1_1,
    .id_member = "ImportId",
};

/* What no other service recognizes is CloudTrail's to refuse. */
static bool recognizes(const SimCall *call)
{
    (void)call;
    return true;
}

const ServiceType cloudtrail_service = {
    .quota = "cloudtrail",
    .json = &cloudtrail,
    .recognizes = recognizes,
    .read = json_service_read,
    .authenticate = json_service_authenticate,
    .run = json_service_run,
    .write = json_service_write,
    .write_error = json_service_write_error,
};
