#include "daemon/cloudtrail.h"

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
} MemberKind;

typedef struct Member {
    const char *name; /* NULL ends a table */
    MemberKind kind;
    const struct Member *members; /* of MEMBER_OBJECT */
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
    {"PrefixesFound", MEMBER_COUNT, NULL},  {"PrefixesCompleted", MEMBER_COUNT, NULL},
    {"FilesCompleted", MEMBER_COUNT, NULL}, {"EventsCompleted", MEMBER_COUNT, NULL},
    {"FailedEntries", MEMBER_COUNT, NULL},  {0},
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

static int decode_object(json_object *from, const Member *members, json_object **ret);

static int decode_string(json_object *from, json_object **ret)
{
    /* One with an embedded NUL would end early in everything that is to come. */
    if (!json_object_is_type(from, json_type_string) ||
        strlen(json_object_get_string(from)) != (size_t)json_object_get_string_len(from))
        return -EBADMSG;
    *ret = json_object_get(from);
    return 0;
}

static int decode_strings(json_object *from, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *array = NULL;

    if (!json_object_is_type(from, json_type_array))
        return -EBADMSG;
    array = json_object_new_array();
    if (!array)
        return -ENOMEM;
    for (size_t i = 0; i < json_object_array_length(from); i++) {
        json_object *element = json_object_array_get_idx(from, i), *copy;
        int r;

        if (!element)
            continue; /* null is missing here, too */
        r = decode_string(element, &copy);
        if (r < 0)
            return r;
        if (json_object_array_add(array, copy) < 0) {
            json_object_put(copy);
            return -ENOMEM;
        }
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
        return decode_strings(from, ret);
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

int cloudtrail_decode_import(json_object *answer, json_object **ret)
{
    return decode_object(answer, import_members, ret);
}

/* ---- reading what was decoded ---- */

const char *cloudtrail_import_status_name(json_object *import)
{
    const char *name;

    return json_get_string(import, "ImportStatus", &name) > 0 ? name : NULL;
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

CloudTrailException cloudtrail_exception(const char *code)
{
    static const char *const names[] = {
        [CLOUDTRAIL_IMPORT_NOT_FOUND] = "ImportNotFoundException",
        [CLOUDTRAIL_INVALID_PARAMETER] = "InvalidParameterException",
        [CLOUDTRAIL_OPERATION_NOT_PERMITTED] = "OperationNotPermittedException",
        [CLOUDTRAIL_UNSUPPORTED_OPERATION] = "UnsupportedOperationException",
    };

    for (size_t i = 0; code && i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i] && strcmp(code, names[i]) == 0)
            return (CloudTrailException)i;
    return CLOUDTRAIL_OTHER;
}

/* ---- the operations ---- */

#define TARGET(operation) "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101." operation

static const AwsOperation stop_import = {
    .name = "StopImport",
    .target = TARGET("StopImport"),
    .decode = cloudtrail_decode_import,
};

static const AwsOperation get_import = {
    .name = "GetImport",
    .target = TARGET("GetImport"),
    .decode = cloudtrail_decode_import,
};

/* Both take the id and nothing else. */
static int start_with_id(AwsClient *client, const AwsOperation *operation, const char *import_id,
                         Limiter *limiter, const AwsCallHooks *hooks, AwsCall **ret)
{
    CLEANUP(json_object_putp) json_object *body = json_object_new_object();
    const char *text;

    if (!body || json_add_string(body, "ImportId", import_id) < 0)
        return -ENOMEM;
    text = json_text(body, NULL);
    if (!text)
        return -ENOMEM;
    return aws_call_start(client, operation, text, limiter, hooks, ret);
}

int cloudtrail_stop_import(AwsClient *client, const char *import_id, Limiter *limiter,
                           const AwsCallHooks *hooks, AwsCall **ret)
{
    return start_with_id(client, &stop_import, import_id, limiter, hooks, ret);
}

int cloudtrail_get_import(AwsClient *client, const char *import_id, Limiter *limiter,
                          const AwsCallHooks *hooks, AwsCall **ret)
{
    return start_with_id(client, &get_import, import_id, limiter, hooks, ret);
}
