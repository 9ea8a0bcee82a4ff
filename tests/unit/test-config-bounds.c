/* SPDX-License-Identifier: Apache-2.0 */
/* Values of the configuration at the bounds of what is taken, and how those beyond are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/string.h"
#include "tests/unit/config-world.h"

/* CONF: these, with so many of the character between them. */
static void write_long(const char *before, char character, size_t n, const char *after)
{
    char text[8192];
    int length = snprintf(text, sizeof(text), "%s", before);

    assert_true((size_t)length + n + strlen(after) < sizeof(text));
    memset(text + length, character, n);
    strcpy(text + (size_t)length + n, after);
    write_file(CONF, text);
}

static void test_the_longest_of_each(void **state)
{
    static const struct {
        const char *before;
        size_t n;
        const char *after, *error; /* of one more */
    } cases[] = {
        {"[guard g]\nsource = ", 2048, "\n", CONF ":2: guard g: source is longer than 2048 bytes"},
        {"[notify n]\nevent-bus = ", 256, "\n",
         CONF ":2: notify n: event-bus is neither the name nor the ARN of an event bus"},
        {"[target ", 64, "]\n", CONF ":1: the target's name is longer than 64 characters"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_long(cases[i].before, 'x', cases[i].n, cases[i].after);
        config_free(expect_loaded());
        write_long(cases[i].before, 'x', cases[i].n + 1, cases[i].after);
        expect_error(cases[i].error);
    }
}

static void test_the_most_sections(void **state)
{
    static const char *const kinds[] = {"guard", "queue", "notify"};

    (void)state;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        CLEANUP(freep) char *text = NULL, *sentence = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        assert_non_null(file);
        for (unsigned n = 0; n <= 1000; n++)
            fprintf(file, "[%s n%u]\n", kinds[i], n);
        fprintf(file, "[%s n7]\n", kinds[i]);
        assert_int_equal(fclose(file), 0);
        write_file(CONF, text);
        assert_true(asprintf(&sentence,
                             CONF ":1001: there may be no more than 1000 sections [%s ...]",
                             kinds[i]) >= 0);
        expect_error(sentence);
    }
}

static void test_characters(void **state)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"[daemon]\nsocket = /a\x7F"
         "b\n",
         CONF ":2: socket: the value holds control characters"},
        {"[target a\x7F]\n",
         CONF ":1: the target's name holds characters other than printable ASCII"},
    };
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_file(CONF, cases[i].text);
        expect_error(cases[i].error);
    }
    write_file(CONF, "[daemon]\nsocket = /a\tb\n");
    config = expect_loaded();
    assert_string_equal(config->socket, "/a\tb");
}

/* A sentence repeats the beginning of a value, in whole characters. */
static void test_a_long_value_is_shown_in_part(void **state)
{
    (void)state;
    write_long("[daemon]\nlog-level = \xC3\xA9", 'x', 77, "\xC3\xA9 and more\n");
    expect_error(CONF
                 ":2: log-level: \"\xC3\xA9"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
                 "...\" is not one of emerg, alert, crit, err, warning, notice, info, debug");
}

static void test_the_number_of_attempts_of_a_profile(void **state)
{
    (void)state;
    setenv("AWS_CONFIG_FILE", "aws", 1);
    write_file("aws", "[profile p]\nmax_attempts = 99\n");
    write_file(CONF, "[target t]\nprofile = p\n");
    expect_error(
        CONF ":2: target t: profile p: max-attempts: \"99\" is not a whole number from 1 to 10");
}

static void test_without_a_home_the_files_are_those_of_the_user(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    unsetenv("HOME");
    write_file(CONF, "");
    config = expect_loaded();
    assert_non_null(strstr(aws_profiles_config_file(config->profiles), "/.aws/config"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_the_longest_of_each),
        TEST(test_the_most_sections),
        TEST(test_characters),
        TEST(test_a_long_value_is_shown_in_part),
        TEST(test_the_number_of_attempts_of_a_profile),
        TEST(test_without_a_home_the_files_are_those_of_the_user),
    };

    return cmocka_run_group_tests_name("config-bounds", tests, NULL, NULL);
}
