/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/cloudtrail.c: CloudTrail's answers, decoded. */
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
#include "daemon/aws/import-operations.h"

static int decode(const char *text, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *answer = NULL;

    assert_int_equal(json_read_leniently(text, strlen(text), 32, &answer), 0);
    return cloudtrail_operations.get.decode(answer, ret);
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

static void test_refuses_what_is_not_an_answer(void **state)
{
    static const char *const samples[] = {
        "[]",
        "\"x\"",
        "{\"status\":\"login required\"}",
    };
    json_object *import = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(decode(samples[i], &import), -EBADMSG);
    assert_null(import);
}

static void test_a_member_of_another_kind_hides_nothing_else(void **state)
{
    static const char *const members[] = {
        "\"ImportId\":1",
        "\"ImportId\":\"a\\u0000b\"",
        "\"ImportSource\":[]",
        "\"Destinations\":\"a\"",
        "\"Destinations\":{}",
        "\"CreatedTimestamp\":true",
        "\"CreatedTimestamp\":\"yesterday\"",
        "\"CreatedTimestamp\":\"\"",
        "\"CreatedTimestamp\":\"12.\"",
        "\"CreatedTimestamp\":\"2026-11-22T12:23:45\"",
        "\"CreatedTimestamp\":-1",
        "\"ImportStatistics\":5",
        "\"X\":1,\"X\":2",
        "\"X\":\"\\ud83d\"",
        "\"\\ud83d\":0",
        "\"ImportStatus\":\"IN_PROGRESS\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char text[256];

        snprintf(text, sizeof(text), "{%s,\"ImportStatus\":\"STOPPED\"}", members[i]);
        assert_decodes(text, "{\"ImportStatus\":\"STOPPED\"}");
    }
    assert_decodes("{\"ImportId\":\"a\",\"ImportStatus\":{}}", "{\"ImportId\":\"a\"}");
    assert_decodes("{\"ImportStatus\":null}", "{}");
    assert_decodes("{\"ImportStatus\":\"STOPPED\",\"ImportStatus\":5}", "{}");
    assert_decodes("{\"ImportSource\":{\"S3\":\"s3://b\"}}", "{\"ImportSource\":{}}");
    assert_decodes("{\"ImportSource\":{\"S3\":{\"S3LocationUri\":false,\"S3BucketRegion\":\"r\"}}}",
                   "{\"ImportSource\":{\"S3\":{\"S3BucketRegion\":\"r\"}}}");
    assert_decodes("{\"Destinations\":[1,\"a\",null,{},\"b\\u0000\"]}",
                   "{\"Destinations\":[\"a\"]}");
    assert_decodes("{\"ImportSource\":{\"S3\":{\"S3LocationUri\":\"s3://b/\\ud83d\"}}}",
                   "{\"ImportSource\":{\"S3\":{\"S3LocationUri\":\"s3://b/\xEF\xBF\xBD\"}}}");
}

static void test_counts_in_every_form_of_a_whole_number(void **state)
{
    static const struct {
        const char *value, *expected; /* expected NULL: left out */
    } samples[] = {
        {"12", "12"},
        {"12.0", "12"},
        {"12.000", "12"},
        {"1.2E7", "12000000"},
        {"1.2e+1", "12"},
        {"120E-1", "12"},
        {"0.0", "0"},
        {"-0.0", "0"},
        {"-3", "-3"},
        {"-0", "0"},
        {"0E400", "0"},
        {"-1200E-2", "-12"},
        {"0.00012E5", "12"},
        {"9007199254740993.0", "9007199254740993"}, /* double does not hold it */
        {"9223372036854775807.000", "9223372036854775807"},
        {"9.223372036854775807E18", "9223372036854775807"},
        {"-9223372036854775808.0", "-9223372036854775808"},
        {"\"12\"", "12"},
        {"\"0012\"", "12"},
        {"\"9223372036854775807\"", "9223372036854775807"},
        {"9223372036854775807", "9223372036854775807"},

        {"12.5", NULL},
        {"1E-1", NULL},
        {"9223372036854775808", NULL},
        {"1E19", NULL},
        {"1E400", NULL},
        {"1E-400", NULL},
        {"4.00000000000000000001", NULL}, /* nor that this is not 4 */
        {"9223372036854775808.0", NULL},
        {"-9223372036854775809.0", NULL},
        {"1E99999999999999999999", NULL},
        {"1E-99999999999999999999", NULL},
        {"18446744073709551616", NULL},
        {"-1E400", NULL},
        {"\"9223372036854775808\"", NULL},
        {"\"\"", NULL},
        {"\"12 \"", NULL},
        {"\"12x\"", NULL},
        {"\"1,2\"", NULL},
        {"\"many\"", NULL},
        {"null", NULL},
        {"true", NULL},
        {"[]", NULL},
        {"{}", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char text[128], expected[128];

        snprintf(text, sizeof(text), "{\"ImportStatistics\":{\"EventsCompleted\":%s}}",
                 samples[i].value);
        snprintf(expected, sizeof(expected), "{\"ImportStatistics\":{%s%s}}",
                 samples[i].expected ? "\"EventsCompleted\":" : "",
                 samples[i].expected ? samples[i].expected : "");
        assert_decodes(text, expected);
    }
}

static void test_times_as_numbers_strings_or_iso_8601(void **state)
{
    static const struct {
        const char *value, *expected;
    } samples[] = {
        {"1763813025.25", "2025-11-22T12:03:45.250Z"},
        {"\"1763813025.25\"", "2025-11-22T12:03:45.250Z"},
        {"\"1763813025\"", "2025-11-22T12:03:45.000Z"},
        {"\"2025-11-22T12:03:45.250Z\"", "2025-11-22T12:03:45.250Z"},
        {"\"2025-11-22T12:03:45Z\"", "2025-11-22T12:03:45.000Z"},
        {"\"2025-11-22T13:03:45+01:00\"", "2025-11-22T12:03:45.000Z"},
        {"\"20251122T120345Z\"", "2025-11-22T12:03:45.000Z"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char text[128], expected[128];

        snprintf(text, sizeof(text), "{\"EndEventTime\":%s}", samples[i].value);
        snprintf(expected, sizeof(expected), "{\"EndEventTime\":\"%s\"}", samples[i].expected);
        assert_decodes(text, expected);
    }
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
        name = import_status_name(&cloudtrail_operations, import);
        if (samples[i].name)
            assert_string_equal(name, samples[i].name);
        else
            assert_null(name);
        assert_int_equal(import_status(&cloudtrail_operations, import), samples[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decodes_a_whole_import),
        cmocka_unit_test(test_leaves_out_what_is_missing_or_unknown),
        cmocka_unit_test(test_rounds_times_to_milliseconds),
        cmocka_unit_test(test_survives_absurd_times),
        cmocka_unit_test(test_refuses_what_is_not_an_answer),
        cmocka_unit_test(test_a_member_of_another_kind_hides_nothing_else),
        cmocka_unit_test(test_counts_in_every_form_of_a_whole_number),
        cmocka_unit_test(test_times_as_numbers_strings_or_iso_8601),
        cmocka_unit_test(test_names_statuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
