/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/sqs.h: what goes to SQS, and what its answers are taken for. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json.h"
#include "common/memory.h"
#include "common/time.h"
#include "daemon/aws/sqs.h"
#include "tests/unit/call-world.h"

#define URL "https://sqs.eu-west-1.amazonaws.com/123456789012/stops"
#define FIFO_URL URL ".fifo"

#define MESSAGE(number)                                                                            \
    "{\"MessageId\":\"m" #number "\",\"ReceiptHandle\":\"r" #number "\",\"Body\":\"{}\"}"

static const Reply empty = {.status = 200, .body = "{}"};
static const Reply no_body = {.status = 200, .body = ""};
static const Reply broken = {.status = 503, .body = ""};
static const Reply throttled = {.status = 400,
                                .body = "{\"__type\":\"com.amazonaws.sqs#RequestThrottled\"}"};

static int setup(void **state)
{
    World *world;
    int r = world_setup(state);

    world = *state;
    world->config.endpoint = "https://sqs.eu-west-1.amazonaws.com";
    world->config.service = SQS_SERVICE;
    world->config.quotas = NULL;
    world_connect(world);
    return r;
}

static void start_receive(World *world)
{
    AwsCaller caller = world_caller(world);

    assert_int_equal(sqs_receive(world->client, URL, 10, 20, 120, &caller, &world->call), 0);
}

static void start_send(World *world, const char *url)
{
    AwsCaller caller = world_caller(world);

    assert_int_equal(sqs_send(world->client, url, "{\"a\":\"\xC3\xA4\"}", "group", "once", &caller,
                              &world->call),
                     0);
}

static void start_delete(World *world)
{
    AwsCaller caller = world_caller(world);

    assert_int_equal(sqs_delete(world->client, URL, "r+/=", &caller, &world->call), 0);
}

static void start_change_visibility(World *world)
{
    AwsCaller caller = world_caller(world);

    assert_int_equal(sqs_change_visibility(world->client, URL, "r", 0, &caller, &world->call), 0);
}

/* ---- on the wire ---- */

static void assert_request(const World *world, const char *operation, const char *body)
{
    char target[64];

    snprintf(target, sizeof(target), "AmazonSQS.%s", operation);
    assert_string_equal(world->seen[0].url, "https://sqs.eu-west-1.amazonaws.com/");
    assert_string_equal(world_header(world, 1, "content-type"), "application/x-amz-json-1.0");
    assert_string_equal(world_header(world, 1, "x-amz-target"), target);
    assert_string_equal(world->seen[0].body, body);
    assert_non_null(
        strstr(world_header(world, 1, "authorization"), "/20261122/eu-west-1/sqs/aws4_request"));
}

static void test_receives_with_a_long_poll(void **state)
{
    World *world = *state;

    start_receive(world);
    world_finish(world, &empty, 1);
    assert_int_equal(world->outcome, AWS_OK);
    assert_request(world, "ReceiveMessage",
                   "{\"QueueUrl\":\"" URL "\",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":20,"
                   "\"VisibilityTimeout\":120,\"MessageSystemAttributeNames\":[\"SenderId\","
                   "\"ApproximateReceiveCount\",\"SentTimestamp\"]}");
}

static void test_an_attempt_may_take_its_timeout_besides_the_wait(void **state)
{
    World *world = *state;

    start_receive(world);
    world_finish(world, &empty, 1);
    assert_int_equal(world->seen[0].timeout_usec, 50 * USEC_PER_SEC);
    start_delete(world);
    world_finish(world, &no_body, 1);
    assert_int_equal(world->seen[0].timeout_usec, 30 * USEC_PER_SEC);
}

static void test_changes_the_visibility_and_deletes_by_receipt(void **state)
{
    World *world = *state;

    start_change_visibility(world);
    world_finish(world, &no_body, 1);
    assert_int_equal(world->outcome, AWS_OK);
    assert_request(world, "ChangeMessageVisibility",
                   "{\"QueueUrl\":\"" URL "\",\"ReceiptHandle\":\"r\",\"VisibilityTimeout\":0}");

    start_delete(world);
    world_finish(world, &no_body, 1);
    assert_int_equal(world->outcome, AWS_OK);
    assert_request(world, "DeleteMessage", "{\"QueueUrl\":\"" URL "\",\"ReceiptHandle\":\"r+/=\"}");
}

static void test_sends_ids_of_fifo_to_such_a_queue_alone(void **state)
{
    static const Reply sent = {.status = 200, .body = "{\"MessageId\":\"m\"}"};
    World *world = *state;

    start_send(world, URL);
    world_finish(world, &sent, 1);
    assert_int_equal(world->outcome, AWS_OK);
    assert_request(world, "SendMessage",
                   "{\"QueueUrl\":\"" URL "\",\"MessageBody\":\"{\\\"a\\\":\\\"\xC3\xA4\\\"}\"}");
    start_send(world, FIFO_URL);
    world_finish(world, &sent, 1);
    assert_request(world, "SendMessage",
                   "{\"QueueUrl\":\"" FIFO_URL
                   "\",\"MessageBody\":\"{\\\"a\\\":\\\"\xC3\xA4\\\"}\","
                   "\"MessageGroupId\":\"group\",\"MessageDeduplicationId\":\"once\"}");
}

static void test_knows_a_fifo_queue_by_its_url(void **state)
{
    (void)state;
    assert_true(sqs_is_fifo(FIFO_URL));
    assert_false(sqs_is_fifo(URL));
    assert_false(sqs_is_fifo("https://a.fifo/1/q"));
    assert_false(sqs_is_fifo("fifo"));
    assert_false(sqs_is_fifo(""));
}

/* ---- answers ---- */

static void test_a_receive_without_messages_may_answer_nothing(void **state)
{
    World *world = *state;

    start_receive(world);
    world_finish(world, &no_body, 1);
    assert_int_equal(world->outcome, AWS_OK);
}

static void test_a_receive_whose_answer_was_lost_is_not_repeated(void **state)
{
    World *world = *state;

    start_receive(world);
    world_finish(world, &broken, 1);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
}

static void test_everything_else_is_repeated(void **state)
{
    const Reply twice[] = {broken, no_body}, later[] = {throttled, empty};
    World *world = *state;

    start_change_visibility(world);
    world_finish(world, twice, 2);
    assert_int_equal(world->outcome, AWS_OK);
    start_delete(world);
    world_finish(world, twice, 2);
    assert_int_equal(world->outcome, AWS_OK);
    start_receive(world);
    world_finish(world, later, 2);
    assert_int_equal(world->outcome, AWS_OK);
}

static void test_an_answer_that_is_none_is_not_taken_for_one(void **state)
{
    static const char *const bodies[] = {"<html>", "[]", "null", "{\"login\":\"please\"}"};
    static const char *const unsent[] = {"", "{}", "{\"MessageId\":null}", "{\"MessageId\":7}",
                                         "{\"MD5OfMessageBody\":\"d41d8cd9\"}"};
    World *world = *state;

    world->config.max_attempts = 1;
    world_connect(world);
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        start_receive(world);
        world_finish(world, &(Reply){.status = 200, .body = bodies[i]}, 1);
        assert_int_equal(world->outcome, AWS_UNAVAILABLE);
        assert_string_equal(world->code, CALL_ERROR_UNREADABLE);
    }
    for (size_t i = 0; i < sizeof(unsent) / sizeof(unsent[0]); i++) {
        start_send(world, URL);
        world_finish(world, &(Reply){.status = 200, .body = unsent[i]}, 1);
        assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    }
    start_delete(world);
    world_finish(world, &(Reply){.status = 200, .body = "<html>"}, 1);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
}

static void test_knows_stale_receipts(void **state)
{
    static const struct {
        const char *body;
        bool gone;
    } samples[] = {
        {"{\"__type\":\"com.amazonaws.sqs#MessageNotInflight\"}", true},
        {"{\"__type\":\"com.amazonaws.sqs#ReceiptHandleIsInvalid\",\"message\":\"m\"}", true},
        {"{\"__type\":\"MessageNotInflight\"}", true},
        {"{\"__type\":\"AWS.SimpleQueueService.MessageNotInflight\"}", true},
        {"{\"__type\":\"AWS.SimpleQueueService.ReceiptHandleIsInvalid\"}", true},
        {"{\"__type\":\"com.amazonaws.sqs#QueueDoesNotExist\"}", false},
        {"{\"__type\":\"com.amazonaws.sqs#InvalidParameterValue\",\"message\":\"Value AQEBx+/= for "
         "parameter ReceiptHandle is invalid. Reason: Message does not exist or is not available "
         "for visibility timeout change.\"}",
         true},
        {"{\"__type\":\"com.amazon.coral.service#InvalidParameterValueException\",\"message\":"
         "\"Value "
         "AQEBx+/= for parameter ReceiptHandle is invalid. Reason: The receipt handle has "
         "expired.\"}",
         true},
        {"{\"__type\":\"com.amazon.coral.service#InvalidParameterValueException\",\"message\":"
         "\"Value "
         "43200 for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout for "
         "the message is beyond the limit [43200 seconds].\"}",
         false},
        {"{\"__type\":\"com.amazonaws.sqs#InvalidParameterValue\"}", false},
        {"{\"__type\":\"com.amazon.coral.service#AccessDeniedException\"}", false},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        CallError error = {.code = world->code, .message = world->message};

        start_change_visibility(world);
        world_finish(world, &(Reply){.status = 400, .body = samples[i].body}, 1);
        assert_int_equal(world->outcome, AWS_REFUSED);
        assert_int_equal(sqs_is_gone(&error), samples[i].gone);
    }
    assert_false(sqs_is_gone(&(CallError){0}));
}

/* The messages of an answer with this body; returns how many. The answer lives until the next. */
static size_t receive(World *world, const char *body, SqsMessage messages[SQS_MESSAGES_MAX])
{
    static json_object *answer;

    start_receive(world);
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
        "{\"Messages\":\"" URL "\"}",
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_receives_with_a_long_poll, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_attempt_may_take_its_timeout_besides_the_wait,
                                        setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_changes_the_visibility_and_deletes_by_receipt, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_sends_ids_of_fifo_to_such_a_queue_alone, setup,
                                        world_teardown),
        cmocka_unit_test(test_knows_a_fifo_queue_by_its_url),
        cmocka_unit_test_setup_teardown(test_a_receive_without_messages_may_answer_nothing, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_a_receive_whose_answer_was_lost_is_not_repeated, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_everything_else_is_repeated, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_that_is_none_is_not_taken_for_one, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_knows_stale_receipts, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_reads_a_whole_message, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_without_messages_has_none, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_takes_no_more_messages_than_an_answer_may_hold, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(
            test_a_message_that_cannot_be_answered_has_neither_id_nor_body, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_body_that_is_not_text_is_empty, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_counts_receives_only_where_the_count_is_one, setup,
                                        world_teardown),
    };

    return cmocka_run_group_tests_name("sqs", tests, NULL, NULL);
}
