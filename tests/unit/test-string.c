/* SPDX-License-Identifier: Apache-2.0 */
/* common/string.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/string.h"

static void test_format(void **state)
{
    CLEANUP(freep) char *string = NULL;

    (void)state;
    assert_int_equal(string_format(&string, "%s-%u", "eu-west", 1U), 0);
    assert_string_equal(string, "eu-west-1");
}

static void test_copy(void **state)
{
    const char *original = "eu-west-1";
    CLEANUP(freep) char *copy = NULL;
    char *none = NULL;

    (void)state;
    assert_int_equal(string_copy(original, &copy), 0);
    assert_string_equal(copy, original);
    assert_ptr_not_equal(copy, original);
    assert_int_equal(string_copy(NULL, &none), 0);
    assert_null(none);
}

static void test_visible(void **state)
{
    static const char *const others[] = {" ", "a b", "a\n", "\x7f", "\xc3\xa9", "\t"};

    (void)state;
    assert_true(string_is_visible("", 0));
    assert_true(string_is_visible("!~Az09=/+", 9));
    assert_true(string_is_visible("one two", 3));
    assert_false(string_is_visible("a\0b", 3));
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_false(string_is_visible(others[i], strlen(others[i])));
}

static void test_trim_end(void **state)
{
    (void)state;
    assert_int_equal(string_trim_end("token \r\n", 8, " \r\n"), 5);
    assert_int_equal(string_trim_end("to ken", 6, " "), 6);
    assert_int_equal(string_trim_end(" \n", 2, " \n"), 0);
    assert_int_equal(string_trim_end("", 0, " "), 0);
    assert_int_equal(string_trim_end("a\0", 2, " "), 2);
}

static void test_numbers(void **state)
{
    static const char *const others[] = {"",   "1x",  "-1",         "+1",          " 1",
                                         "1 ", "0x1", "4294967296", "10000000000", "9"};
    unsigned number = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
        assert_false(string_to_number(others[i], 10, UINT32_MAX, &number));
    assert_false(string_to_number("43201", 900, 43200, &number));
    assert_int_equal(number, 7);
    assert_true(string_to_number("900", 900, 43200, &number));
    assert_int_equal(number, 900);
    assert_true(string_to_number("000043200", 900, 43200, &number));
    assert_int_equal(number, 43200);
    assert_true(string_to_number("4294967295", 10, UINT32_MAX, &number));
    assert_int_equal(number, UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format),  cmocka_unit_test(test_copy),
        cmocka_unit_test(test_visible), cmocka_unit_test(test_trim_end),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests_name("string", tests, NULL, NULL);
}
