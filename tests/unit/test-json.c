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
#include "tests/unit/json-sample.h"

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

static const struct sample not_json[] = {
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

static void test_refuses_what_is_not_json(void **state)
{
    static const char marker = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(not_json) / sizeof(not_json[0]); i++) {
        json_object *value = (json_object *)&marker;
        int r = read_exact(not_json[i].text, not_json[i].size, &value);
        if (r != -EBADMSG)
            print_error("sample %zu: %s\n", i, not_json[i].text);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_takes_every_kind_of_value),
        cmocka_unit_test(test_null_document_is_a_null_object),
        cmocka_unit_test(test_decodes_strings),
        cmocka_unit_test(test_an_integer_that_does_not_fit_is_none),
        cmocka_unit_test(test_wipes_every_string),
        cmocka_unit_test(test_keeps_an_embedded_nul),
        cmocka_unit_test(test_refuses_what_is_not_json),
        cmocka_unit_test(test_every_prefix_of_a_document_is_refused),
        cmocka_unit_test(test_getters_take_exact_types_only),
        cmocka_unit_test(test_absent_and_null_are_the_same),
        cmocka_unit_test(test_adds_and_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
