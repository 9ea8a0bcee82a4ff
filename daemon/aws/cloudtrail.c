/* SPDX-License-Identifier: Apache-2.0 */
/* AWS CloudTrail, which imports from S3 into CloudTrail Lake.
 *
 * Source: AWS CloudTrail API Reference (StopImport, StartImport, GetImport, ListImports,
 * ListImportFailures). */
#include "daemon/aws/decode.h"
#include "daemon/aws/import-operations.h"

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
    {"Imports", MEMBER_OBJECTS, import_members},
    {"NextToken", MEMBER_STRING, NULL},
    {0},
};

static const Member failures_members[] = {
    {"Failures", MEMBER_OBJECTS, failure_members},
    {"NextToken", MEMBER_STRING, NULL},
    {0},
};

static int decode_import(json_object *answer, json_object **ret)
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

#define TARGET(operation) "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101." operation

const ImportOperations cloudtrail_operations = {
    .signing_name = "cloudtrail",
    .shown_as = "import",
    .listed_as = "imports",
    .failures_as = "failures",
    .id_member = "ImportId",
    .status_member = "ImportStatus",
    .created_member = "CreatedTimestamp",
    .statistics_member = "ImportStatistics",
    .source_members = {"ImportSource", "S3", "S3LocationUri"},
    .statuses =
        {
            [IMPORT_STATUS_INITIALIZING] = "INITIALIZING",
            [IMPORT_STATUS_IN_PROGRESS] = "IN_PROGRESS",
            [IMPORT_STATUS_FAILED] = "FAILED",
            [IMPORT_STATUS_STOPPED] = "STOPPED",
            [IMPORT_STATUS_COMPLETED] = "COMPLETED",
        },
    .stop =
        {
            .name = "StopImport",
            .target = TARGET("StopImport"),
            .decode = decode_import,
            .subject = "ImportId",
            .subject_folds_case = true,
            .limit = QUOTA_STOP,
        },
    .start =
        {
            .name = "StartImport",
            .target = TARGET("StartImport"),
            .decode = decode_import,
            .subject = "ImportId",
            .subject_folds_case = true,
            .limit = QUOTA_STOP,
            .once = true,
        },
    .get =
        {
            .name = "GetImport",
            .target = TARGET("GetImport"),
            .decode = decode_import,
            .subject = "ImportId",
            .subject_folds_case = true,
            .limit = QUOTA_READ,
        },
    .list =
        {
            .name = "ListImports",
            .target = TARGET("ListImports"),
            .decode = decode_imports,
            .limit = QUOTA_READ,
            .of_target = true,
        },
    .failures =
        {
            .name = "ListImportFailures",
            .target = TARGET("ListImportFailures"),
            .decode = decode_failures,
            .limit = QUOTA_READ,
        },
    .page_size_member = "MaxResults",
    .token_member = "NextToken",
    .page_size = 1000,
    .imports_member = "Imports",
    .failures_member = "Failures",
    .status_filter = "ImportStatus",
    .destination_filter = "Destination",
    .destination_member = "Destinations",
};
