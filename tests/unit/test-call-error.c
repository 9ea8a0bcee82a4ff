/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/call-error.h: what comes from outside can be passed on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/base/call-error.h"

#define REPLACED "\xEF\xBF\xBD"

static void test_every_text_is_utf8(void **state)
{
    static const struct {
        const char *text, *expected;
    } samples[] = {
        {"", ""},
        {"f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80", "f\xC3\xBCr \xE2\x82\xAC \xF0\x9F\x98\x80"},
        {"f\xFCr", "f" REPLACED "r"},
        {"\x82\xAC!", REPLACED REPLACED "!"},
        {"cut \xE2\x82", "cut " REPLACED REPLACED},
        {"\xC0\x80 \xED\xA0\x80", REPLACED REPLACED " " REPLACED REPLACED REPLACED},
        {"\xFF\n\x01", REPLACED "\n\x01"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        CLEANUP(call_error_clear) CallError error = {0};
        assert_int_equal(
            call_error_set(&error, samples[i].text, samples[i].text, 400, samples[i].text), 0);
        assert_string_equal(error.code, samples[i].expected);
        assert_string_equal(error.message, samples[i].expected);
        assert_string_equal(error.request_id, samples[i].expected);
        assert_int_equal(error.http_status, 400);
    }
}

static void test_its_own_texts_may_be_set_again(void **state)
{
    CLEANUP(call_error_clear) CallError error = {0};

    (void)state;
    assert_int_equal(call_error_set(&error, "Code", "message", 0, NULL), 0);
    assert_int_equal(call_error_set(&error, error.code, "another", 0, error.message), 0);
    assert_string_equal(error.code, "Code");
    assert_string_equal(error.message, "another");
    assert_string_equal(error.request_id, "message");
}

static void test_masks_secrets_and_signatures(void **state)
{
    CLEANUP(call_error_clear) CallError error = {0};

    (void)state;
    assert_int_equal(call_error_set(&error, "Code", "a 5ecr3t and 5ecr3t, Signature=0123", 0, NULL),
                     0);
    call_error_mask(&error, "5ecr3t");
    assert_string_equal(error.message, "a ****** and ******, Signature=****");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_text_is_utf8),
        cmocka_unit_test(test_its_own_texts_may_be_set_again),
        cmocka_unit_test(test_masks_secrets_and_signatures),
    };

    return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
