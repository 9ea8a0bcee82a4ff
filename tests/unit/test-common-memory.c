/* SPDX-License-Identifier: Apache-2.0 */
/* common/: whatever allocation fails, the caller gets -ENOMEM or NULL, and what it had is as it
 * was. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/explain.h"
#include "common/json-write.h"
#include "common/json.h"
#include "common/utf8.h"
#include "common/varlink.h"
#include "tests/unit/every-call.h"

/* Longer than the first buffers of all that print it. */
#define LONG_TEXT_SIZE 5000

static const char document[] =
    "{\"f\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,"
    "32,"
    "33,34],\"id\":\"a\",\"esc\\u0061ped\":\"\\n\\u00e9\",\"n\":[1,-2,1.5,true,null,{\"of\":["
    "\"many\"]}],"
    "\"more\":{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"j\":10,"
    "\"k\":11,"
    "\"l\":12,\"m\":13,\"n\":14,\"o\":15,\"p\":16,\"q\":17}}";

static json_object *const untouched = (json_object *)document;

typedef int Reader(const char *, size_t, unsigned, json_object **);

static bool read_document(void *data)
{
    json_object *read = untouched;
    int r = ((Reader *)data)(document, sizeof(document) - 1, 8, &read);

    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        assert_ptr_equal(read, untouched);
        return false;
    }
    assert_int_equal(json_object_object_length(read), 5);
    json_wipe(read);
    return true;
}

static void test_reading_json(void **state)
{
    (void)state;
    every_allocation(read_document, json_read);
    every_allocation(read_document, json_read_leniently);
}

/* What needs memory of the reader's own first. */
static bool read_small(void *data)
{
    json_object *read = untouched;
    int r = json_read(data, strlen(data), 8, &read);

    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        assert_ptr_equal(read, untouched);
        return false;
    }
    json_object_put(read);
    return true;
}

static void test_reading_a_number_or_string(void **state)
{
    char number[] = "1.5", string[] = "\"\\n\"";

    (void)state;
    every_allocation(read_small, number);
    every_allocation(read_small, string);
}

static bool build(void *data)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    json_object *array;

    (void)data;
    if (!object || json_add(object, "array", json_object_new_array()) < 0)
        return false;
    array = json_object_object_get(object, "array");
    for (unsigned i = 0; i < 40; i++) /* an array grows from 32 on */
        if (json_append(array, json_object_new_int64(i)) < 0) {
            assert_int_equal(json_object_array_length(array), i);
            return false;
        }
    for (unsigned i = 0; i < 20; i++) { /* an object from 11 on */
        const char key[] = {(char)('a' + i), '\0'};

        if (json_add_string(object, key, "value") < 0) {
            assert_int_equal(json_object_object_length(object), i + 1);
            return false;
        }
    }
    return json_add_bool(object, "bool", true) == 0 && json_add_int64(object, "int", 1) == 0;
}

static void test_making_json(void **state)
{
    (void)state;
    every_allocation(build, NULL);
}

static bool make_text(void *data)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    const char *text;

    (void)data;
    if (!object || json_add_string(object, "as", "it is") < 0)
        return false;
    text = json_text(object, NULL);
    if (!text)
        return false;
    assert_string_equal(text, "{\"as\":\"it is\"}");
    return true;
}

static void test_json_as_text(void **state)
{
    (void)state;
    every_allocation(make_text, NULL);
}

static json_object *new_long_message(void)
{
    char text[LONG_TEXT_SIZE];
    json_object *message = json_object_new_object();

    memset(text, 'x', sizeof(text));
    if (message && json_add(message, "text", json_object_new_string_len(text, sizeof(text))) == 0)
        return message;
    json_object_put(message);
    return NULL;
}

/* Half a document would be worse than none. */
static bool print(void *data)
{
    CLEANUP(json_object_putp) json_object *message = new_long_message();
    FILE *file = data;
    int r = message ? json_print(message, file) : -ENOMEM;

    assert_true(r == 0 || r == -ENOMEM);
    assert_int_equal(ftell(file), r == 0 ? LONG_TEXT_SIZE + sizeof("{\"text\":\"\"}") : 0);
    rewind(file);
    return r == 0;
}

static void test_printing_json(void **state)
{
    CLEANUP(fclosep) FILE *file = tmpfile();

    (void)state;
    assert_non_null(file);
    assert_int_equal(setvbuf(file, NULL, _IONBF, 0), 0);
    every_allocation(print, file);
}

/* What is in the buffer is a message before and after. */
static bool write_and_read(void *data)
{
    CLEANUP(json_object_putp) json_object *message = new_long_message();
    struct evbuffer *buffer = evbuffer_new();
    json_object *read = untouched;
    const VarlinkLimits limits = {LONG_TEXT_SIZE * 2, JSON_WORK_MAX};
    size_t searched = 0, size;
    int r = message && buffer ? varlink_write(buffer, message) : -ENOMEM;

    (void)data;
    if (r == 0) {
        size = evbuffer_get_length(buffer);
        assert_int_equal(size, LONG_TEXT_SIZE + sizeof("{\"text\":\"\"}"));
        /* In two pieces, which have to be put together first. */
        r = evbuffer_add_reference(buffer, "{\"second\":", 10, NULL, NULL) == 0 &&
                    evbuffer_add_reference(buffer, "true}", sizeof("true}"), NULL, NULL) == 0
                ? 0
                : -ENOMEM;
    } else if (buffer)
        assert_int_equal(evbuffer_get_length(buffer), 0);
    for (unsigned i = 0; r >= 0 && i < 2; i++) {
        r = varlink_read(buffer, &searched, &limits, &read);
        if (r > 0)
            json_object_put(read);
        read = r > 0 ? untouched : read;
    }
    assert_true(r > 0 || r == -ENOMEM);
    assert_ptr_equal(read, untouched);
    if (buffer)
        evbuffer_free(buffer);
    return r > 0;
}

static void test_framing(void **state)
{
    (void)state;
    every_allocation(write_and_read, NULL);
}

/* Text that is only looked at when it is whole. */
static bool write_long_text(void *data)
{
    JsonWriter writer = {0};
    size_t size = 7;
    char *text;

    (void)data;
    json_write_begin(&writer, NULL, '[');
    for (unsigned i = 0; i < LONG_TEXT_SIZE; i++)
        json_write_string(&writer, NULL, "\n");
    json_write_end(&writer, ']');
    text = json_writer_take(&writer, &size);
    assert_null(writer.text); /* and can be used again */
    if (!text) {
        assert_int_equal(size, 7);
        return false;
    }
    assert_int_equal(size, strlen(text));
    free(text);
    return true;
}

static void test_writing_json(void **state)
{
    (void)state;
    every_allocation(write_long_text, NULL);
}

static bool make_sentence(void *data)
{
    char *sentence = data;
    int r = explain(&sentence, -EBADMSG, "cannot read \"%s\"", "a\xff\n");

    if (r == -ENOMEM) {
        assert_ptr_equal(sentence, data);
        return false;
    }
    assert_int_equal(r, -EBADMSG);
    assert_string_equal(sentence, "cannot read \"a\xEF\xBF\xBD \"");
    free(sentence);
    return true;
}

static bool copy_string(void *data)
{
    char *copy = data;

    if (string_copy("text", &copy) < 0) {
        assert_ptr_equal(copy, data);
        return false;
    }
    assert_string_equal(copy, "text");
    free(copy);
    return true;
}

static bool format_text(void *data)
{
    static char untouched_text[] = "untouched";
    const int *length = data;
    char *text = untouched_text;

    if (string_format(&text, "%0*d", *length, 0) < 0) {
        assert_ptr_equal(text, untouched_text);
        return false;
    }
    assert_int_equal(strlen(text), *length);
    free(text);
    return true;
}

/* glibc begins with 100 bytes. */
static void test_text_of_every_length(void **state)
{
    (void)state;
    for (int length = 1; length < 260; length++)
        every_allocation(format_text, &length);
}

static void test_text(void **state)
{
    char untouched_text[] = "untouched";

    (void)state;
    every_allocation(make_sentence, untouched_text);
    every_allocation(copy_string, untouched_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading_json),
        cmocka_unit_test(test_reading_a_number_or_string),
        cmocka_unit_test(test_making_json),
        cmocka_unit_test(test_json_as_text),
        cmocka_unit_test(test_printing_json),
        cmocka_unit_test(test_framing),
        cmocka_unit_test(test_writing_json),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_text_of_every_length),
    };

    return cmocka_run_group_tests_name("common-memory", tests, NULL, NULL);
}
