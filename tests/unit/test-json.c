/* SPDX-License-Identifier: Apache-2.0 */
/* common/json.h: what the reader takes and refuses, and that no getter converts. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"

#define DEPTH 4U

struct sample {
    const char *text;
    size_t size;
    const char *expected; /* as json_text() writes it */
};
#define SAMPLE(text, expected)                                                                     \
    {                                                                                              \
        text, sizeof(text) - 1, expected                                                           \
    }

/* The text is read from a heap block of its very size, so that a sanitizer sees a read past the
 * end. */
static int read_exact(const char *text, size_t size, json_object **ret)
{
    CLEANUP(freep) char *copy = malloc(size ? size : 1);

    assert_non_null(copy);
    memcpy(copy, text, size);
    return json_read(copy, size, DEPTH, ret);
}

static void test_takes_every_kind_of_value(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("{}", "{}"),
        SAMPLE(" [ ] ", "[]"),
        SAMPLE("\t\r\n{ \"a\" : [ 1 , null , true , false ] }\n", "{\"a\":[1,null,true,false]}"),
        SAMPLE("\"text\"", "\"text\""),
        SAMPLE("0", "0"),
        SAMPLE("-0", "0"),
        SAMPLE("9223372036854775807", "9223372036854775807"),
        SAMPLE("-9223372036854775808", "-9223372036854775808"),
        SAMPLE("1.5", "1.5"),
        SAMPLE("-0.0e-0", "-0.0e-0"),
        SAMPLE("1763813025.678", "1763813025.678"),
        SAMPLE("1E+2", "1E+2"),
        SAMPLE("{\"a\":{\"a\":{\"a\":1}}}", "{\"a\":{\"a\":{\"a\":1}}}"),
        SAMPLE("{\"\":1}", "{\"\":1}"),
        SAMPLE("{\"a\":1,\"A\":2}", "{\"a\":1,\"A\":2}"),
        SAMPLE("[[[[]]]]", "[[[[]]]]"),
        SAMPLE("[{},[{}],1.25,{\"\\u0061\":[1.5e1,\"\\n\"]}]",
               "[{},[{}],1.25,{\"a\":[1.5e1,\"\\n\"]}]"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *value = NULL;
        assert_int_equal(read_exact(samples[i].text, samples[i].size, &value), 0);
        assert_string_equal(json_text(value, NULL), samples[i].expected);
    }
}

static void test_null_document_is_a_null_object(void **state)
{
    static const char marker = 0;
    json_object *value = (json_object *)&marker;

    (void)state;
    assert_int_equal(read_exact("null", 4, &value), 0);
    assert_null(value);
}

static void test_decodes_strings(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("\"\"", ""),
        SAMPLE("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"),
        SAMPLE("\"\\u0041\\u00e9\\u20AC\\ud83D\\uDE00\"", "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
        SAMPLE(
            "\"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"
            "\"",
            "\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF"),
        SAMPLE("\"\x7F\"", "\x7F"),
        SAMPLE("\"plain\\u002c then plain\"", "plain, then plain"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *value = NULL;
        assert_int_equal(read_exact(samples[i].text, samples[i].size, &value), 0);
        assert_true(json_object_is_type(value, json_type_string));
        assert_int_equal(json_object_get_string_len(value), strlen(samples[i].expected));
        assert_string_equal(json_object_get_string(value), samples[i].expected);
    }
}

static void test_an_integer_that_does_not_fit_is_none(void **state)
{
    static const struct {
        const char *text;
        double value;
    } samples[] = {
        {"[9223372036854775808]", 9223372036854775808.0},
        {"[-9223372036854775809]", -9223372036854775808.0},
        {"[18446744073709551616]", 18446744073709551616.0},
        {"[1E400]", INFINITY},
        {"[-1E400]", -INFINITY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CLEANUP(json_object_putp) json_object *array = NULL;
        json_object *number;

        assert_int_equal(read_exact(samples[i].text, strlen(samples[i].text), &array), 0);
        number = json_object_array_get_idx(array, 0);
        assert_true(json_object_is_type(number, json_type_double));
        assert_true(json_object_get_double(number) == samples[i].value);
        assert_string_equal(json_text(array, NULL), samples[i].text);
    }
}

static void test_wipes_every_string(void **state)
{
    static const char text[] = "{\"a\":\"secret\",\"b\":[1,{\"c\":\"secret\"},\"secret\",null]}";
    static const char wiped[sizeof("secret")];
    json_object *object = NULL, *array, *strings[3];

    (void)state;
    assert_int_equal(json_read(text, sizeof(text) - 1, DEPTH, &object), 0);
    array = json_object_object_get(object, "b");
    strings[0] = json_object_object_get(object, "a");
    strings[1] = json_object_object_get(json_object_array_get_idx(array, 1), "c");
    strings[2] = json_object_array_get_idx(array, 2);
    for (size_t i = 0; i < 3; i++) /* another owner, to look at it afterwards */
        assert_string_equal(json_object_get_string(json_object_get(strings[i])), "secret");
    json_wipe(object);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(json_object_get_string(strings[i]), wiped, sizeof(wiped));
        json_object_put(strings[i]);
    }
    json_wipe(NULL);
}

static void test_keeps_an_embedded_nul(void **state)
{
    static const char text[] = "{\"a\":\"b\\u0000c\"}";
    CLEANUP(json_object_putp) json_object *value = NULL;
    const char *untouched = "untouched";

    (void)state;
    assert_int_equal(read_exact(text, sizeof(text) - 1, &value), 0);
    assert_int_equal(json_object_get_string_len(json_object_object_get(value, "a")), 3);
    assert_int_equal(json_get_string(value, "a", &untouched), -EINVAL);
    assert_string_equal(untouched, "untouched");
}

static void test_refuses_what_is_no_json(void **state)
{
    static const struct sample samples[] = {
        SAMPLE("", NULL),
        SAMPLE(" ", NULL),
        SAMPLE("{", NULL),
        SAMPLE("}", NULL),
        SAMPLE("{\"a\"", NULL),
        SAMPLE("{\"a\":", NULL),
        SAMPLE("{\"a\":1", NULL),
        SAMPLE("{\"a\":1,", NULL),
        SAMPLE("{\"a\":1,}", NULL),
        SAMPLE("{,}", NULL),
        SAMPLE("{\"a\" 1}", NULL),
        SAMPLE("{a:1}", NULL),
        SAMPLE("{'a':1}", NULL),
        SAMPLE("{1:1}", NULL),
        SAMPLE("[1,]", NULL),
        SAMPLE("[,1]", NULL),
        SAMPLE("[1 2]", NULL),
        SAMPLE("[1", NULL),
        SAMPLE("[1}", NULL),
        SAMPLE("{} {}", NULL),
        SAMPLE("{}x", NULL),
        SAMPLE("{}\0", NULL),
        SAMPLE("{\0}", NULL),
        SAMPLE("\xEF\xBB\xBF{}", NULL),
        SAMPLE("/**/{}", NULL),
        SAMPLE("\f{}", NULL),
        SAMPLE("nul", NULL),
        SAMPLE("True", NULL),
        SAMPLE("truex", NULL),
        SAMPLE("NaN", NULL),
        SAMPLE("Infinity", NULL),
        SAMPLE("-", NULL),
        SAMPLE("-Infinity", NULL),
        SAMPLE("+1", NULL),
        SAMPLE("01", NULL),
        SAMPLE("-01", NULL),
        SAMPLE("0x10", NULL),
        SAMPLE(".5", NULL),
        SAMPLE("5.", NULL),
        SAMPLE("5.e1", NULL),
        SAMPLE("1e", NULL),
        SAMPLE("1e+", NULL),
        SAMPLE("1e+-1", NULL),
        SAMPLE("\"", NULL),
        SAMPLE("\"a", NULL),
        SAMPLE("\"\\", NULL),
        SAMPLE("\"\\\"", NULL),
        SAMPLE("\"\\x41\"", NULL),
        SAMPLE("\"\\U0041\"", NULL),
        SAMPLE("\"\\'\"", NULL),
        SAMPLE("\"\\\0\"", NULL),
        SAMPLE("\"\\u\"", NULL),
        SAMPLE("\"\\u12\"", NULL),
        SAMPLE("\"\\u12", NULL),
        SAMPLE("\"\\u12g4\"", NULL),
        SAMPLE("\"\\u+123\"", NULL),
        SAMPLE("\"\\ud800\"", NULL),
        SAMPLE("\"\\udc00\"", NULL),
        SAMPLE("\"\\ud800\\n\"", NULL),
        SAMPLE("\"\\ud800\\ud800\"", NULL),
        SAMPLE("\"\\ud800\\u0041\"", NULL),
        SAMPLE("\"\\udc00\\ud800\"", NULL),
        SAMPLE("\"\n\"", NULL),
        SAMPLE("\"\x1F\"", NULL),
        SAMPLE("\"\0\"", NULL),
        SAMPLE("\"\x80\"", NULL),
        SAMPLE("\"\xC0\x80\"", NULL),
        SAMPLE("\"\xC1\xBF\"", NULL),
        SAMPLE("\"\xC3\"", NULL),
        SAMPLE("\"\xC3", NULL),
        SAMPLE("\"\xE0\x80\x80\"", NULL),
        SAMPLE("\"\xE2\x82\"", NULL),
        SAMPLE("\"\xED\xA0\x80\"", NULL),
        SAMPLE("\"\xF0\x80\x80\x80\"", NULL),
        SAMPLE("\"\xF4\x90\x80\x80\"", NULL),
        SAMPLE("\"\xF5\x80\x80\x80\"", NULL),
        SAMPLE("\"\xF0\x9F\x98", NULL),
        SAMPLE("\"\xFF\"", NULL),
        SAMPLE("{\"a\":1,\"a\":1}", NULL),
        SAMPLE("{\"a\":null,\"a\":1}", NULL),
        SAMPLE("{\"a\":1,\"\\u0061\":2}", NULL),
        SAMPLE("{\"b\":{\"a\":1,\"c\":[],\"a\":2}}", NULL),
        SAMPLE("{\"a\\u0000\":1}", NULL),
        SAMPLE("[[[[[]]]]]", NULL),
        SAMPLE("{\"a\":[{\"a\":[{}]}]}", NULL),
    };
    static const char marker = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        json_object *value = (json_object *)&marker;
        int r = read_exact(samples[i].text, samples[i].size, &value);
        if (r != -EBADMSG)
            print_error("sample %zu: %s\n", i, samples[i].text);
        assert_int_equal(r, -EBADMSG);
        assert_ptr_equal(value, &marker);
    }
}

static void test_every_prefix_of_a_document_is_refused(void **state)
{
    static const char text[] = "{\"a\":[1.5,\"\\ud83d\\ude00\xE2\x82\xAC\",true,null,{\"b\":-1}]}";
    CLEANUP(json_object_putp) json_object *value = NULL;

    (void)state;
    for (size_t size = 0; size < sizeof(text) - 1; size++)
        assert_int_equal(read_exact(text, size, &value), -EBADMSG);
    assert_int_equal(read_exact(text, sizeof(text) - 1, &value), 0);
}

static void test_getters_take_exact_types_only(void **state)
{
    static const char text[] =
        "{\"s\":\"5\",\"i\":5,\"d\":5.0,\"b\":true,\"o\":{},\"a\":[],\"n\":null}";
    static const char *const keys[] = {"s", "i", "d", "b", "o", "a"};
    CLEANUP(json_object_putp) json_object *object = NULL;

    (void)state;
    assert_int_equal(read_exact(text, sizeof(text) - 1, &object), 0);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        const char *string = NULL;
        int64_t integer = 0;
        bool boolean = false;
        json_object *container = NULL;
        char kind = keys[i][0];
        assert_int_equal(json_get_string(object, keys[i], &string), kind == 's' ? 1 : -EINVAL);
        assert_int_equal(json_get_int64(object, keys[i], &integer), kind == 'i' ? 1 : -EINVAL);
        assert_int_equal(json_get_bool(object, keys[i], &boolean), kind == 'b' ? 1 : -EINVAL);
        assert_int_equal(json_get_object(object, keys[i], &container), kind == 'o' ? 1 : -EINVAL);
        assert_int_equal(json_get_array(object, keys[i], &container), kind == 'a' ? 1 : -EINVAL);
        assert_true(kind != 's' || strcmp(string, "5") == 0);
        assert_true(kind != 'i' || integer == 5);
        assert_true(kind != 'b' || boolean);
    }
}

static void test_absent_and_null_are_the_same(void **state)
{
    static const char *const keys[] = {"n", "absent"};
    CLEANUP(json_object_putp) json_object *object = NULL;

    (void)state;
    assert_int_equal(read_exact("{\"n\":null}", 10, &object), 0);
    for (size_t i = 0; i < 2; i++) {
        const char *string = "untouched";
        int64_t integer = 7;
        bool boolean = true;
        json_object *container = object;
        assert_int_equal(json_get_string(object, keys[i], &string), 0);
        assert_int_equal(json_get_int64(object, keys[i], &integer), 0);
        assert_int_equal(json_get_bool(object, keys[i], &boolean), 0);
        assert_int_equal(json_get_object(object, keys[i], &container), 0);
        assert_int_equal(json_get_array(object, keys[i], &container), 0);
        assert_string_equal(string, "untouched");
        assert_int_equal(integer, 7);
        assert_true(boolean);
        assert_ptr_equal(container, object);
    }
}

static void test_adds_and_writes(void **state)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    size_t size;
    const char *text;

    (void)state;
    assert_int_equal(json_add_string(object, "s", "a/b\n"), 0);
    assert_int_equal(json_add_string(object, "left out", NULL), 0);
    assert_int_equal(json_add_int64(object, "i", INT64_MIN), 0);
    assert_int_equal(json_add_bool(object, "b", false), 0);
    assert_int_equal(json_add(object, "o", json_object_new_object()), 0);
    assert_int_equal(json_add(object, "no memory", NULL), -ENOMEM);
    text = json_text(object, &size);
    assert_string_equal(text, "{\"s\":\"a/b\\n\",\"i\":-9223372036854775808,\"b\":false,\"o\":{}}");
    assert_int_equal(size, strlen(text));
}

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
        cmocka_unit_test(test_takes_every_kind_of_value),
        cmocka_unit_test(test_null_document_is_a_null_object),
        cmocka_unit_test(test_decodes_strings),
        cmocka_unit_test(test_an_integer_that_does_not_fit_is_none),
        cmocka_unit_test(test_wipes_every_string),
        cmocka_unit_test(test_keeps_an_embedded_nul),
        cmocka_unit_test(test_refuses_what_is_no_json),
        cmocka_unit_test(test_every_prefix_of_a_document_is_refused),
        cmocka_unit_test(test_getters_take_exact_types_only),
        cmocka_unit_test(test_absent_and_null_are_the_same),
        cmocka_unit_test(test_adds_and_writes),
        cmocka_unit_test(test_refuses_more_than_json_c_holds),
        cmocka_unit_test(test_a_lenient_reader_lets_nothing_spoil_the_rest),
        cmocka_unit_test(test_what_a_document_costs_is_bounded_as_it_is_read),
        cmocka_unit_test(test_a_text_costs_by_its_length),
        cmocka_unit_test(test_a_lenient_reader_refuses_what_is_not_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
