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
#include "tests/unit/sqs-world.h"

#define FIFO_URL SQS_URL ".fifo"

static const Reply empty = {.status = 200, .body = "{}"};
static const Reply no_body = {.status = 200, .body = ""};
static const Reply broken = {.status = 503, .body = ""};
static const Reply throttled = {.status = 400,
                                .body = "{\"__type\":\"com.amazonaws.sqs#RequestThrottled\"}"};

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

    assert_int_equal(sqs_delete(world->client, SQS_URL, "r+/=", &caller, &world->call), 0);
}

static void start_change_visibility(World *world)
{
    AwsCaller caller = world_caller(world);

    assert_int_equal(sqs_change_visibility(world->client, SQS_URL, "r", 0, &caller, &world->call),
                     0);
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

    sqs_world_receive(world);
    world_finish(world, &empty, 1);
    assert_int_equal(world->outcome, AWS_OK);
    assert_request(world, "ReceiveMessage",
                   "{\"QueueUrl\":\"" SQS_URL
                   "\",\"MaxNumberOfMessages\":10,\"WaitTimeSeconds\":20,"
                   "\"VisibilityTimeout\":120,\"MessageSystemAttributeNames\":[\"SenderId\","
                   "\"ApproximateReceiveCount\",\"SentTimestamp\"]}");
}

static void test_an_attempt_may_take_its_timeout_besides_the_wait(void **state)
{
    World *world = *state;

    sqs_world_receive(world);
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
                   "{\"QueueUrl\":\"" SQS_URL
                   "\",\"ReceiptHandle\":\"r\",\"VisibilityTimeout\":0}");

    start_delete(world);
    world_finish(world, &no_body, 1);
    assert_int_equal(world->outcome, AWS_OK);
    assert_request(world, "DeleteMessage",
                   "{\"QueueUrl\":\"" SQS_URL "\",\"ReceiptHandle\":\"r+/=\"}");
}

static void test_sends_ids_of_fifo_to_such_a_queue_alone(void **state)
{
    static const Reply sent = {.status = 200, .body = "{\"MessageId\":\"m\"}"};
    World *world = *state;

    start_send(world, SQS_URL);
    world_finish(world, &sent, 1);
    assert_int_equal(world->outcome, AWS_OK);
    assert_request(world, "SendMessage",
                   "{\"QueueUrl\":\"" SQS_URL
                   "\",\"MessageBody\":\"{\\\"a\\\":\\\"\xC3\xA4\\\"}\"}");
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
    assert_false(sqs_is_fifo(SQS_URL));
    assert_false(sqs_is_fifo("https://a.fifo/1/q"));
    assert_false(sqs_is_fifo("fifo"));
    assert_false(sqs_is_fifo(""));
}

/* ---- answers ---- */

static void test_a_receive_without_messages_may_answer_nothing(void **state)
{
    World *world = *state;

    sqs_world_receive(world);
    world_finish(world, &no_body, 1);
    assert_int_equal(world->outcome, AWS_OK);
}

static void test_a_receive_whose_answer_was_lost_is_not_repeated(void **state)
{
    World *world = *state;

    sqs_world_receive(world);
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
    sqs_world_receive(world);
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
        sqs_world_receive(world);
        world_finish(world, &(Reply){.status = 200, .body = bodies[i]}, 1);
        assert_int_equal(world->outcome, AWS_UNAVAILABLE);
        assert_string_equal(world->code, CALL_ERROR_UNREADABLE);
    }
    for (size_t i = 0; i < sizeof(unsent) / sizeof(unsent[0]); i++) {
        start_send(world, SQS_URL);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_receives_with_a_long_poll, sqs_world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_an_attempt_may_take_its_timeout_besides_the_wait,
                                        sqs_world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_changes_the_visibility_and_deletes_by_receipt,
                                        sqs_world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_sends_ids_of_fifo_to_such_a_queue_alone,
                                        sqs_world_setup, world_teardown),
        cmocka_unit_test(test_knows_a_fifo_queue_by_its_url),
        cmocka_unit_test_setup_teardown(test_a_receive_without_messages_may_answer_nothing,
                                        sqs_world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_a_receive_whose_answer_was_lost_is_not_repeated,
                                        sqs_world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_everything_else_is_repeated, sqs_world_setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_an_answer_that_is_none_is_not_taken_for_one,
                                        sqs_world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_knows_stale_receipts, sqs_world_setup, world_teardown),
    };

    return cmocka_run_group_tests_name("sqs", tests, NULL, NULL);
}
