/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/exceptions.h"

static void test_knows_denials(void **state)
{
    static const char *const denials[] = {"AccessDenied", "AccessDeniedException",
                                          "UnrecognizedClientException", "SignatureDoesNotMatch"};
    static const char *const others[] = {"",
                                         "AccessDeniedEx",
                                         "accessdenied",
                                         "ImportNotFoundException",
                                         "OperationNotPermittedException",
                                         "ThrottlingException"};

    (void)state;
    for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++)
        assert_true(exception_denies_access(denials[i], 400));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_false(exception_denies_access(others[i], 400));
    assert_true(exception_denies_access("Whatever", 403));
    assert_true(exception_denies_access(NULL, 401));
    assert_false(exception_denies_access(NULL, 404));
    assert_false(exception_denies_access(NULL, 0));
}

static void test_has_the_error_and_exit_status_of_each_code(void **state)
{
    static const struct {
        const char *code, *name;
        int exit_status;
    } samples[] = {
        {"ImportNotFoundException", "io.trailstop.Imports.ImportNotFound", 4},
        {"ResourceNotFoundException", "io.trailstop.Imports.ImportNotFound", 4},
        {"InvalidParameterException", "io.trailstop.Imports.InvalidParameter", 1},
        {"ValidationException", "io.trailstop.Imports.InvalidParameter", 1},
        {"EventDataStoreARNInvalidException", "io.trailstop.Imports.InvalidParameter", 1},
        {"OperationNotPermittedException", "io.trailstop.Imports.OperationNotPermitted", 5},
        {"InvalidOperationException", "io.trailstop.Imports.OperationNotPermitted", 5},
        {"UnsupportedOperationException", "io.trailstop.Imports.UnsupportedOperation", 1},
        {"AccessDeniedException", "io.trailstop.Imports.CallFailed", 5},
        {"ThrottlingException", "io.trailstop.Imports.CallFailed", 1},
        {"InvalidNextTokenException", "io.trailstop.Imports.CallFailed", 1},
        {"importnotfoundexception", "io.trailstop.Imports.CallFailed", 1},
        {"", "io.trailstop.Imports.CallFailed", 1},
        {NULL, "io.trailstop.Imports.CallFailed", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const AwsException *row = exception_find(samples[i].code);

        assert_string_equal(exception_failure_name(row->failure), samples[i].name);
        assert_int_equal(row->exit_status, samples[i].exit_status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knows_denials),
        cmocka_unit_test(test_has_the_error_and_exit_status_of_each_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
