/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/events.h: an event on its way to a bus, and what became of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/aws/events.h"
#include "tests/unit/call-world.h"

#define PUT "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"e\"}]}"
#define FAILED(code)                                                                               \
    "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"" code                                  \
    "\",\"ErrorMessage\":\"the entry\"}]}"

static int setup(void **state)
{
    return world_setup_service(state, "https://events.eu-west-1.amazonaws.com", EVENTS_SERVICE);
}

/* One call, answered with each of these bodies and status 200. */
static void put(World *world, const char *bus, const char *const *bodies, unsigned n)
{
    Reply replies[3];
    AwsCaller caller = world_caller(world);

    for (unsigned i = 0; i < n; i++)
        replies[i] = (Reply){
            .status = 200, .body = bodies[i], .headers = {{"x-amzn-RequestId", "request-1"}}};
    assert_int_equal(events_put(world->client, bus, "io.trailstop", "Import stop ended",
                                "{\"job\":{}}", &caller, &world->call),
                     0);
    world_finish(world, replies, n);
}

static void put_once(World *world, const char *body)
{
    put(world, NULL, &body, 1);
}

static void test_puts_one_entry(void **state)
{
    static const char *const body = PUT;
    World *world = *state;

    put(world, "arn:aws:events:eu-west-1:1:event-bus/b", &body, 1);
    assert_int_equal(world->outcome, AWS_OK);
    assert_string_equal(world->seen[0].url, "https://events.eu-west-1.amazonaws.com/");
    assert_string_equal(world_header(world, 1, "content-type"), "application/x-amz-json-1.1");
    assert_string_equal(world_header(world, 1, "x-amz-target"), "AWSEvents.PutEvents");
    assert_string_equal(world->seen[0].body,
                        "{\"Entries\":[{\"Source\":\"io.trailstop\",\"DetailType\":\"Import stop "
                        "ended\",\"Detail\":\"{\\\"job\\\":{}}\",\"EventBusName\":"
                        "\"arn:aws:events:eu-west-1:1:event-bus/b\"}]}");
    assert_non_null(
        strstr(world_header(world, 1, "authorization"), "/20261122/eu-west-1/events/aws4_request"));
}

static void test_names_no_bus_for_the_default_one(void **state)
{
    World *world = *state;

    put_once(world, PUT);
    assert_int_equal(world->outcome, AWS_OK);
    assert_null(strstr(world->seen[0].body, "EventBusName"));
}

static void test_takes_an_answer_that_says_it_was_put(void **state)
{
    static const char *const bodies[] = {
        PUT,
        "{\"FailedEntryCount\":0}",
        "{\"FailedEntryCount\":0,\"Entries\":[]}",
        "{\"Entries\":[{\"EventId\":\"e\"}]}",
        "{\"FailedEntryCount\":null,\"Entries\":[{\"EventId\":\"e\",\"ErrorCode\":null}]}",
        "{\"FailedEntryCount\":0,\"Entries\":[{\"EventId\":\"e\",\"ErrorCode\":\"\","
        "\"ErrorMessage\":\"\"}]"
        "}",
        "{\"Entries\":[{\"EventId\":\"e\",\"ErrorCode\":\"\"}]}",
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        put_once(world, bodies[i]);
        assert_int_equal(world->outcome, AWS_OK);
    }
}

static void test_repeats_after_an_answer_that_does_not_say_what_became_of_it(void **state)
{
    static const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "<html>",
        "{\"Entries\":[]}",
        "{\"Entries\":[{}]}",
        "{\"Entries\":{\"EventId\":\"e\"}}",
        "{\"FailedEntryCount\":1}",
        "{\"FailedEntryCount\":1,\"Entries\":[{\"EventId\":\"e\"}]}",
        "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":7}]}",
        "{\"FailedEntryCount\":1,\"Entries\":[{\"EventId\":\"e\",\"ErrorCode\":\"\"}]}",
        "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"a\\u0000b\"}]}",
        "{\"FailedEntryCount\":\"many\",\"Entries\":[null]}",
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        const char *const answers[] = {bodies[i], PUT};

        put(world, NULL, answers, 2);
        assert_int_equal(world->outcome, AWS_OK);
    }
}

static void test_an_entry_that_failed_is_the_error_of_its_call(void **state)
{
    static const char *const codes[] = {
        "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"NotAuthorizedForSourceException\","
        "\"ErrorMessage\":\"no\"}]}",
        /* whatever the count says */
        "{\"FailedEntryCount\":0,\"Entries\":[{\"ErrorCode\":\"NotAuthorizedForSourceException\","
        "\"ErrorMessage\":\"no\"}]}",
        "{\"Entries\":[{\"EventId\":\"e\",\"ErrorCode\":\"NotAuthorizedForSourceException\","
        "\"ErrorMessage\":\"no\"}]}",
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        put_once(world, codes[i]);
        assert_int_equal(world->outcome, AWS_REFUSED);
        assert_string_equal(world->code, "NotAuthorizedForSourceException");
        assert_string_equal(world->message, "no");
        assert_string_equal(world->request_id, "request-1");
        assert_int_equal(world->http_status, 200);
    }
    put_once(world, "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"MalformedDetail\"}]}");
    assert_int_equal(world->outcome, AWS_REFUSED);
    assert_string_equal(world->code, "MalformedDetail");
}

static void test_repeats_an_entry_whose_failure_may_pass(void **state)
{
    static const char *const failures[] = {
        FAILED("InternalFailure"),      FAILED("InternalException"),
        FAILED("ServiceUnavailable"),   FAILED("ThrottlingException"),
        FAILED("ThrottledException"),   FAILED("RequestLimitExceeded"),
        FAILED("ExpiredTokenException")};
    World *world = *state;

    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        const char *const answers[] = {failures[i], PUT};

        put(world, NULL, answers, 2);
        assert_int_equal(world->outcome, AWS_OK);
    }
    put(world, NULL, (const char *const[]){failures[0], failures[0], failures[0]}, 3);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_string_equal(world->code, "InternalFailure");
    assert_string_equal(world->message, "the entry");
    put(world, NULL, (const char *const[]){failures[3], failures[3], failures[3]}, 3);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
}

static void test_a_code_that_cannot_be_shown_is_not_a_no(void **state)
{
    static const char *const nameless[] = {FAILED(""), FAILED(""), FAILED("")};
    World *world = *state;

    put_once(world, FAILED("a code with blanks"));
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_string_equal(world->code, CALL_ERROR_HTTP);
    put(world, NULL, nameless, 3);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
}

static void test_shows_no_secret_that_an_entry_quotes(void **state)
{
    World *world = *state;

    put_once(world, "{\"FailedEntryCount\":1,\"Entries\":[{\"ErrorCode\":\"AccessDenied\","
                    "\"ErrorMessage\":\"wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY is wrong\"}]}");
    assert_int_equal(world->outcome, AWS_REFUSED);
    assert_null(strstr(world->message, "K7MDENG"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_puts_one_entry, setup, world_teardown),
        cmocka_unit_test_setup_teardown(test_names_no_bus_for_the_default_one, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_takes_an_answer_that_says_it_was_put, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(
            test_repeats_after_an_answer_that_does_not_say_what_became_of_it, setup,
            world_teardown),
        cmocka_unit_test_setup_teardown(test_an_entry_that_failed_is_the_error_of_its_call, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_repeats_an_entry_whose_failure_may_pass, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_a_code_that_cannot_be_shown_is_not_a_no, setup,
                                        world_teardown),
        cmocka_unit_test_setup_teardown(test_shows_no_secret_that_an_entry_quotes, setup,
                                        world_teardown),
    };

    return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
