/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/base/ini.h: which line becomes which call, and what is not a line at all. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/base/ini.h"

#define TRACE_MAX 512U

/* The calls, a line each. */
struct trace {
    char text[TRACE_MAX];
};

__attribute__((format(printf, 2, 3))) static void add(struct trace *trace, const char *format, ...)
{
    size_t length = strlen(trace->text);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(trace->text + length, TRACE_MAX - length, format, arguments);
    va_end(arguments);
}

static int on_section(const char *name, unsigned line, void *userdata, char **ret_error)
{
    if (strcmp(name, "refused") == 0)
        return explain(ret_error, -EPERM, "not this one");
    add(userdata, "%u [%s]\n", line, name);
    return 0;
}

static int on_property(const char *key, const char *value, unsigned line, void *userdata,
                       char **ret_error)
{
    (void)ret_error;
    if (strcmp(key, "out of memory") == 0)
        return -ENOMEM;
    add(userdata, "%u {%s}{%s}\n", line, key, value);
    return 0;
}

static int on_continuation(const char *text, unsigned line, void *userdata, char **ret_error)
{
    (void)ret_error;
    add(userdata, "%u +{%s}\n", line, text);
    return 0;
}

static const IniHandler handler = {on_section, on_property, on_continuation};
static const IniHandler no_continuations = {on_section, on_property, NULL};

static void assert_calls(const char *text, const char *calls)
{
    struct trace trace = {0};
    CLEANUP(freep) char *error = NULL;

    assert_int_equal(ini_parse(text, "file", &handler, &trace, &error), 0);
    assert_null(error);
    assert_string_equal(trace.text, calls);
}

static void test_lines(void **state)
{
    static const char *const samples[][2] = {
        {"", ""},
        {"\n \t\n\r\n# a\n; b\n#", ""},
        {"[a]", "1 [a]\n"},
        {"[ \ta b\t ] # comment", "1 [a b]\n"},
        {"[a]#comment\n[]", "1 [a]\n2 []\n"},
        {"[a]\r\nkey = value\r\n", "1 [a]\n2 {key}{value}\n"},
        {"[a]\nkey=value\nk2 = a=b", "1 [a]\n2 {key}{value}\n3 {k2}{a=b}\n"},
        {"[a]\nkey =", "1 [a]\n2 {key}{}\n"},
        {"[a]\nkey = ; comment", "1 [a]\n2 {key}{}\n"},
        {"[a]\nkey = a#b;c #d", "1 [a]\n2 {key}{a#b;c}\n"},
        {"[a]\nkey = [b]", "1 [a]\n2 {key}{[b]}\n"},
        {"[a]\nk = v\n  w # x \n\n# y\n z=1", "1 [a]\n2 {k}{v}\n3 +{w # x}\n6 +{z=1}\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
        assert_calls(samples[i][0], samples[i][1]);
}

static void test_indented_comments_are_comments_wherever_they_stand(void **state)
{
    static const char *const samples[][2] = {
        {" # one\n\t; two\n[a]", "3 [a]\n"},
        {"[a]\n  # one\n \t ;two\nk = v", "1 [a]\n4 {k}{v}\n"},
        {"[a]\nk = v\n  # one\n w\n\t#two\r\n x", "1 [a]\n2 {k}{v}\n4 +{w}\n6 +{x}\n"},
        {"[a]\nk =\n  # one\n w = 1\n  ;", "1 [a]\n2 {k}{}\n4 +{w = 1}\n"},
        {"[a]\nk = v\n[b]\n #", "1 [a]\n2 {k}{v}\n3 [b]\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++)
        assert_calls(samples[i][0], samples[i][1]);
}

static void test_a_byte_order_mark_is_skipped(void **state)
{
    (void)state;
    assert_calls("\xEF\xBB\xBF[a]\nk = v", "1 [a]\n2 {k}{v}\n");
    assert_calls("\xEF\xBB\xBF# c\n[a]", "2 [a]\n");
    assert_calls("\xEF\xBB\xBF", "");
}

static void test_errors(void **state)
{
    static const struct {
        const char *text;
        int error;
        const char *where;
    } samples[] = {
        {"key = secret", -EINVAL, "file:1: "},
        {"\n  secret", -EINVAL, "file:2: "},
        {"[a]\n secret", -EINVAL, "file:2: "},
        {"[a]\nk = v\n[b]\n secret", -EINVAL, "file:4: "},
        {"[secret", -EINVAL, "file:1: "},
        {"[", -EINVAL, "file:1: "},
        {"[a] secret", -EINVAL, "file:1: "},
        {"[a # ]", -EINVAL, "file:1: "},
        {"[a]\n# c\nsecret", -EINVAL, "file:3: "},
        {"[a]\nkey # = secret", -EINVAL, "file:2: "},
        {"[a]\n= secret", -EINVAL, "file:2: "},
        {"[a]\n[refused]\nsecret", -EPERM, "file:2: not this one"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        struct trace trace = {0};
        CLEANUP(freep) char *error = NULL;
        assert_int_equal(ini_parse(samples[i].text, "file", &handler, &trace, &error),
                         samples[i].error);
        assert_non_null(error);
        assert_int_equal(strncmp(error, samples[i].where, strlen(samples[i].where)), 0);
        assert_null(strstr(error, "secret"));
        assert_null(strstr(trace.text, "secret"));
    }
}

static void test_an_indented_first_key_says_what_to_do(void **state)
{
    static const char *const texts[] = {"[a]\n    key = value", "[a]\n\n# c\n\tkey = value",
                                        "  key = value"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct trace trace = {0};
        CLEANUP(freep) char *error = NULL;
        assert_int_equal(ini_parse(texts[i], "file", &handler, &trace, &error), -EINVAL);
        assert_non_null(strstr(error, "remove the blanks at its start"));
    }
}

static void test_no_memory_has_no_sentence(void **state)
{
    struct trace trace = {0};
    char *error = NULL;

    (void)state;
    assert_int_equal(ini_parse("[a]\nout of memory = 1\nb = 2", "file", &handler, &trace, &error),
                     -ENOMEM);
    assert_null(error);
    assert_string_equal(trace.text, "1 [a]\n");
}

static void test_without_continuations(void **state)
{
    struct trace trace = {0};
    CLEANUP(freep) char *error = NULL;

    (void)state;
    assert_int_equal(ini_parse("[a]\nk = v\n more", "file", &no_continuations, &trace, &error),
                     -EINVAL);
    assert_int_equal(strncmp(error, "file:3: ", 8), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_indented_comments_are_comments_wherever_they_stand),
        cmocka_unit_test(test_a_byte_order_mark_is_skipped),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_an_indented_first_key_says_what_to_do),
        cmocka_unit_test(test_no_memory_has_no_sentence),
        cmocka_unit_test(test_without_continuations),
    };

    return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
