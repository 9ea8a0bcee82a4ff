/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/cloudtrail.h: CloudTrail's answers, decoded. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/aws/cloudtrail.h"

static int decode(const char *text, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *answer = NULL;

    assert_int_equal(json_read(text, strlen(text), 32, &answer), 0);
    return cloudtrail_decode_import(answer, ret);
}

static void assert_decodes(const char *text, const char *expected)
{
    CLEANUP(json_object_putp) json_object *import = NULL;

    assert_int_equal(decode(text, &import), 0);
    assert_string_equal(json_text(import, NULL), expected);
}

static void test_decodes_a_whole_import(void **state)
{
    (void)state;
    assert_decodes(
        "{\"ImportId\": \"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29\","
        " \"ImportSource\": {\"S3\": {\"S3LocationUri\": \"s3://b/AWSLogs/1/CloudTrail/\","
        "   \"S3BucketRegion\": \"eu-west-1\", \"S3BucketAccessRoleArn\": "
        "\"arn:aws:iam::1:role/r\"}},"
        " \"Destinations\": [\"arn:aws:cloudtrail:eu-west-1:1:eventdatastore/d\"],"
        " \"ImportStatus\": \"STOPPED\", \"CreatedTimestamp\": 1795350225.678,"
        " \"UpdatedTimestamp\": 1795350226, \"StartEventTime\": 0, \"EndEventTime\": 1.5,"
        " \"ImportStatistics\": {\"PrefixesFound\": 5, \"PrefixesCompleted\": 4,"
        "   \"FilesCompleted\": 9223372036854775807, \"EventsCompleted\": 0, \"FailedEntries\": "
        "1}}",
        "{\"ImportId\":\"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29\","
        "\"ImportSource\":{\"S3\":{\"S3LocationUri\":\"s3://b/AWSLogs/1/CloudTrail/\","
        "\"S3BucketRegion\":\"eu-west-1\",\"S3BucketAccessRoleArn\":\"arn:aws:iam::1:role/r\"}},"
        "\"Destinations\":[\"arn:aws:cloudtrail:eu-west-1:1:eventdatastore/d\"],"
        "\"ImportStatus\":\"STOPPED\",\"CreatedTimestamp\":\"2026-11-22T12:23:45.678Z\","
        "\"UpdatedTimestamp\":\"2026-11-22T12:23:46.000Z\","
        "\"StartEventTime\":\"1970-01-01T00:00:00.000Z\","
        "\"EndEventTime\":\"1970-01-01T00:00:01.500Z\","
        "\"ImportStatistics\":{\"PrefixesFound\":5,\"PrefixesCompleted\":4,"
        "\"FilesCompleted\":9223372036854775807,\"EventsCompleted\":0,\"FailedEntries\":1}}");
}

static void test_leaves_out_what_is_missing_or_unknown(void **state)
{
    static const struct {
        const char *text, *expected;
    } samples[] = {
        {"{}", "{}"},
        {"{\"ImportId\":null,\"Destinations\":null,\"ImportSource\":null,\"CreatedTimestamp\":null,"
         "\"ImportStatistics\":null}",
         "{}"},
        {"{\"New\":[1],\"ImportStatus\":\"PAUSED\"}", "{\"ImportStatus\":\"PAUSED\"}"},
        {"{\"ImportSource\":{\"Azure\":{}}}", "{\"ImportSource\":{}}"},
        {"{\"ImportStatistics\":{\"PrefixesFound\":null,\"Speed\":1.5}}",
         "{\"ImportStatistics\":{}}"},
        {"{\"Destinations\":[]}", "{\"Destinations\":[]}"},
        {"{\"Destinations\":[null,\"a\"]}", "{\"Destinations\":[\"a\"]}"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_decodes(samples[i].text, samples[i].expected);
}

static void test_rounds_times_to_milliseconds(void **state)
{
    static const struct {
        const char *number, *expected;
    } samples[] = {
        {"1.234", "1970-01-01T00:00:01.234Z"},
        {"1795350225.001", "2026-11-22T12:23:45.001Z"},
        {"1795350225.999", "2026-11-22T12:23:45.999Z"},
        {"1795350225.9996", "2026-11-22T12:23:46.000Z"},
        {"1.795350225678E9", "2026-11-22T12:23:45.678Z"},
        {"253402300799", "9999-12-31T23:59:59.000Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char text[128], expected[128];

        snprintf(text, sizeof(text), "{\"EndEventTime\":%s}", samples[i].number);
        snprintf(expected, sizeof(expected), "{\"EndEventTime\":\"%s\"}", samples[i].expected);
        assert_decodes(text, expected);
    }
}

static void test_survives_absurd_times(void **state)
{
    static const char *const numbers[] = {"253402300800", "1e300", "1e400", "9223372036854775807",
                                          "18446744073709551616"};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        char text[128];
        CLEANUP(json_object_putp) json_object *import = NULL;
        const char *time;

        snprintf(text, sizeof(text), "{\"EndEventTime\":%s}", numbers[i]);
        assert_int_equal(decode(text, &import), 0);
        assert_int_equal(json_get_string(import, "EndEventTime", &time), 1);
        assert_memory_equal(time, "9999-12-31T23:59:59", 19);
    }
    assert_decodes("{\"EndEventTime\":-1}", "{}");
    assert_decodes("{\"EndEventTime\":-1e400}", "{}");
}

static void test_refuses_other_types(void **state)
{
    static const char *const samples[] = {
        "[]",
        "\"x\"",
        "{\"status\":\"login required\"}",
        "{\"ImportId\":1}",
        "{\"ImportId\":\"a\\u0000b\"}",
        "{\"ImportStatus\":{}}",
        "{\"ImportSource\":[]}",
        "{\"ImportSource\":{\"S3\":\"s3://b\"}}",
        "{\"ImportSource\":{\"S3\":{\"S3LocationUri\":false}}}",
        "{\"Destinations\":\"a\"}",
        "{\"Destinations\":{}}",
        "{\"Destinations\":[1]}",
        "{\"CreatedTimestamp\":\"2026-11-22T12:23:45Z\"}",
        "{\"CreatedTimestamp\":true}",
        "{\"ImportStatistics\":5}",
        "{\"ImportStatistics\":{\"PrefixesFound\":\"5\"}}",
        "{\"ImportStatistics\":{\"PrefixesFound\":5.5}}",
        "{\"ImportStatistics\":{\"PrefixesFound\":9223372036854775808}}",
    };
    json_object *import = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(decode(samples[i], &import), -EBADMSG);
    assert_null(import);
}

static void test_names_statuses(void **state)
{
    static const struct {
        const char *text, *name;
        ImportStatus status;
    } samples[] = {
        {"{\"ImportStatus\":\"INITIALIZING\"}", "INITIALIZING", IMPORT_STATUS_INITIALIZING},
        {"{\"ImportStatus\":\"IN_PROGRESS\"}", "IN_PROGRESS", IMPORT_STATUS_IN_PROGRESS},
        {"{\"ImportStatus\":\"FAILED\"}", "FAILED", IMPORT_STATUS_FAILED},
        {"{\"ImportStatus\":\"STOPPED\"}", "STOPPED", IMPORT_STATUS_STOPPED},
        {"{\"ImportStatus\":\"COMPLETED\"}", "COMPLETED", IMPORT_STATUS_COMPLETED},
        {"{\"ImportStatus\":\"PAUSED\"}", "PAUSED", IMPORT_STATUS_UNKNOWN},
        {"{\"ImportStatus\":\"\"}", "", IMPORT_STATUS_UNKNOWN},
        {"{}", NULL, IMPORT_STATUS_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *import = NULL;
        const char *name;

        assert_int_equal(decode(samples[i].text, &import), 0);
        name = cloudtrail_import_status_name(import);
        if (samples[i].name)
            assert_string_equal(name, samples[i].name);
        else
            assert_null(name);
        assert_int_equal(cloudtrail_import_status(import), samples[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decodes_a_whole_import),
        cmocka_unit_test(test_leaves_out_what_is_missing_or_unknown),
        cmocka_unit_test(test_rounds_times_to_milliseconds),
        cmocka_unit_test(test_survives_absurd_times),
        cmocka_unit_test(test_refuses_other_types),
        cmocka_unit_test(test_names_statuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
