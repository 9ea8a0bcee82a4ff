/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/sqs.h: the messages that an answer has. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "daemon/aws/sqs.h"
#include "tests/unit/sqs-world.h"

#define MESSAGE(number)                                                                            \
    "{\"MessageId\":\"m" #number "\",\"ReceiptHandle\":\"r" #number "\",\"Body\":\"{}\"}"

/* The messages of an answer with this body; returns how many. The answer lives until the next. */
static size_t receive(World *world, const char *body, SqsMessage messages[SQS_MESSAGES_MAX])
{
    static json_object *answer;

    sqs_world_receive(world);
    world_finish(world, &(Reply){.status = 200, .body = body}, 1);
    assert_int_equal(world->outcome, AWS_OK);
    json_object_put(answer);
    assert_int_equal(json_read(world->body, strlen(world->body), 8, &answer), 0);
    return sqs_messages(answer, messages);
}

static void test_reads_a_whole_message(void **state)
{
    SqsMessage messages[SQS_MESSAGES_MAX];
    World *world = *state;

    assert_int_equal(
        receive(world,
                "{\"Messages\":[{\"MessageId\":\"219f8380-5770-4cc2-8c3e-5c715e145f5e\","
                "\"ReceiptHandle\":\"AQEBaZ+j5qUoOAoxlmrCQPkBm9njMWXqemmIG6shMHCO6fV20JrQ\","
                "\"MD5OfBody\":\"x\",\"Body\":\"{\\\"importId\\\":\\\"\xE2\x82\xAC\\\"}\","
                "\"Attributes\":{\"SenderId\":\"AIDASSYFHUBOBT7F4XT75\","
                "\"ApproximateReceiveCount\":\"2\",\"SentTimestamp\":\"1677112427387\"}}]}",
                messages),
        1);
    assert_string_equal(messages[0].id, "219f8380-5770-4cc2-8c3e-5c715e145f5e");
    assert_string_equal(messages[0].receipt,
                        "AQEBaZ+j5qUoOAoxlmrCQPkBm9njMWXqemmIG6shMHCO6fV20JrQ");
    assert_string_equal(messages[0].body, "{\"importId\":\"\xE2\x82\xAC\"}");
    assert_int_equal(messages[0].body_size, strlen(messages[0].body));
    assert_string_equal(messages[0].sender, "AIDASSYFHUBOBT7F4XT75");
    assert_int_equal(messages[0].receives, 2);
}

static void test_an_answer_without_messages_has_none(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"Messages\":null}",
        "{\"Messages\":[]}",
        "{\"Messages\":{}}",
        "{\"Messages\":\"" SQS_URL "\"}",
        "{\"Messages\":7}",
        "{\"Messages\":[null,7,\"m\",[]]}",
    };
    SqsMessage messages[SQS_MESSAGES_MAX];

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        assert_int_equal(receive(*state, bodies[i], messages), 0);
}

static void test_takes_no_more_messages_than_an_answer_may_hold(void **state)
{
    SqsMessage messages[SQS_MESSAGES_MAX];

    char body[1024] = "{\"Messages\":[" MESSAGE(0);

    for (unsigned i = 1; i <= SQS_MESSAGES_MAX; i++) {
        size_t length = strlen(body);

        snprintf(body + length, sizeof(body) - length,
                 ",{\"MessageId\":\"m%u\",\"ReceiptHandle\":\"r%u\",\"Body\":\"{}\"}", i, i);
    }
    strcat(body, "]}");
    assert_int_equal(receive(*state, body, messages), SQS_MESSAGES_MAX);
    assert_string_equal(messages[0].id, "m0");
    assert_string_equal(messages[9].id, "m9");
    assert_string_equal(messages[9].receipt, "r9");
}

#define FIFTY "01234567890123456789012345678901234567890123456789"
#define FIVE_HUNDRED FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY FIFTY
static void test_a_message_that_cannot_be_answered_has_neither_id_nor_body(void **state)
{
    static const char *const samples[] = {
        "{}",
        "{\"ReceiptHandle\":\"r\",\"Body\":\"{}\"}",
        "{\"MessageId\":null,\"ReceiptHandle\":\"r\",\"Body\":\"{}\"}",
        "{\"MessageId\":\"a\\u0000b\",\"ReceiptHandle\":\"r\",\"Body\":\"{}\"}",
        "{\"MessageId\":\"\",\"ReceiptHandle\":\"r\",\"Body\":\"{}\"}",
        "{\"MessageId\":\"m\",\"Body\":\"{}\"}",
        "{\"MessageId\":\"m\",\"ReceiptHandle\":5,\"Body\":\"{}\"}",
        "{\"MessageId\":\"m\",\"ReceiptHandle\":\"\",\"Body\":\"{}\"}",
        "{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\\u0000\",\"Body\":\"{}\"}",
        "{\"MessageId\":\"" FIVE_HUNDRED "\",\"ReceiptHandle\":\"r\",\"Body\":\"{}\"}",
    };
    SqsMessage messages[SQS_MESSAGES_MAX];

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char body[1024];

        snprintf(body, sizeof(body), "{\"Messages\":[%s,%s]}", samples[i], MESSAGE(7));
        assert_int_equal(receive(*state, body, messages), 2);
        assert_string_equal(messages[0].id, "");
        assert_string_equal(messages[0].receipt, "");
        assert_string_equal(messages[0].body, "");
        assert_int_equal(messages[0].body_size, 0);
        assert_string_equal(messages[1].id, "m7");
    }
}

static void test_a_body_that_is_not_text_is_empty(void **state)
{
    static const char *const bodies[] = {
        "null", "7", "{\"importId\":\"x\"}", "[]", "true", "\"{}\\u0000\"", "\"\""};
    SqsMessage messages[SQS_MESSAGES_MAX];

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        char body[512];

        snprintf(body, sizeof(body),
                 "{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":%s}]}",
                 bodies[i]);
        assert_int_equal(receive(*state, body, messages), 1);
        assert_string_equal(messages[0].id, "m");
        assert_string_equal(messages[0].receipt, "r");
        assert_string_equal(messages[0].body, "");
        assert_int_equal(messages[0].body_size, 0);
    }
}

static void test_counts_receives_only_where_the_count_is_one(void **state)
{
    static const struct {
        const char *value;
        unsigned receives;
    } samples[] = {
        {"\"1\"", 1},
        {"\"2\"", 2},
        {"3", 3},
        {"\"4294967295\"", UINT_MAX},
        {"\"4294967296\"", UINT_MAX},
        {"9223372036854775807", UINT_MAX},
        {"\"99999999999999999999\"", 0},
        {"\"0\"", 0},
        {"-1", 0},
        {"\"-1\"", 0},
        {"\"many\"", 0},
        {"\"\"", 0},
        {"1.5", 0},
        {"null", 0},
        {"{}", 0},
        {"1,\"SenderId\":\"" FIVE_HUNDRED "\"", 1},
    };
    SqsMessage messages[SQS_MESSAGES_MAX];

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char body[1024];

        snprintf(body, sizeof(body),
                 "{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\",\"Body\":\"b\","
                 "\"Attributes\":{\"SenderId\":[],\"ApproximateReceiveCount\":%s}}]}",
                 samples[i].value);
        assert_int_equal(receive(*state, body, messages), 1);
        assert_int_equal(messages[0].receives, samples[i].receives);
        assert_null(messages[0].sender);
        assert_string_equal(messages[0].body, "b");
    }
    assert_int_equal(receive(*state,
                             "{\"Messages\":[{\"MessageId\":\"m\",\"ReceiptHandle\":\"r\","
                             "\"Body\":\"b\",\"Attributes\":[\"2\"]}]}",
                             messages),
                     1);
    assert_int_equal(messages[0].receives, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, sqs_world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_reads_a_whole_message),
        TEST(test_an_answer_without_messages_has_none),
        TEST(test_takes_no_more_messages_than_an_answer_may_hold),
        TEST(test_a_message_that_cannot_be_answered_has_neither_id_nor_body),
        TEST(test_a_body_that_is_not_text_is_empty),
        TEST(test_counts_receives_only_where_the_count_is_one),
    };

    return cmocka_run_group_tests_name("sqs-messages", tests, NULL, NULL);
}
