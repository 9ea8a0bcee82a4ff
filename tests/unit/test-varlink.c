/* SPDX-License-Identifier: Apache-2.0 */
/* common/varlink.h: framing over a buffer that fills in any number of pieces. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/varlink.h"

struct stream {
    struct evbuffer *buffer;
    size_t searched;
};

static int set_up(void **state)
{
    struct stream *stream = calloc(1, sizeof(*stream));

    if (!stream || !(stream->buffer = evbuffer_new()))
        return -1;
    *state = stream;
    return 0;
}

static int tear_down(void **state)
{
    struct stream *stream = *state;

    evbuffer_free(stream->buffer);
    free(stream);
    return 0;
}

static void receive(struct stream *stream, const char *bytes, size_t size)
{
    assert_int_equal(evbuffer_add(stream->buffer, bytes, size), 0);
}
#define RECEIVE(stream, literal) receive(stream, literal, sizeof(literal) - 1)

static int take(struct stream *stream, size_t max_size, json_object **ret)
{
    const VarlinkLimits limits = {max_size, JSON_WORK_MAX};

    return varlink_read(stream->buffer, &stream->searched, &limits, ret);
}

static void expect_message(struct stream *stream, const char *expected)
{
    CLEANUP(json_object_putp) json_object *message = NULL;

    assert_int_equal(take(stream, 1000, &message), 1);
    assert_string_equal(json_text(message, NULL), expected);
}

static void test_takes_messages_one_by_one(void **state)
{
    struct stream *stream = *state;
    json_object *none = NULL;

    RECEIVE(stream, "{\"a\":1}\0{\"b\":2}\0{\"c\"");
    expect_message(stream, "{\"a\":1}");
    expect_message(stream, "{\"b\":2}");
    assert_int_equal(take(stream, 1000, &none), 0);
    RECEIVE(stream, ":3}\0");
    expect_message(stream, "{\"c\":3}");
    assert_int_equal(take(stream, 1000, &none), 0);
    assert_int_equal(evbuffer_get_length(stream->buffer), 0);
}

static void test_takes_a_message_that_arrives_byte_by_byte(void **state)
{
    static const char text[] = "{\"parameters\":{\"reason\":\"\\u20ac \xE2\x82\xAC\"}}";
    struct stream *stream = *state;
    json_object *none = NULL;

    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < sizeof(text) - 1; i++) {
            receive(stream, text + i, 1);
            assert_int_equal(take(stream, 1000, &none), 0);
            assert_int_equal(stream->searched, i + 1);
        }
        receive(stream, "", 1);
        expect_message(stream, "{\"parameters\":{\"reason\":\"\xE2\x82\xAC \xE2\x82\xAC\"}}");
        assert_int_equal(stream->searched, 0);
    }
}

static void test_takes_a_message_spread_over_chunks(void **state)
{
    struct stream *stream = *state;
    char chunk[1000];
    CLEANUP(json_object_putp) json_object *message = NULL;
    const char *value;

    memset(chunk, 'x', sizeof(chunk));
    RECEIVE(stream, "{\"a\":\"");
    for (int i = 0; i < 100; i++) {
        struct evbuffer *piece = evbuffer_new();
        assert_int_equal(evbuffer_add(piece, chunk, sizeof(chunk)), 0);
        assert_int_equal(evbuffer_add_buffer(stream->buffer, piece), 0);
        evbuffer_free(piece);
    }
    assert_int_equal(take(stream, 1 << 20, &message), 0);
    RECEIVE(stream, "\"}\0{}\0");
    assert_int_equal(take(stream, 1 << 20, &message), 1);
    assert_int_equal(json_get_string(message, "a", &value), 1);
    assert_int_equal(strlen(value), 100 * sizeof(chunk));
    expect_message(stream, "{}");
}

static void test_bounds_the_size(void **state)
{
    struct stream *stream = *state;
    json_object *message = NULL;

    RECEIVE(stream, "{\"a\":1}\0");
    assert_int_equal(take(stream, 6, &message), -EMSGSIZE);
    assert_null(message);
    stream->searched = 0;
    assert_int_equal(take(stream, 7, &message), 1);
    json_object_put(message);
}

static void test_bounds_the_size_before_the_end_arrives(void **state)
{
    struct stream *stream = *state;
    json_object *message = NULL;

    RECEIVE(stream, "{\"a\":1}");
    assert_int_equal(take(stream, 7, &message), 0);
    RECEIVE(stream, " ");
    assert_int_equal(take(stream, 7, &message), -EMSGSIZE);
}

static void test_refuses_what_is_no_object(void **state)
{
    static const char *const texts[] = {"", "[]", "null", "1", "{\"a\":1", "{}{}", "{'a':1}"};
    struct stream *stream = *state;
    json_object *message = NULL;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        evbuffer_drain(stream->buffer, evbuffer_get_length(stream->buffer));
        stream->searched = 0;
        receive(stream, texts[i], strlen(texts[i]) + 1);
        assert_int_equal(take(stream, 1000, &message), -EBADMSG);
        assert_null(message);
    }
}

static void test_bounds_the_depth(void **state)
{
    struct stream *stream = *state;
    json_object *message = NULL;

    /* the object and 15 arrays; then 16 */
    RECEIVE(stream, "{\"a\":[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]}\0");
    assert_int_equal(take(stream, 1000, &message), 1);
    json_object_put(message);
    message = NULL;
    RECEIVE(stream, "{\"a\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]}\0");
    assert_int_equal(take(stream, 1000, &message), -EBADMSG);
}

static void test_writes_what_it_reads(void **state)
{
    struct stream *stream = *state;
    CLEANUP(json_object_putp) json_object *message = json_object_new_object();

    assert_int_equal(json_add_string(message, "method", "a.b/C"), 0);
    assert_int_equal(varlink_write(stream->buffer, message), 0);
    assert_int_equal(varlink_write(stream->buffer, message), 0);
    assert_int_equal(evbuffer_get_length(stream->buffer), 2 * sizeof("{\"method\":\"a.b/C\"}"));
    expect_message(stream, "{\"method\":\"a.b/C\"}");
    expect_message(stream, "{\"method\":\"a.b/C\"}");
}

#define STREAM_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STREAM_TEST(test_takes_messages_one_by_one),
        STREAM_TEST(test_takes_a_message_that_arrives_byte_by_byte),
        STREAM_TEST(test_takes_a_message_spread_over_chunks),
        STREAM_TEST(test_bounds_the_size),
        STREAM_TEST(test_bounds_the_size_before_the_end_arrives),
        STREAM_TEST(test_refuses_what_is_no_object),
        STREAM_TEST(test_bounds_the_depth),
        STREAM_TEST(test_writes_what_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
