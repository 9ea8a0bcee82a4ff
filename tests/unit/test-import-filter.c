/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/import-filter.h: which imports are meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/time.h"
#include "daemon/jobs/import-filter.h"

/* A second after an hour of both imports. */
#define NOW (UINT64_C(1669119825) * USEC_PER_SEC + USEC_PER_HOUR + USEC_PER_SEC)

static const char *const texts[N_IMPORT_SERVICES] = {
    [SERVICE_CLOUDTRAIL] = "{\"ImportId\":\"i\",\"CreatedTimestamp\":\"2022-11-22T12:23:45.000Z\","
                           "\"ImportSource\":{\"S3\":{\"S3LocationUri\":\"s3://a/b\"}},"
                           "\"ImportStatistics\":{\"FailedEntries\":3,\"EventsCompleted\":5}}",
    [SERVICE_LOGS] = "{\"importId\":\"i\",\"creationTime\":\"2022-11-22T12:23:45.000Z\","
                     "\"importSourceArn\":\"arn:a/b\",\"importStatistics\":{\"bytesImported\":7}}",
};

static ImportFilter at_least(FilterNumber number, int64_t value)
{
    ImportFilter filter = {0};

    filter.given[number] = true;
    filter.at_least[number] = value;
    return filter;
}

static bool matches_text(const ImportFilter *filter, ImportService service, const char *text)
{
    CLEANUP(json_object_putp) json_object *import = NULL;

    assert_int_equal(json_read(text, strlen(text), 8, &import), 0);
    return import_filter_matches(filter, service, import, NOW);
}

static bool matches(const ImportFilter *filter, ImportService service)
{
    return matches_text(filter, service, texts[service]);
}

static void test_no_filter_means_every_import(void **state)
{
    const ImportFilter filter = {0};

    (void)state;
    assert_false(import_filter_is_given(&filter));
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++) {
        assert_null(import_filter_misfit(&filter, service));
        assert_true(matches(&filter, service));
        assert_true(matches_text(&filter, service, "{}"));
    }
}

static void test_each_number_is_a_least_one(void **state)
{
    static const struct {
        FilterNumber number;
        ImportService service;
        int64_t value;
    } rows[] = {
        {FILTER_OLDER_THAN, SERVICE_CLOUDTRAIL, 3601},
        {FILTER_OLDER_THAN, SERVICE_LOGS, 3601},
        {FILTER_MIN_FAILED_ENTRIES, SERVICE_CLOUDTRAIL, 3},
        {FILTER_MIN_EVENTS, SERVICE_CLOUDTRAIL, 5},
        {FILTER_MIN_BYTES, SERVICE_LOGS, 7},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ImportFilter zero = at_least(rows[i].number, 0),
                           enough = at_least(rows[i].number, rows[i].value),
                           more = at_least(rows[i].number, rows[i].value + 1),
                           most = at_least(rows[i].number, INT64_MAX);

        assert_true(import_filter_is_given(&zero));
        assert_true(matches(&zero, rows[i].service) && matches(&enough, rows[i].service));
        assert_false(matches(&more, rows[i].service) || matches(&most, rows[i].service));
        assert_true(matches_text(&zero, rows[i].service, "{}"));
        assert_false(matches_text(&enough, rows[i].service, "{}"));
    }
}

static void test_an_import_of_the_future_has_no_age(void **state)
{
    const ImportFilter zero = at_least(FILTER_OLDER_THAN, 0), one = at_least(FILTER_OLDER_THAN, 1);
    static const char text[] = "{\"CreatedTimestamp\":\"2099-01-01T00:00:00.000Z\"}";

    (void)state;
    assert_true(matches_text(&zero, SERVICE_CLOUDTRAIL, text));
    assert_false(matches_text(&one, SERVICE_CLOUDTRAIL, text));
}

static void test_a_source_is_matched_as_a_whole(void **state)
{
    static const struct {
        const char *pattern;
        bool cloudtrail, logs;
    } rows[] = {
        {"*", true, true},          {"s3://a/b", true, false}, {"s3://a", false, false},
        {"s3://*", true, false},    {"*/b", true, true},       {"*:a/[bc]", false, true},
        {"S3://*", false, false},   {"s3://?/?", true, false}, {"s3:\\//a/b", true, false},
        {"arn:*[!x]", false, true}, {"[", false, false},       {"", false, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const ImportFilter filter = {.source = rows[i].pattern};

        assert_true(import_filter_is_given(&filter));
        assert_int_equal(matches(&filter, SERVICE_CLOUDTRAIL), rows[i].cloudtrail);
        assert_int_equal(matches(&filter, SERVICE_LOGS), rows[i].logs);
    }
}

static void test_all_filters_must_hold(void **state)
{
    ImportFilter filter = at_least(FILTER_MIN_EVENTS, 5);

    (void)state;
    filter.given[FILTER_MIN_FAILED_ENTRIES] = filter.given[FILTER_OLDER_THAN] = true;
    filter.source = "s3://a/*";
    assert_true(matches(&filter, SERVICE_CLOUDTRAIL));
    for (FilterNumber number = 0; number < N_FILTER_NUMBERS; number++) {
        ImportFilter other = filter;

        other.at_least[number] = INT64_MAX;
        assert_int_equal(matches(&other, SERVICE_CLOUDTRAIL), !other.given[number]);
    }
    filter.source = "s3://b/*";
    assert_false(matches(&filter, SERVICE_CLOUDTRAIL));
}

static void test_filters_of_another_service_are_named(void **state)
{
    static const struct {
        const char *name;
        ImportService service;
    } rows[] = {
        [FILTER_MIN_FAILED_ENTRIES] = {"minFailedEntries", SERVICE_LOGS},
        [FILTER_MIN_EVENTS] = {"minEvents", SERVICE_LOGS},
        [FILTER_MIN_BYTES] = {"minBytes", SERVICE_CLOUDTRAIL},
    };

    (void)state;
    for (FilterNumber number = 0; number < N_FILTER_NUMBERS; number++) {
        const ImportFilter filter = at_least(number, 0);

        for (ImportService service = 0; service < N_IMPORT_SERVICES; service++) {
            const char *misfit = import_filter_misfit(&filter, service);

            if (rows[number].name && rows[number].service == service)
                assert_string_equal(misfit, rows[number].name);
            else
                assert_null(misfit);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_filter_means_every_import),
        cmocka_unit_test(test_each_number_is_a_least_one),
        cmocka_unit_test(test_an_import_of_the_future_has_no_age),
        cmocka_unit_test(test_a_source_is_matched_as_a_whole),
        cmocka_unit_test(test_all_filters_must_hold),
        cmocka_unit_test(test_filters_of_another_service_are_named),
    };

    return cmocka_run_group_tests_name("import-filter", tests, NULL, NULL);
}
