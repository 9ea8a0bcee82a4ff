/* SPDX-License-Identifier: Apache-2.0 */
/* common/import-service.h: the ids of each service. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/import-service.h"

static void test_folds_an_import_id(void **state)
{
    static const char *const texts[] = {"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29",
                                        "EE54F254-6D13-4AC7-B1E5-3E6F1A7F0B29"};
    char id[IMPORT_ID_SIZE];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(import_id_parse(SERVICE_CLOUDTRAIL, texts[i], strlen(texts[i]), id), 0);
        assert_string_equal(id, "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29");
    }
}

static void test_refuses_other_ids(void **state)
{
    static char too_long[IMPORT_ID_SIZE];
    static const struct {
        ImportService service;
        const char *text;
        size_t size;
    } samples[] = {
        {SERVICE_CLOUDTRAIL, "", 0},
        {SERVICE_CLOUDTRAIL, "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b2", 35},
        {SERVICE_CLOUDTRAIL, "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b299", 37},
        {SERVICE_CLOUDTRAIL, "ge54f254-6d13-4ac7-b1e5-3e6f1a7f0b29", 36},
        {SERVICE_CLOUDTRAIL, "Ge54f254-6d13-4ac7-b1e5-3e6f1a7f0b29", 36},
        {SERVICE_CLOUDTRAIL, "ee54f254_6d13-4ac7-b1e5-3e6f1a7f0b29", 36},
        {SERVICE_CLOUDTRAIL, "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b2\n", 36},
        {SERVICE_CLOUDTRAIL, "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b2\0", 36},
        {SERVICE_CLOUDTRAIL, "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29\0", 37},
        {SERVICE_CLOUDTRAIL, "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b\xC3\xA9", 36},
        {SERVICE_LOGS, "", 0},
        {SERVICE_LOGS, "under_score", 11},
        {SERVICE_LOGS, "a b", 3},
        {SERVICE_LOGS, "a\n", 2},
        {SERVICE_LOGS, "a\0", 2},
        {SERVICE_LOGS, "\xC3\xA9", 2},
        {SERVICE_LOGS, too_long, sizeof(too_long)},
    };
    char id[IMPORT_ID_SIZE] = "untouched";

    (void)state;
    memset(too_long, 'a', sizeof(too_long));
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(import_id_parse(samples[i].service, samples[i].text, samples[i].size, id),
                         -EINVAL);
    assert_string_equal(id, "untouched");
}

static void test_takes_an_id_of_logs_as_it_is(void **state)
{
    static const char *const texts[] = {"a", "Task-1", "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29-X"};
    char longest[IMPORT_ID_SIZE], id[IMPORT_ID_SIZE];

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_int_equal(import_id_parse(SERVICE_LOGS, texts[i], strlen(texts[i]), id), 0);
        assert_string_equal(id, texts[i]);
    }
    memset(longest, 'Z', sizeof(longest));
    assert_int_equal(import_id_parse(SERVICE_LOGS, longest, IMPORT_ID_SIZE - 1, id), 0);
    assert_int_equal(strlen(id), IMPORT_ID_SIZE - 1);
}

static void test_names_services(void **state)
{
    ImportService service;

    (void)state;
    for (ImportService i = 0; i < N_IMPORT_SERVICES; i++) {
        assert_int_equal(import_service_parse(import_service_name(i), &service), 0);
        assert_int_equal(service, i);
    }
    assert_int_equal(import_service_parse("s3", &service), -EINVAL);
    assert_int_equal(import_service_parse("", &service), -EINVAL);
    assert_int_equal(import_service_parse("LOGS", &service), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_folds_an_import_id),
        cmocka_unit_test(test_refuses_other_ids),
        cmocka_unit_test(test_takes_an_id_of_logs_as_it_is),
        cmocka_unit_test(test_names_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
