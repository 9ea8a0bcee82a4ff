/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/cloudtrail.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/aws/decode.h"

/* ---- decoding: CloudTrail's members ---- */

static const Member s3_members[] = {
    {"S3LocationUri", MEMBER_STRING, NULL},
    {"S3BucketRegion", MEMBER_STRING, NULL},
    {"S3BucketAccessRoleArn", MEMBER_STRING, NULL},
    {0},
};

static const Member source_members[] = {
    {"S3", MEMBER_OBJECT, s3_members},
    {0},
};

static const Member statistics_members[] = {
#define IMPORT_STATISTIC(symbol, member, kind, field, label, unit) {member, MEMBER_##kind, NULL},
#include "common/import-members.def"
#undef IMPORT_STATISTIC
    {0},
};

static const Member import_members[] = {
    {"ImportId", MEMBER_STRING, NULL},
    {"ImportSource", MEMBER_OBJECT, source_members},
    {"Destinations", MEMBER_STRINGS, NULL},
    {"ImportStatus", MEMBER_STRING, NULL},
    {"CreatedTimestamp", MEMBER_TIME, NULL},
    {"UpdatedTimestamp", MEMBER_TIME, NULL},
    {"StartEventTime", MEMBER_TIME, NULL},
    {"EndEventTime", MEMBER_TIME, NULL},
    {"ImportStatistics", MEMBER_OBJECT, statistics_members},
    {0},
};

static const Member failure_members[] = {
    {"Location", MEMBER_STRING, NULL},      {"Status", MEMBER_STRING, NULL},
    {"ErrorType", MEMBER_STRING, NULL},     {"ErrorMessage", MEMBER_STRING, NULL},
    {"LastUpdatedTime", MEMBER_TIME, NULL}, {0},
};

static const Member imports_members[] = {
    {CLOUDTRAIL_IMPORTS, MEMBER_OBJECTS, import_members},
    {CLOUDTRAIL_NEXT_TOKEN, MEMBER_STRING, NULL},
    {0},
};

static const Member failures_members[] = {
    {CLOUDTRAIL_FAILURES, MEMBER_OBJECTS, failure_members},
    {CLOUDTRAIL_NEXT_TOKEN, MEMBER_STRING, NULL},
    {0},
};

int cloudtrail_decode_import(json_object *answer, json_object **ret)
{
    return decode_answer(answer, import_members, ret);
}

static int decode_imports(json_object *answer, json_object **ret)
{
    return decode_answer(answer, imports_members, ret);
}

static int decode_failures(json_object *answer, json_object **ret)
{
    return decode_answer(answer, failures_members, ret);
}

/* ---- reading what was decoded ---- */

const char *cloudtrail_import_status_name(json_object *import)
{
    const char *name;

    return json_get_string(import, "ImportStatus", &name) > 0 ? name : NULL;
}

int cloudtrail_import_set_id(json_object *import, const char *import_id)
{
    const char *id;

    return json_get_string(import, "ImportId", &id) > 0
               ? 0
               : json_add_string(import, "ImportId", import_id);
}

ImportStatus cloudtrail_import_status(json_object *import)
{
    static const char *const names[] = {
        [IMPORT_STATUS_INITIALIZING] = "INITIALIZING",
        [IMPORT_STATUS_IN_PROGRESS] = "IN_PROGRESS",
        [IMPORT_STATUS_FAILED] = "FAILED",
        [IMPORT_STATUS_STOPPED] = "STOPPED",
        [IMPORT_STATUS_COMPLETED] = "COMPLETED",
    };
    const char *name = cloudtrail_import_status_name(import);

    for (size_t i = 0; name && i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i] && strcmp(name, names[i]) == 0)
            return (ImportStatus)i;
    return IMPORT_STATUS_UNKNOWN;
}

/* ---- the operations ---- */

#define TARGET(operation) "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101." operation

static const AwsOperation stop_import = {
    .name = "StopImport",
    .target = TARGET("StopImport"),
    .decode = cloudtrail_decode_import,
    .subject = "ImportId",
    .limit = QUOTA_STOP,
};

static const AwsOperation get_import = {
    .name = "GetImport",
    .target = TARGET("GetImport"),
    .decode = cloudtrail_decode_import,
    .subject = "ImportId",
    .limit = QUOTA_READ,
};

static const AwsOperation list_imports = {
    .name = "ListImports",
    .target = TARGET("ListImports"),
    .decode = decode_imports,
    .limit = QUOTA_READ,
    .of_target = true,
};

static const AwsOperation list_import_failures = {
    .name = "ListImportFailures",
    .target = TARGET("ListImportFailures"),
    .decode = decode_failures,
    .limit = QUOTA_READ,
};

#define MAX_RESULTS 1000 /* the most that a page may hold */

static int start_with_body(AwsClient *client, const AwsOperation *operation, json_object *body,
                           const char *import_id, const AwsCallHooks *hooks, AwsCall **ret)
{
    const char *text = json_text(body, NULL);

    return text ? aws_call_start(client, operation, text, import_id, hooks, ret) : -ENOMEM;
}

/* Both take the id and nothing else. */
static int start_with_id(AwsClient *client, const AwsOperation *operation, const char *import_id,
                         const AwsCallHooks *hooks, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();

    if (!body || json_add_string(body, "ImportId", import_id) < 0)
        return -ENOMEM;
    return start_with_body(client, operation, body, import_id, hooks, ret);
}

int cloudtrail_stop_import(AwsClient *client, const char *import_id, const AwsCallHooks *hooks,
                           AwsCall **ret)
{
    return start_with_id(client, &stop_import, import_id, hooks, ret);
}

int cloudtrail_get_import(AwsClient *client, const char *import_id, const AwsCallHooks *hooks,
                          AwsCall **ret)
{
    return start_with_id(client, &get_import, import_id, hooks, ret);
}

int cloudtrail_list_imports(AwsClient *client, const char *destination, const char *status,
                            const char *next_token, const AwsCallHooks *hooks, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();

    if (!body || json_add_int64(body, "MaxResults", MAX_RESULTS) < 0 ||
        json_add_string(body, "Destination", destination) < 0 ||
        json_add_string(body, "ImportStatus", status) < 0 ||
        json_add_string(body, "NextToken", next_token) < 0)
        return -ENOMEM;
    return start_with_body(client, &list_imports, body, NULL, hooks, ret);
}

int cloudtrail_list_import_failures(AwsClient *client, const char *import_id,
                                    const char *next_token, const AwsCallHooks *hooks,
                                    AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();

    if (!body || json_add_string(body, "ImportId", import_id) < 0 ||
        json_add_int64(body, "MaxResults", MAX_RESULTS) < 0 ||
        json_add_string(body, "NextToken", next_token) < 0)
        return -ENOMEM;
    return start_with_body(client, &list_import_failures, body, NULL, hooks, ret);
}
