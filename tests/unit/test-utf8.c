/* SPDX-License-Identifier: Apache-2.0 */
/* common/utf8.h: what is a character, what deceives, and what a repaired copy holds. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/utf8.h"

static void test_the_first_and_last_character_of_each_size(void **state)
{
    static const struct {
        const char *text;
        uint32_t code_point;
    } samples[] = {
        {"\x01", 0x01},
        {"\x7F", 0x7F},
        {"\xC2\x80", 0x80},
        {"\xDF\xBF", 0x7FF},
        {"\xE0\xA0\x80", 0x800},
        {"\xED\x9F\xBF", 0xD7FF}, /* before the surrogates, and behind them */
        {"\xEE\x80\x80", 0xE000},
        {"\xEF\xBF\xBF", 0xFFFF},
        {"\xF0\x90\x80\x80", 0x10000},
        {"\xF4\x8F\xBF\xBF", 0x10FFFF},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        size_t size = strlen(samples[i].text);

        assert_int_equal(utf8_character_size(samples[i].text, size), size);
        assert_int_equal(utf8_decode(samples[i].text, size), samples[i].code_point);
        assert_true(utf8_is_valid(samples[i].text, size));
        for (size_t cut = 0; cut < size; cut++)
            assert_int_equal(utf8_character_size(samples[i].text, cut), 0);
    }
}

static void test_what_is_not_a_character(void **state)
{
    static const char *const samples[] = {
        "\x80",     /* a continuation alone */
        "\xC1\xBF", /* overlong, here and below */
        "\xE0\x9F\xBF",
        "\xF0\x8F\xBF\xBF",
        "\xED\xA0\x80",     /* a surrogate */
        "\xF4\x90\x80\x80", /* beyond U+10FFFF */
        "\xF5\x80\x80\x80",
        "\xFF",
        "\xC2"
        "A",
        "\xE2"
        "A\x80",
        "\xE2\x82"
        "A",
        "\xF0"
        "A\x98\x80",
        "\xF0\x9F"
        "A\x80",
        "\xF0\x9F\x98"
        "A",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        assert_int_equal(utf8_character_size(samples[i], strlen(samples[i])), 0);
        assert_false(utf8_is_valid(samples[i], strlen(samples[i])));
    }
}

/* The ranges' ends, and what stands beside them. */
static void test_what_is_deceptive(void **state)
{
    static const uint32_t deceptive[] = {0x00,   0x1F,   0x7F,   0x9F,   0x061C, 0x200E,
                                         0x200F, 0x2028, 0x202E, 0x2066, 0x2069};
    static const uint32_t harmless[] = {0x20,   0x7E,   0xA0,   0x061B, 0x061D, 0x200D,
                                        0x2010, 0x2027, 0x202F, 0x2065, 0x206A, 0x10FFFF};

    (void)state;
    for (size_t i = 0; i < sizeof(deceptive) / sizeof(deceptive[0]); i++)
        assert_true(utf8_is_deceptive(deceptive[i]));
    for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
        assert_false(utf8_is_deceptive(harmless[i]));
}

static void test_repairs(void **state)
{
    static const struct {
        const char *text, *repaired, *line;
    } samples[] = {
        {"", "", ""},
        {"caf\xC3\xA9", "caf\xC3\xA9", "caf\xC3\xA9"},
        {"a\xFF"
         "b",
         "a\xEF\xBF\xBD"
         "b",
         "a\xEF\xBF\xBD"
         "b"},
        {"a\nb\tc", "a\nb\tc", "a b c"},
        {"\xE2\x80\xAE\x1B", "\xE2\x80\xAE\x1B", "\xEF\xBF\xBD\xEF\xBF\xBD"},
        {"\n\xF0\x9F\x98", "\n\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
         " \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(freep) char *repaired = utf8_repair(samples[i].text);
        CLEANUP(freep) char *line = utf8_repair_line(samples[i].text);

        assert_string_equal(repaired, samples[i].repaired);
        assert_string_equal(line, samples[i].line);
    }
}

/* What was repaired is kept, by a thousand targets. */
static void test_a_repaired_text_is_no_larger_than_it_must_be(void **state)
{
    char text[1000] = {0};
    CLEANUP(freep) char *line = NULL;

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    line = utf8_repair_line(text);
    assert_in_range(malloc_usable_size(line), sizeof(text), sizeof(text) + 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_and_last_character_of_each_size),
        cmocka_unit_test(test_what_is_not_a_character),
        cmocka_unit_test(test_what_is_deceptive),
        cmocka_unit_test(test_repairs),
        cmocka_unit_test(test_a_repaired_text_is_no_larger_than_it_must_be),
    };

    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
