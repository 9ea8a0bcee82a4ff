/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/import-operations.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/json-write.h"
#include "common/json.h"
#include "common/memory.h"

const ImportOperations *import_operations(ImportService service)
{
    static const ImportOperations *const tables[] = {
        [SERVICE_CLOUDTRAIL] = &cloudtrail_operations,
        [SERVICE_LOGS] = &logs_operations,
    };
    _Static_assert(sizeof(tables) / sizeof(tables[0]) == N_IMPORT_SERVICES, "one each");

    assert(service < N_IMPORT_SERVICES && tables[service]);
    return tables[service];
}

const ImportStatus import_running_statuses[N_RUNNING_STATUSES] = {IMPORT_STATUS_INITIALIZING,
                                                                  IMPORT_STATUS_IN_PROGRESS};

/* arn:partition:service:region:account:resource */
bool import_destination_is_valid(const char *text)
{
    const char *rest = text;

    for (unsigned i = 0; rest && i < 5; i++) {
        rest = strchr(rest, ':');
        rest = rest ? rest + 1 : NULL;
    }
    return strncmp(text, "arn:", strlen("arn:")) == 0 && rest && *rest;
}

const char *import_status_name(const ImportOperations *operations, json_object *import)
{
    const char *name;

    return json_get_string(import, operations->status_member, &name) > 0 ? name : NULL;
}

ImportStatus import_status(const ImportOperations *operations, json_object *import)
{
    const char *name = import_status_name(operations, import);

    for (ImportStatus status = 0; name && status < N_IMPORT_STATUSES; status++)
        if (operations->statuses[status] && strcmp(name, operations->statuses[status]) == 0)
            return status;
    return IMPORT_STATUS_UNKNOWN;
}

bool import_is_over(const ImportOperations *operations, json_object *import)
{
    ImportStatus status = import_status(operations, import);

    return status == IMPORT_STATUS_STOPPED || status == IMPORT_STATUS_COMPLETED ||
           status == IMPORT_STATUS_FAILED;
}

const char *import_source(const ImportOperations *operations, json_object *import)
{
    const char *const *member = operations->source_members, *source;
    json_object *object = import;

    assert(member[0]);
    for (; member[1]; member++)
        if (json_get_object(object, member[0], &object) <= 0)
            return NULL;
    return json_get_string(object, member[0], &source) > 0 ? source : NULL;
}

static bool has_text(json_object *array, const char *text)
{
    for (size_t i = 0; i < json_object_array_length(array); i++)
        if (strcmp(json_object_get_string(json_object_array_get_idx(array, i)), text) == 0)
            return true;
    return false;
}

bool import_is_into(const ImportOperations *operations, json_object *import,
                    const char *destination)
{
    json_object *several;
    const char *one;

    if (json_get_string(import, operations->destination_member, &one) > 0)
        return strcmp(one, destination) == 0;
    if (json_get_array(import, operations->destination_member, &several) > 0 &&
        json_object_array_length(several) > 0)
        return has_text(several, destination);
    return operations->destination_filter;
}

int import_set_id(const ImportOperations *operations, json_object *import, const char *import_id)
{
    return json_add_string(import, operations->id_member, import_id);
}

char *import_to_text(const ImportOperations *operations, json_object *import, const char *import_id)
{
    JsonWriter writer = {0};
    size_t size;

    if (import_set_id(operations, import, import_id) < 0)
        return NULL;
    json_write_value(&writer, NULL, import);
    return json_writer_take(&writer, &size);
}

static int start_with_body(AwsClient *client, const AwsOperation *operation, json_object *body,
                           const AwsCaller *caller, AwsCall **ret)
{
    const char *text = json_text(body, NULL);

    return text ? aws_call_start(client, operation, text, NULL, caller, ret) : -ENOMEM;
}

int import_call_stop(AwsClient *client, const ImportOperations *operations, const char *import_id,
                     const AwsCaller *caller, AwsCall **ret)
{
    return aws_call_start(client, &operations->stop, NULL, import_id, caller, ret);
}

int import_call_start(AwsClient *client, const ImportOperations *operations, const char *import_id,
                      const AwsCaller *caller, AwsCall **ret)
{
    return aws_call_start(client, &operations->start, NULL, import_id, caller, ret);
}

int import_call_get(AwsClient *client, const ImportOperations *operations, const char *import_id,
                    const AwsCaller *caller, AwsCall **ret)
{
    return aws_call_start(client, &operations->get, NULL, import_id, caller, ret);
}

/* The parameters that all lists have. NULL: no memory. */
static json_object *new_page(const ImportOperations *operations, const char *token)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();

    if (!body || json_add_int64(body, operations->page_size_member, operations->page_size) < 0 ||
        json_add_string(body, operations->token_member, token) < 0)
        return NULL;
    return TAKE(body);
}

/* A filter that the service does not have is for the caller to apply. */
static int add_filter(json_object *body, const char *name, const char *value)
{
    return name ? json_add_string(body, name, value) : 0;
}

int import_call_list(AwsClient *client, const ImportOperations *operations, const char *destination,
                     const char *status, const char *token, const AwsCaller *caller, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = new_page(operations, token);

    if (!body || add_filter(body, operations->destination_filter, destination) < 0 ||
        add_filter(body, operations->status_filter, status) < 0)
        return -ENOMEM;
    return start_with_body(client, &operations->list, body, caller, ret);
}

int import_call_failures(AwsClient *client, const ImportOperations *operations,
                         const char *import_id, const char *token, const AwsCaller *caller,
                         AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = new_page(operations, token);

    if (!body || json_add_string(body, operations->id_member, import_id) < 0)
        return -ENOMEM;
    return start_with_body(client, &operations->failures, body, caller, ret);
}
