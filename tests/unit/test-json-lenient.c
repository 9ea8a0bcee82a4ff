/* SPDX-License-Identifier: Apache-2.0 */
/* common/json.h: what others write, read leniently, and what a document may cost. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "tests/unit/json-sample.h"

static int read_exact_leniently(const char *text, size_t size, json_object **ret)
{
    CLEANUP(freep) char *copy = malloc(size ? size : 1);

    assert_non_null(copy);
    memcpy(copy, text, size);
    return json_read_leniently(copy, size, DEPTH, ret);
}

#define FFFD "\xEF\xBF\xBD"

static void test_a_lenient_reader_lets_nothing_spoil_the_rest(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("{\"a\":1,\"b\":[1.50,\"x\",null,true]}", "{\"a\":1,\"b\":[1.50,\"x\",null,true]}"),
        SAMPLE("\xEF\xBB\xBF{\"a\":1}", "{\"a\":1}"),
        SAMPLE("\xEF\xBB\xBF \t[1]\n", "[1]"),
        SAMPLE("{\"a\":1,\"a\":2}", "{\"a\":2}"),
        SAMPLE("{\"a\":1,\"b\":3,\"a\":null}", "{\"a\":null,\"b\":3}"),
        SAMPLE("{\"a\":{\"b\":\"x\"},\"\\u0061\":\"y\"}", "{\"a\":\"y\"}"),
        SAMPLE("[\"\\ud83d\"]", "[\"" FFFD "\"]"),
        SAMPLE("[\"\\ud83d\\ude00\"]", "[\"\xF0\x9F\x98\x80\"]"),
        SAMPLE("[\"a\\ude00b\"]", "[\"a" FFFD "b\"]"),
        SAMPLE("[\"\\ud83d\\n\"]", "[\"" FFFD "\\n\"]"),
        SAMPLE("[\"\\ud83d\\u0041\"]", "[\"" FFFD "A\"]"),
        SAMPLE("[\"\\ud83d\\ue000\"]", "[\"" FFFD "\xEE\x80\x80\"]"),
        SAMPLE("[\"\\ud83d\\ud83d\\ude00\"]", "[\"" FFFD "\xF0\x9F\x98\x80\"]"),
        SAMPLE("{\"\\ud83d\":1,\"a\":2}", "{\"" FFFD "\":1,\"a\":2}"),
        SAMPLE("[\"caf\xE9\"]", "[\"caf" FFFD "\"]"),
        SAMPLE("[\"\xFF\xFF\xFF\xFF\\n\xC3\"]", "[\"" FFFD FFFD FFFD FFFD "\\n" FFFD "\"]"),
        SAMPLE("{\"\xFF\xFF\xFF\":{\"\xFF\":\"\xFF\"}}",
               "{\"" FFFD FFFD FFFD "\":{\"" FFFD "\":\"" FFFD "\"}}"),
        SAMPLE("[\"two\nlines\"]", "[\"two\\nlines\"]"),
        SAMPLE("{\"a\\u0000b\":{\"c\":1},\"d\":2}", "{\"d\":2}"),
        SAMPLE("[[[[[]]]]]", "[[[[null]]]]"),
        SAMPLE("{\"x\":[[[[{\"}]\":[[]]}]]]],\"a\":1}", "{\"x\":[[[null]]],\"a\":1}"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *value = NULL;
        assert_int_equal(read_exact_leniently(samples[i].text, samples[i].size, &value), 0);
        assert_string_equal(json_text(value, NULL), samples[i].expected);
    }
}

/* The size alone decides. */
static void test_refuses_more_than_json_c_holds(void **state)
{
    json_object *value = NULL;

    (void)state;
    assert_int_equal(json_read("\"text", (size_t)INT32_MAX + 1, DEPTH, &value), -EBADMSG);
    assert_int_equal(json_read_leniently("\"text", (size_t)INT32_MAX + 1, DEPTH, &value), -EBADMSG);
    assert_null(value);
}

/* A document of so many times the piece, in an array. */
static int read_many(const char *piece, size_t n, bool leniently)
{
    size_t size = strlen(piece);
    CLEANUP(freep) char *text = malloc(n * (size + 1) + 2);
    CLEANUP(json_object_putp) json_object *value = NULL;
    size_t at = 0;
    int r;

    assert_non_null(text);
    for (size_t i = 0; i < n; i++, at += size + 1) {
        text[at] = i > 0 ? ',' : '[';
        memcpy(text + at + 1, piece, size);
    }
    text[at++] = ']';
    r = leniently ? json_read_leniently(text, at, DEPTH, &value)
                  : json_read_within(text, at, DEPTH, JSON_WORK_MAX, &value);
    if (r >= 0)
        assert_int_equal(json_object_array_length(value), n);
    else
        assert_null(value);
    return r;
}

static void test_what_a_document_costs_is_bounded_as_it_is_read(void **state)
{
    static const struct {
        const char *piece;
        size_t work;
    } pieces[] = {
        {"0", 1},
        {"null", 1},
        {"[]", 8},
        {"{}", 8},
        {"{\"a\":0}", 12},
        {"\"01234567890123456789012345678901\"", 2},
        {"\"\\n1234567890\\n12345\"", 2},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        size_t n = (JSON_WORK_MAX - 8) / pieces[i].work;

        for (unsigned leniently = 0; leniently < 2; leniently++) {
            assert_int_equal(read_many(pieces[i].piece, n, leniently), 0);
            assert_int_equal(read_many(pieces[i].piece, n + 1, leniently), -EBADMSG);
        }
    }
}

static void test_a_text_costs_by_its_length(void **state)
{
    static char plain[32 * JSON_WORK_MAX + 4], escaped[32 * JSON_WORK_MAX + 4];
    json_object *value = NULL;

    (void)state;
    memset(plain, 'x', sizeof(plain));
    plain[0] = plain[sizeof(plain) - 1] = '"';
    assert_int_equal(json_read(plain, sizeof(plain), DEPTH, &value), 0);
    json_object_put(TAKE(value));
    assert_int_equal(json_read_leniently(plain, sizeof(plain), DEPTH, &value), -EBADMSG);
    for (size_t i = 1; i + 1 < sizeof(escaped); i += 2)
        memcpy(escaped + i, "\\n", 2);
    escaped[0] = escaped[sizeof(escaped) - 1] = '"';
    escaped[sizeof(escaped) - 2] = 'x'; /* in case the number of bytes is odd */
    assert_int_equal(json_read_leniently(escaped, sizeof(escaped), DEPTH, &value), -EBADMSG);
    assert_null(value);
}

static void test_a_lenient_reader_refuses_what_is_not_json(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("", NULL),
        SAMPLE("{\"a\":1", NULL),
        SAMPLE("{\"a\":1,}", NULL),
        SAMPLE("{'a':1}", NULL),
        SAMPLE("{} {}", NULL),
        SAMPLE("<html>", NULL),
        SAMPLE("\xEF\xBB\xBF", NULL),
        SAMPLE("\xEF\xBB\xBF\xEF\xBB\xBF{}", NULL),
        SAMPLE(" \xEF\xBB\xBF{}", NULL),
        SAMPLE("{}\0", NULL),
        SAMPLE("{\"a\":NaN}", NULL),
        SAMPLE("\"\\ud83d", NULL),
        SAMPLE("\"\\ud83", NULL),
        SAMPLE("\"\\ud83d\\u\"", NULL),
        SAMPLE("\"\\x41\"", NULL),
        SAMPLE("\"\xFF", NULL),
        SAMPLE("\xFF", NULL),
        SAMPLE("[[[[[[\"]]]]]]", NULL),
        SAMPLE("[[[[[[", NULL),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *value = NULL;
        assert_int_equal(read_exact_leniently(samples[i].text, samples[i].size, &value), -EBADMSG);
        assert_null(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses_more_than_json_c_holds),
        cmocka_unit_test(test_a_lenient_reader_lets_nothing_spoil_the_rest),
        cmocka_unit_test(test_what_a_document_costs_is_bounded_as_it_is_read),
        cmocka_unit_test(test_a_text_costs_by_its_length),
        cmocka_unit_test(test_a_lenient_reader_refuses_what_is_not_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
