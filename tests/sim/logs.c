/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/logs.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/sim/import.h"
#include "tests/sim/json-service.h"

static const PageNames page_names = {
    .size = "limit",
    .token = "nextToken",
    .size_max = 50,
    .token_error = "InvalidParameterException",
};

/* *ret NULL: the call names none. */
static int get_id(SimCall *call, const char **ret, Refusal *refusal)
{
    *ret = NULL;
    if (json_get_string(call->body, "importId", ret) < 0 ||
        (*ret && !import_id_is_valid(SERVICE_LOGS, *ret)))
        return refuse(refusal, 400, "InvalidParameterException",
                      "importId must have 1 to 256 characters of [-a-zA-Z0-9].");
    return 0;
}

static int find_task(SimCall *call, Import **ret, Refusal *refusal)
{
    const char *id;

    int r = get_id(call, &id, refusal);
    if (r < 0)
        return r;
    if (!id)
        return refuse(refusal, 400, "InvalidParameterException", "importId must be there.");
    *ret = imports_find(call->sim->imports, SERVICE_LOGS, id, call->account, call->claim.region);
    if (!*ret)
        return refuse(refusal, 400, "ResourceNotFoundException", "Import task %s was not found.",
                      id);
    return 0;
}

static int cancel_import_task(SimCall *call, json_object **ret, Refusal *refusal)
{
    const char *answer;
    Import *import;

    int r = find_task(call, &import, refusal);
    if (r < 0)
        return r;
    answer = import_spec(import)->ended_stop;
    if (import_has_ended(import) && strcmp(answer, "answer") != 0)
        return refuse(refusal, 400, answer, "Import task %s is %s and cannot be cancelled.",
                      import_id(import), import_status(import));
    import_stop(import);
    *ret = import_task_to_cancelled(import);
    return *ret ? 0 : -ENOMEM;
}

static bool is_known_status(const char *status)
{
    static const char *const known[] = {"IN_PROGRESS", "CANCELLED", "COMPLETED", "FAILED"};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
        if (strcmp(status, known[i]) == 0)
            return true;
    return false;
}

typedef struct Filter {
    const char *id, *status, *source; /* NULL: any */
} Filter;

static int get_filter(SimCall *call, Filter *ret, Refusal *refusal)
{
    int r = get_id(call, &ret->id, refusal);
    if (r < 0)
        return r;
    if (json_get_string(call->body, "importStatus", &ret->status) < 0 ||
        (ret->status && !is_known_status(ret->status)))
        return refuse(refusal, 400, "InvalidParameterException",
                      "importStatus must be IN_PROGRESS, CANCELLED, COMPLETED or FAILED.");
    if (json_get_string(call->body, "importSourceArn", &ret->source) < 0)
        return refuse(refusal, 400, "InvalidParameterException",
                      "importSourceArn must be one ARN.");
    return 0;
}

static bool fits(Import *import, const Filter *filter)
{
    return (!filter->id || strcmp(filter->id, import_id(import)) == 0) &&
           (!filter->status || strcmp(filter->status, import_status(import)) == 0) &&
           (!filter->source || strcmp(filter->source, import_spec(import)->source) == 0);
}

/* There is no operation that gets one: a task is described with its id, and looked at then. */
static int describe_import_tasks(SimCall *call, json_object **ret, Refusal *refusal)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    uint64_t n_listed = 0, last = 0;
    Filter filter = {0};
    Import *import = NULL;
    Page page;

    int r = get_filter(call, &filter, refusal);
    if (r == 0)
        r = page_read(call, &page_names, &page, refusal);
    if (r < 0)
        return r;
    if (!array)
        return -ENOMEM;
    while ((import = imports_next(call->sim->imports, SERVICE_LOGS, import, call->account,
                                  call->claim.region))) {
        json_object *item;

        if (import_sequence(import) <= page.after || !fits(import, &filter))
            continue;
        if (n_listed++ == page.size)
            break;
        last = import_sequence(import);
        if (filter.id)
            import_poll(import);
        item = import_task_to_json(import);
        if (!item || json_object_array_add(array, item) < 0)
            return -ENOMEM;
    }
    return page_answer(&page_names, "imports", TAKE(array), import, last, ret);
}

static int describe_import_task_batches(SimCall *call, json_object **ret, Refusal *refusal)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();
    uint64_t n_batches, at;
    Import *import;
    Page page;

    int r = find_task(call, &import, refusal);
    if (r == 0)
        r = page_read(call, &page_names, &page, refusal);
    if (r < 0)
        return r;
    if (!array)
        return -ENOMEM;
    n_batches = import_spec(import)->failures;
    for (at = page.after; at < n_batches && at - page.after < page.size; at++) {
        json_object *batch = import_batch_to_json(import, at);
        if (!batch || json_object_array_add(array, batch) < 0)
            return -ENOMEM;
    }
    return page_answer(&page_names, "importBatches", TAKE(array), at < n_batches, at, ret);
}

static const JsonOperation operations[] = {
    {OPERATION_CANCEL_IMPORT_TASK, cancel_import_task},
    {OPERATION_DESCRIBE_IMPORT_TASKS, describe_import_tasks},
    {OPERATION_DESCRIBE_IMPORT_TASK_BATCHES, describe_import_task_batches},
};

static const char *const target_prefixes[] = {"Logs_20140328.", NULL};

static const JsonService logs = {
    .signing_name = "logs",
    .target_prefixes = target_prefixes,
    .operations = operations,
    .n_operations = sizeof(operations) / sizeof(*operations),
    .content_type = CONTENT_TYPE_JSON_1_1,
    .id_member = "importId",
};

const ServiceType logs_service = {
    .quota = "logs",
    .json = &logs,
    .recognizes = json_service_recognizes,
    .read = json_service_read,
    .authenticate = json_service_authenticate,
    .run = json_service_run,
    .write = json_service_write,
    .write_error = json_service_write_error,
};
