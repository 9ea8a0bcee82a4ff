/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/aws/cloudtrail.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"

/* ---- decoding: CloudTrail's members, each checked for its type ---- */

typedef enum MemberKind {
    MEMBER_STRING,
    MEMBER_STRINGS, /* an array of them */
    MEMBER_COUNT,
    MEMBER_TIME, /* epoch seconds, with or without a fraction; becomes RFC 3339 */
    MEMBER_OBJECT,
    MEMBER_OBJECTS, /* an array of them */
} MemberKind;

typedef struct Member {
    const char *name; /* NULL ends a table */
    MemberKind kind;
    const struct Member *members; /* of MEMBER_OBJECT and MEMBER_OBJECTS */
    bool required;                /* in an array, an object without it is left out */
} Member;

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
    {"ImportId", MEMBER_STRING, NULL, .required = true},
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

static int decode_object(json_object *from, const Member *members, json_object **ret);

static int decode_string(json_object *from, json_object **ret)
{
    if (!json_string(from))
        return -EBADMSG;
    *ret = json_object_get(from);
    return 0;
}

static bool is_whole(json_object *object, const Member *members)
{
    for (const Member *member = members; member->name; member++)
        if (member->required && !json_object_object_get(object, member->name))
            return false;
    return true;
}

/* members NULL: of strings. */
static int decode_array(json_object *from, const Member *members, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *array = NULL;

    if (!json_object_is_type(from, json_type_array))
        return -EBADMSG;
    array = json_object_new_array();
    if (!array)
        return -ENOMEM;
    for (size_t i = 0; i < json_object_array_length(from); i++) {
        json_object *element = json_object_array_get_idx(from, i);
        CLEANUP(json_object_putp) json_object *decoded = NULL;
        int r;

        if (!element)
            continue; /* null is missing here, too */
        r = members ? decode_object(element, members, &decoded) : decode_string(element, &decoded);
        if (r < 0)
            return r;
        if ((!members || is_whole(decoded, members)) && json_append(array, TAKE(decoded)) < 0)
            return -ENOMEM;
    }
    *ret = TAKE(array);
    return 0;
}

static int decode_time(json_object *from, json_object **ret)
{
    static const double latest =
        253402300799; /* 9999-12-31T23:59:59Z, the last that RFC 3339 has */
    char text[RFC3339_SIZE];
    double seconds;

    if (!json_object_is_type(from, json_type_int) && !json_object_is_type(from, json_type_double))
        return -EBADMSG;
    seconds = json_object_get_double(from);
    if (!(seconds >= 0)) {
        *ret = NULL; /* before there was a CloudTrail: as good as missing */
        return 0;
    }
    if (seconds > latest)
        seconds = latest;
    /* Through whole milliseconds, because 1.234 s as a double is a little less than 1234 ms. */
    time_format_rfc3339((uint64_t)llround(seconds * 1e3) * USEC_PER_MSEC, text);
    *ret = json_object_new_string(text);
    return *ret ? 0 : -ENOMEM;
}

/* *ret is NULL for a value that counts as missing. */
static int decode_value(json_object *from, const Member *member, json_object **ret)
{
    switch (member->kind) {
    case MEMBER_STRING:
        return decode_string(from, ret);
    case MEMBER_STRINGS:
    case MEMBER_OBJECTS:
        return decode_array(from, member->members, ret);
    case MEMBER_COUNT:
        if (!json_object_is_type(from, json_type_int))
            return -EBADMSG;
        *ret = json_object_get(from);
        return 0;
    case MEMBER_TIME:
        return decode_time(from, ret);
    case MEMBER_OBJECT:
        return decode_object(from, member->members, ret);
    }
    return -EBADMSG;
}

static int decode_object(json_object *from, const Member *members, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *object = NULL;

    if (!json_object_is_type(from, json_type_object))
        return -EBADMSG;
    object = json_object_new_object();
    if (!object)
        return -ENOMEM;
    for (const Member *member = members; member->name; member++) {
        json_object *value, *decoded;
        int r;

        if (!json_object_object_get_ex(from, member->name, &value) || !value)
            continue;
        r = decode_value(value, member, &decoded);
        if (r < 0)
            return r;
        if (decoded && json_add(object, member->name, decoded) < 0)
            return -ENOMEM;
    }
    *ret = TAKE(object);
    return 0;
}

/* Nothing in it is CloudTrail's: a network that wants a login first may answer so. */
static bool is_foreign(json_object *answer)
{
    if (!json_object_is_type(answer, json_type_object))
        return true;
    for (const Member *member = import_members; member->name; member++)
        if (json_object_object_get_ex(answer, member->name, NULL))
            return false;
    return json_object_object_length(answer) > 0;
}

int cloudtrail_decode_import(json_object *answer, json_object **ret)
{
    return is_foreign(answer) ? -EBADMSG : decode_object(answer, import_members, ret);
}

static int decode_imports(json_object *answer, json_object **ret)
{
    return decode_object(answer, imports_members, ret);
}

static int decode_failures(json_object *answer, json_object **ret)
{
    return decode_object(answer, failures_members, ret);
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
    .limit = QUOTA_STOP,
};

static const AwsOperation get_import = {
    .name = "GetImport",
    .target = TARGET("GetImport"),
    .decode = cloudtrail_decode_import,
    .limit = QUOTA_READ,
};

static const AwsOperation list_imports = {
    .name = "ListImports",
    .target = TARGET("ListImports"),
    .decode = decode_imports,
    .limit = QUOTA_READ,
};

static const AwsOperation list_import_failures = {
    .name = "ListImportFailures",
    .target = TARGET("ListImportFailures"),
    .decode = decode_failures,
    .limit = QUOTA_READ,
};

#define MAX_RESULTS 1000 /* the most that a page may hold */

static int start_with_body(AwsClient *client, const AwsOperation *operation, json_object *body,
                           const AwsCallHooks *hooks, AwsCall **ret)
{
    const char *text = json_text(body, NULL);

    return text ? aws_call_start(client, operation, text, hooks, ret) : -ENOMEM;
}

/* Both take the id and nothing else. */
static int start_with_id(AwsClient *client, const AwsOperation *operation, const char *import_id,
                         const AwsCallHooks *hooks, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();

    if (!body || json_add_string(body, "ImportId", import_id) < 0)
        return -ENOMEM;
    return start_with_body(client, operation, body, hooks, ret);
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
    return start_with_body(client, &list_imports, body, hooks, ret);
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
    return start_with_body(client, &list_import_failures, body, hooks, ret);
}
