/* SPDX-License-Identifier: Apache-2.0 */
/* common/json-write.h and json_print(): what is written is JSON again, and one line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json-write.h"
#include "common/json.h"
#include "common/memory.h"

#define DEPTH 4U

static void test_writes_text_that_reads_as_the_same(void **state)
{
    JsonWriter writer = {0};
    CLEANUP(freep) char *text = NULL;
    CLEANUP(freep) char *nothing = NULL;
    CLEANUP(json_object_putp) json_object *value = NULL;
    size_t size;

    (void)state;
    json_write_begin(&writer, NULL, '{');
    json_write_string(&writer, "s", "\"\\/\b\f\n\r\t\x01\x1f\x7f\xE2\x82\xAC");
    json_write_string(&writer, "none", NULL);
    json_write_int64(&writer, "i", INT64_MIN);
    json_write_int64(&writer, "j", INT64_MAX);
    json_write_int64(&writer, "z", 0);
    json_write_begin(&writer, "a", '[');
    json_write_bool(&writer, NULL, true);
    json_write_begin(&writer, NULL, '{');
    json_write_end(&writer, '}');
    json_write_raw(&writer, NULL, "[1,2]");
    json_write_end(&writer, ']');
    json_write_string(&writer, "e", "");
    json_write_end(&writer, '}');
    text = json_writer_take(&writer, &size);
    assert_int_equal(strlen(text), size);
    assert_int_equal(json_read(text, size, DEPTH, &value), 0);
    assert_string_equal(json_text(value, NULL), text);
    assert_string_equal(text, "{\"s\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xE2\x82\xAC\","
                              "\"i\":-9223372036854775808,\"j\":9223372036854775807,\"z\":0,"
                              "\"a\":[true,{},[1,2]],\"e\":\"\"}");
    nothing = json_writer_take(&writer, &size); /* it is empty again */
    assert_string_equal(nothing, "");
}

static void test_writes_objects_as_json_c_does(void **state)
{
    static const char text[] =
        "{\"o\":{},\"a\":[],\"s\":\"/\\\"\\\\\\n\\u001f\\u0000\xE2\x82\xAC\","
        "\"l\":[\"\",{\"i\":-1},[9223372036854775807]],"
        "\"\\\"name\\\"\\t\":[null,true,false,-0.5,1e400,12.50]}";
    CLEANUP(json_object_putp) json_object *value = NULL;
    CLEANUP(freep) char *written = NULL;
    JsonWriter writer = {0};
    size_t size;

    (void)state;
    assert_int_equal(json_read(text, strlen(text), DEPTH, &value), 0);
    json_write_value(&writer, NULL, value);
    written = json_writer_take(&writer, &size);
    assert_string_equal(written, text);
    assert_string_equal(written, json_text(value, NULL));
}

static void test_writes_what_needs_more_room(void **state)
{
    JsonWriter writer = {0};
    CLEANUP(freep) char *text = NULL;
    char long_text[5000];
    size_t size;

    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    long_text[sizeof(long_text) - 1] = 0;
    json_write_string(&writer, NULL, long_text);
    text = json_writer_take(&writer, &size);
    assert_int_equal(size, sizeof(long_text) - 1 + 2);
}

/* A byte that is not UTF-8 may be a control character to a terminal: CSI in Latin 1. */
static void test_prints_for_terminals(void **state)
{
    CLEANUP(json_object_putp) json_object *value = json_object_new_string("a\xE2\x80\xAE\x9B\xE9");
    CLEANUP(fclosep) FILE *file = tmpfile();
    char line[64] = "";

    (void)state;
    assert_non_null(file);
    assert_int_equal(json_print(value, file), 0);
    rewind(file);
    assert_non_null(fgets(line, sizeof(line), file));
    assert_string_equal(line, "\"a\\u202e\\u009b\xE9\"\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_text_that_reads_as_the_same),
        cmocka_unit_test(test_writes_objects_as_json_c_does),
        cmocka_unit_test(test_writes_what_needs_more_room),
        cmocka_unit_test(test_prints_for_terminals),
    };

    return cmocka_run_group_tests_name("json-write", tests, NULL, NULL);
}
