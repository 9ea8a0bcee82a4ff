/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/parameters.h: exact types, nothing unknown, nothing missing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/jobs/parameters.h"

#define IMPORT_ID "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29"
#define DEPTH_MAX 8U

static const ParameterSpec specs[] = {
    {"destination", parameter_read_destination},
    {"dryRun", parameter_read_dry_run},
    {"id", parameter_read_id},
    {"ids", parameter_read_ids},
    {"idPrefix", parameter_read_id_prefix},
    {"importId", parameter_read_import_id},
    {"interface", parameter_read_interface},
    {"level", parameter_read_level},
    {"limit", parameter_read_limit},
    {"minBytes", parameter_read_min_bytes},
    {"minEvents", parameter_read_min_events},
    {"minFailedEntries", parameter_read_min_failed_entries},
    {"olderThan", parameter_read_older_than},
    {"reason", parameter_read_reason},
    {"service", parameter_read_service},
    {"source", parameter_read_source},
    {"state", parameter_read_state},
    {"status", parameter_read_status},
    {"target", parameter_read_target},
    {"targets", parameter_read_targets},
    {"timeout", parameter_read_timeout},
    {0},
};

static const ParameterSpec required_specs[] = {
    {"id", parameter_read_id, .required = true}, {"target", parameter_read_target}, {0}};

static json_object *parse(const char *text)
{
    json_object *object = NULL;

    assert_int_equal(json_read(text, strlen(text), DEPTH_MAX, &object), 0);
    return object;
}

static void test_reads_each_parameter(void **state)
{
    CLEANUP(json_object_putp)
    json_object *object =
        parse("{\"destination\":\"arn:aws:a:b:1:c\",\"dryRun\":true,\"id\":\"1\",\"ids\":["
              "\"a\",\"b\"],\"importId\":\"" IMPORT_ID "\",\"interface\":\"i\","
              "\"level\":7,\"limit\":9223372036854775807,\"reason\":\"\",\"state\":\"polling\","
              "\"status\":\"FAILED\",\"target\":\"t\",\"targets\":[\"*\"],"
              "\"timeout\":100000000000}");
    Parameters parameters;
    const char *name = NULL;

    (void)state;
    assert_int_equal(parameters_read(specs, object, &parameters, &name), 0);
    assert_string_equal(parameters.destination, "arn:aws:a:b:1:c");
    assert_true(parameters.dry_run);
    assert_string_equal(parameters.id, "1");
    assert_int_equal(json_object_array_length(parameters.ids), 2);
    assert_string_equal(parameters.import_id, IMPORT_ID);
    assert_string_equal(parameters.interface, "i");
    assert_int_equal(parameters.level, 7);
    assert_true(parameters.has_limit);
    assert_int_equal(parameters.limit, INT64_MAX);
    assert_string_equal(parameters.reason, "");
    assert_true(parameters.has_state);
    assert_int_equal(parameters.state, JOB_POLLING);
    assert_string_equal(parameters.status, "FAILED");
    assert_string_equal(parameters.target, "t");
    assert_int_equal(json_object_array_length(parameters.targets), 1);
    assert_true(parameters.has_timeout);
    assert_int_equal(parameters.timeout, INT64_C(100000000000));
}

static void test_null_is_not_named(void **state)
{
    CLEANUP(json_object_putp)
    json_object *object = parse("{\"importId\":null,\"state\":null,\"timeout\":null,\"limit\":null,"
                                "\"ids\":null,\"reason\":null,\"dryRun\":null}");
    Parameters parameters;
    const char *name = NULL;

    (void)state;
    assert_int_equal(parameters_read(specs, object, &parameters, &name), 0);
    assert_string_equal(parameters.import_id, "");
    assert_false(parameters.has_state || parameters.has_timeout || parameters.has_limit);
    assert_false(parameters.dry_run);
    assert_null(parameters.ids);
    assert_null(parameters.reason);
}

static void test_folds_the_case_of_import_ids(void **state)
{
    CLEANUP(json_object_putp)
    json_object *object = parse("{\"importId\":\"EE54F254-6D13-4AC7-B1E5-3E6F1A7F0B29\"}");
    Parameters parameters;
    const char *name = NULL;

    (void)state;
    assert_int_equal(parameters_read(specs, object, &parameters, &name), 0);
    assert_string_equal(parameters.import_id, IMPORT_ID);
}

static void test_refuses_wrong_values_by_name(void **state)
{
    static const struct {
        const char *text, *name;
    } samples[] = {
        {"{\"destination\":[]}", "destination"},
        {"{\"destination\":\"\"}", "destination"},
        {"{\"destination\":\"lake\"}", "destination"},
        {"{\"destination\":\"arn:aws:cloudtrail\"}", "destination"},
        {"{\"destination\":\"arn:aws:cloudtrail:r:1:\"}", "destination"},
        {"{\"destination\":\"x:aws:cloudtrail:r:1:lake\"}", "destination"},
        {"{\"dryRun\":1}", "dryRun"},
        {"{\"dryRun\":\"true\"}", "dryRun"},
        {"{\"id\":1}", "id"},
        {"{\"id\":\"a\\u0000b\"}", "id"},
        {"{\"ids\":[]}", "ids"},
        {"{\"ids\":\"a\"}", "ids"},
        {"{\"ids\":[\"a\",1]}", "ids"},
        {"{\"ids\":[null]}", "ids"},
        {"{\"ids\":[\"a\\u0000b\"]}", "ids"},
        {"{\"importId\":\"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b2\"}", "importId"},
        {"{\"importId\":\"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29a\"}", "importId"},
        {"{\"importId\":\"ge54f254-6d13-4ac7-b1e5-3e6f1a7f0b29\"}", "importId"},
        {"{\"importId\":\"" IMPORT_ID "\\u0000\"}", "importId"},
        {"{\"importId\":\"ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b2\\u0000\"}", "importId"},
        {"{\"importId\":36}", "importId"},
        {"{\"interface\":{}}", "interface"},
        {"{\"level\":8}", "level"},
        {"{\"level\":-1}", "level"},
        {"{\"limit\":0}", "limit"},
        {"{\"limit\":-1}", "limit"},
        {"{\"limit\":1.0}", "limit"},
        {"{\"limit\":\"5\"}", "limit"},
        {"{\"limit\":9223372036854775808}", "limit"},
        {"{\"reason\":false}", "reason"},
        {"{\"state\":\"Polling\"}", "state"},
        {"{\"state\":\"\"}", "state"},
        {"{\"state\":2}", "state"},
        {"{\"status\":5}", "status"},
        {"{\"target\":[\"t\"]}", "target"},
        {"{\"targets\":\"*\"}", "targets"},
        {"{\"targets\":[]}", "targets"},
        {"{\"timeout\":-1}", "timeout"},
        {"{\"timeout\":1.5}", "timeout"},
        {"{\"timeout\":true}", "timeout"},
        {"{\"timeout\":100000000001}", "timeout"},
        {"{\"timeout\":9223372036854775807}", "timeout"},
        {"{\"timeout\":1E400}", "timeout"},
        {"{\"unknown\":1}", "unknown"},
        {"{\"unknown\":null}", "unknown"},
        {"{\"Id\":\"1\"}", "Id"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *object = parse(samples[i].text);
        Parameters parameters;
        const char *name = NULL;

        if (parameters_read(specs, object, &parameters, &name) != -EINVAL)
            fail_msg("%s was taken", samples[i].text);
        assert_string_equal(name, samples[i].name);
    }
}

static void test_refuses_texts_that_are_too_long_to_keep(void **state)
{
    static const char *const names[] = {"id",     "idPrefix", "interface",
                                        "reason", "status",   "target"};
    static char text[64 * 1024 + 2];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        for (size_t size = sizeof(text) - 2; size < sizeof(text); size++) {
            CLEANUP(json_object_putp) json_object *object = json_object_new_object();
            Parameters parameters;
            const char *name = NULL;

            json_object_object_add(object, names[i], json_object_new_string_len(text, (int)size));
            assert_int_equal(parameters_read(specs, object, &parameters, &name),
                             size < sizeof(text) - 1 ? 0 : -EINVAL);
            if (name)
                assert_string_equal(name, names[i]);
        }
}

static void test_wants_what_is_required(void **state)
{
    static const char *const samples[] = {"{}", "{\"id\":null}", "{\"target\":\"t\"}"};
    Parameters parameters;
    const char *name = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *object = parse(samples[i]);

        assert_int_equal(parameters_read(required_specs, object, &parameters, &name), -EINVAL);
        assert_string_equal(name, "id");
    }
    assert_int_equal(parameters_read(required_specs, NULL, &parameters, &name), -EINVAL);
}

static void test_takes_no_parameters_where_none_is_required(void **state)
{
    Parameters parameters;
    const char *name = NULL;

    (void)state;
    assert_int_equal(parameters_read(specs, NULL, &parameters, &name), 0);
    assert_null(parameters.target);
}

static void test_reads_filters_and_refuses_those_of_another_service(void **state)
{
    static const struct {
        const char *text, *wrong; /* NULL: nothing is */
    } rows[] = {
        {"{\"olderThan\":0,\"minEvents\":9223372036854775807,\"minFailedEntries\":1,\"source\":\"*"
         "\"}",
         NULL},
        {"{\"minBytes\":1,\"olderThan\":1,\"service\":\"logs\"}", NULL},
        {"{\"minBytes\":null,\"source\":null}", NULL},
        {"{\"minBytes\":0}", "minBytes"},
        {"{\"minEvents\":0,\"service\":\"logs\"}", "minEvents"},
        {"{\"service\":\"logs\",\"minFailedEntries\":0}", "minFailedEntries"},
        {"{\"olderThan\":-1}", "olderThan"},
        {"{\"minBytes\":-1,\"service\":\"logs\"}", "minBytes"},
        {"{\"minEvents\":1.0}", "minEvents"},
        {"{\"minFailedEntries\":\"1\"}", "minFailedEntries"},
        {"{\"source\":\"\"}", "source"},
        {"{\"source\":[]}", "source"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        CLEANUP(json_object_putp) json_object *object = parse(rows[i].text);
        Parameters parameters;
        const char *name = NULL;
        int r = parameters_read(specs, object, &parameters, &name);

        assert_int_equal(r, rows[i].wrong ? -EINVAL : 0);
        if (rows[i].wrong)
            assert_string_equal(name, rows[i].wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_each_parameter),
        cmocka_unit_test(test_null_is_not_named),
        cmocka_unit_test(test_folds_the_case_of_import_ids),
        cmocka_unit_test(test_refuses_wrong_values_by_name),
        cmocka_unit_test(test_reads_filters_and_refuses_those_of_another_service),
        cmocka_unit_test(test_refuses_texts_that_are_too_long_to_keep),
        cmocka_unit_test(test_wants_what_is_required),
        cmocka_unit_test(test_takes_no_parameters_where_none_is_required),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
