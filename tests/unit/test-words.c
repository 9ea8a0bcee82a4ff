/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/words.h: the words of a command line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/base/words.h"

#define WORDS_MAX 4U

static void test_words(void **state)
{
    static const struct {
        const char *text, *words[WORDS_MAX + 1];
    } samples[] = {
        {"a", {"a"}},
        {"  a\tbc \n d\r\n", {"a", "bc", "d"}},
        {"a ' b  c '", {"a", " b  c "}},
        {"a'b'\"c\"d", {"abcd"}},
        {"'' \"\"", {"", ""}},
        {"'\\n\"'", {"\\n\""}},
        {"\"a 'b' \\\"c\\\" \\\\ \\$d \\`e\"", {"a 'b' \"c\" \\ $d `e"}},
        {"\"\\a\\n\"", {"\\a\\n"}},
        {"\"a\\\nb\"", {"ab"}},
        {"a\\ b\\'c\\\\ \\\"", {"a b'c\\", "\""}},
        {"a\\\nb", {"ab"}},
        {"a \\\n \\\n\tb \\\n", {"a", "b"}},
        {"$HOME ~ *.c `x`", {"$HOME", "~", "*.c", "`x`"}},
        {"a | b;c", {"a", "|", "b;c"}},
        {"a #b", {"a", "#b"}},
        {"\303\244 '\303\266'", {"\303\244", "\303\266"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        char **words;
        size_t n = 0;
        assert_int_equal(words_split(samples[i].text, &words), 0);
        for (; samples[i].words[n]; n++) {
            assert_non_null(words[n]);
            assert_string_equal(words[n], samples[i].words[n]);
        }
        assert_null(words[n]);
        words_free(words);
    }
}

static void test_what_is_no_command(void **state)
{
    static const char *const samples[] = {"",        " \n ", "'a",    "a 'b",   "\"a", "\"a'",
                                          "\"a\\\"", "a\\",  "\"a\\", "a ''b'", "\\\n"};
    char *none = NULL, **words = &none;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        assert_int_equal(words_split(samples[i], &words), -EINVAL);
        assert_ptr_equal(words, &none);
    }
    words_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_what_is_no_command),
    };

    return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
