/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/call.h: one call from credentials to result, on a virtual clock. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "tests/unit/call-world.h"

/* ---- on the wire ---- */

static void test_sends_a_signed_request(void **state)
{
    World *world = *state;
    const Seen *seen = &world->seen[0];

    world->config.ca_bundle = "/ca.pem";
    world_connect(world);
    world_call(world, &reply_ok, 1);
    assert_int_equal(world->outcome, AWS_OK);
    assert_string_equal(world->body, "{\"ImportStatus\":\"STOPPED\"}");
    assert_string_equal(seen->url, "https://cloudtrail.eu-west-1.amazonaws.com/");
    assert_string_equal(seen->body, "{\"ImportId\":\"x\"}");
    assert_string_equal(seen->ca_bundle, "/ca.pem");
    assert_int_equal(seen->connect_timeout_usec, 3 * USEC_PER_SEC);
    assert_int_equal(seen->timeout_usec, 30 * USEC_PER_SEC);
    assert_string_equal(world_header(world, 1, "content-type"), "application/x-amz-json-1.1");
    assert_string_equal(world_header(world, 1, "host"), "cloudtrail.eu-west-1.amazonaws.com");
    assert_string_equal(world_header(world, 1, "x-amz-date"), "20261122T122345Z");
    assert_string_equal(world_header(world, 1, "x-amz-target"),
                        "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.StopImport");
    assert_null(world_header(world, 1, "x-amz-security-token"));
    /* As botocore signs the same request. */
    assert_string_equal(
        world_header(world, 1, "authorization"),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-west-1/cloudtrail/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-target, "
        "Signature=e82827e11f7414e28fea9150ccece2a97daebc66c99725bf58f9e9644e40e092");
}

static void test_signs_the_session_token(void **state)
{
    World *world = *state;

    aws_credentials_unref(world->credentials);
    assert_int_equal(aws_credentials_new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                         "TOKEN", 0, &world->credentials),
                     0);
    world_call(world, &reply_ok, 1);
    assert_string_equal(world_header(world, 1, "x-amz-security-token"), "TOKEN");
    assert_string_equal(
        world_header(world, 1, "authorization"),
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/eu-west-1/cloudtrail/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, "
        "Signature=26af807dc39f169b2f53f6c1b01b60edcd806c7da6aaf925dd68bf41d217b7ef");
}

static void test_names_the_host(void **state)
{
    static const struct {
        const char *endpoint, *url, *host;
    } samples[] = {
        {"https://a.example", "https://a.example/", "a.example"},
        {"https://a.example:443/", "https://a.example:443/", "a.example"},
        {"https://a.example:8443", "https://a.example:8443/", "a.example:8443"},
        {"https://a.example:80", "https://a.example:80/", "a.example:80"},
        {"http://127.0.0.1:80", "http://127.0.0.1:80/", "127.0.0.1"},
        {"http://127.0.0.1:4566", "http://127.0.0.1:4566/", "127.0.0.1:4566"},
        {"http://[::1]:4566/base", "http://[::1]:4566/base", "[::1]:4566"},
        {"HTTPS://a.example:443", "HTTPS://a.example:443/", "a.example"},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        world->config.endpoint = samples[i].endpoint;
        world_connect(world);
        world_call(world, &reply_ok, 1);
        assert_string_equal(world->seen[0].url, samples[i].url);
        assert_string_equal(world_header(world, 1, "host"), samples[i].host);
    }
}

static void test_refuses_other_endpoints(void **state)
{
    World *world = *state;
    AwsClient *client = NULL;

    world->config.endpoint = "ftp://a.example";
    assert_int_equal(aws_client_new(&world->config, &client), -EINVAL);
    assert_null(client);
    aws_client_unref(TAKE(world->client));
    assert_int_equal(world->providers_freed, 1); /* it has kept no reference */
}

static void test_numbers_attempts_of_one_invocation(void **state)
{
    const Reply replies[] = {reply_broken, reply_broken, reply_ok};
    World *world = *state;
    char id[64];

    world_call(world, replies, 3);
    assert_int_equal(world->outcome, AWS_OK);
    snprintf(id, sizeof(id), "%s", world_header(world, 1, "amz-sdk-invocation-id"));
    assert_string_equal(id, "80000000-8000-4000-8800-000008000000"); /* of a random 0.5 */
    assert_string_equal(world_header(world, 3, "amz-sdk-invocation-id"), id);
    assert_string_equal(world_header(world, 1, "amz-sdk-request"), "attempt=1; max=3");
    assert_string_equal(world_header(world, 2, "amz-sdk-request"), "attempt=2; max=3");
    assert_string_equal(world_header(world, 3, "amz-sdk-request"), "attempt=3; max=3");

    world->uniform = 0.25;
    world_call(world, &reply_ok, 1);
    assert_string_not_equal(world_header(world, 1, "amz-sdk-invocation-id"), id);
}

static void test_names_itself(void **state)
{
    World *world = *state;

    unsetenv("AWS_SDK_UA_APP_ID");
    world_connect(world);
    world_call(world, &reply_ok, 1);
    assert_memory_equal(world_header(world, 1, "user-agent"), "trailstop/", 10);
    assert_null(strstr(world_header(world, 1, "user-agent"), "app/"));

    setenv("AWS_SDK_UA_APP_ID", "night shift\r\nX: y#1", 1);
    world_connect(world);
    unsetenv("AWS_SDK_UA_APP_ID");
    world_call(world, &reply_ok, 1);
    assert_non_null(strstr(world_header(world, 1, "user-agent"), " app/night-shift--X--y-1"));
}

static void test_signs_every_attempt_again(void **state)
{
    const Reply replies[] = {reply_throttled, reply_throttled, reply_ok};
    World *world = *state;
    char first[512];

    world_call(world, replies, 3);
    snprintf(first, sizeof(first), "%s", world_header(world, 1, "authorization"));
    assert_string_equal(world_header(world, 3, "x-amz-date"), "20261122T122346Z");
    assert_string_not_equal(world_header(world, 3, "authorization"), first);
}

/* ---- outcomes ---- */

static void test_a_no_is_not_an_outage(void **state)
{
    static const struct {
        Reply reply;
        AwsOutcome outcome;
        const char *code;
        unsigned attempts;
    } samples[] = {
        {ERROR_REPLY(404, "ImportNotFoundException"), AWS_REFUSED, "ImportNotFoundException", 1},
        {ERROR_REPLY(400, "AccessDeniedException"), AWS_REFUSED, "AccessDeniedException", 1},
        {ERROR_REPLY(400, "SomethingNew"), AWS_REFUSED, "SomethingNew", 1},
        {ERROR_REPLY(500, "InternalFailure"), AWS_UNAVAILABLE, "InternalFailure", 3},
        {ERROR_REPLY(501, "NotHere"), AWS_UNAVAILABLE, "NotHere", 1},
        {ERROR_REPLY(301, "Moved"), AWS_UNAVAILABLE, "Moved", 1},
        {ERROR_REPLY(400, "RequestTimeout"), AWS_UNAVAILABLE, "RequestTimeout", 3},
        {ERROR_REPLY(429, "ThrottlingException"), AWS_UNAVAILABLE, "ThrottlingException", 3},
        {{.status = 429}, AWS_UNAVAILABLE, CALL_ERROR_HTTP, 3},
        {{.status = 403, .body = "<html>"}, AWS_UNAVAILABLE, CALL_ERROR_HTTP, 1},
        {{.status = 307}, AWS_UNAVAILABLE, CALL_ERROR_HTTP, 1},
        {{.status = 200, .body = ""}, AWS_UNAVAILABLE, CALL_ERROR_UNREADABLE, 3},
        {{.status = 200, .body = "<html>"}, AWS_UNAVAILABLE, CALL_ERROR_UNREADABLE, 3},
        {{.status = 200, .body = "[]"}, AWS_UNAVAILABLE, CALL_ERROR_UNREADABLE, 3},
        {{.failure = HTTP_CONNECT_FAILED}, AWS_UNAVAILABLE, CALL_ERROR_CONNECTION, 3},
        {{.failure = HTTP_TIMED_OUT}, AWS_UNAVAILABLE, CALL_ERROR_TIMEOUT, 3},
        {{.failure = HTTP_TLS_FAILED}, AWS_UNAVAILABLE, CALL_ERROR_TLS, 3},
        {{.failure = HTTP_UNREADABLE}, AWS_UNAVAILABLE, CALL_ERROR_UNREADABLE, 3},
        {{.failure = HTTP_NO_RESOURCES}, AWS_UNAVAILABLE, CALL_ERROR_RESOURCES, 1},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        Reply replies[] = {samples[i].reply, samples[i].reply, samples[i].reply};

        world_call(world, replies, samples[i].attempts);
        assert_int_equal(world->outcome, samples[i].outcome);
        assert_string_equal(world->code, samples[i].code);
        assert_int_equal(world->http_status, samples[i].reply.status);
    }
}

static void test_retries_what_cannot_be_decoded(void **state)
{
    const Reply replies[] = {reply_ok, reply_ok, reply_ok};
    World *world = *state;

    world->decode_error = -EBADMSG;
    world_call(world, replies, 3);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_string_equal(world->code, CALL_ERROR_UNREADABLE);
    assert_string_equal(world->message,
                        "cloudtrail.eu-west-1.amazonaws.com answered 200 with unexpected contents, "
                        "26 bytes of an unknown type");

    world->decode_error = -ENOMEM;
    world_call(world, replies, 1);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_string_equal(world->code, CALL_ERROR_RESOURCES);
}

static void test_an_answer_about_another_subject_is_not_believed(void **state)
{
    static const Reply same[] = {{.status = 200, .body = "{\"ImportId\":\"x\"}"},
                                 {.status = 200, .body = "{\"ImportId\":\"X\"}"},
                                 {.status = 200, .body = "{\"ImportId\":7}"},
                                 {.status = 200, .body = "{\"ImportId\":null}"}};
    const Reply other = {.status = 200, .body = "{\"ImportId\":\"y\"}"};
    const Reply nameless = {.status = 200, .body = "{\"ImportId\":\"\"}"};
    const Reply others[] = {other, other, other}, late[] = {other, reply_ok};
    const Reply odd[] = {nameless, nameless, nameless};
    World *world = *state;

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
        world_call(world, &same[i], 1);
        assert_int_equal(world->outcome, AWS_OK);
    }
    world_call(world, others, 3);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_string_equal(world->code, CALL_ERROR_UNREADABLE);
    assert_string_equal(
        world->message,
        "cloudtrail.eu-west-1.amazonaws.com answered about y, which was not asked for");
    world_call(world, late, 2);
    assert_int_equal(world->outcome, AWS_OK);
    world_call(world, odd, 3);
    assert_string_equal(world->code, CALL_ERROR_UNREADABLE);
}

static void test_survives_what_cannot_be_sent(void **state)
{
    World *world = *state;

    world->start_error = -ENOMEM;
    world_call(world, NULL, 0);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_string_equal(world->code, CALL_ERROR_RESOURCES);
}

/* ---- giving up, looking ahead ---- */

static void test_cancels_at_any_time(void **state)
{
    World *world = *state;

    world_set_rate(world, 1);
    world_start(world); /* waits for credentials */
    aws_call_cancel(world->call);
    assert_true(TAILQ_EMPTY(&world->config.credentials->waiting));
    timers_run(world->timers);
    assert_int_equal(timers_next_usec(world->timers), TIMER_NEVER);

    world_start(world); /* in flight */
    assert_true(world_advance(world));
    aws_call_cancel(world->call);
    assert_int_equal(world->cancelled, 1);

    world_start(world); /* waits for the pacer */
    timers_run(world->timers);
    aws_call_cancel(world->call);
    assert_int_equal(timers_next_usec(world->timers), TIMER_NEVER);

    world_start(world); /* waits for its delay */
    assert_true(world_advance(world));
    world_answer(world, &reply_throttled);
    aws_call_cancel(world->call);
    assert_int_equal(timers_next_usec(world->timers), TIMER_NEVER);
    world->call = NULL;
    assert_false(world->done);
}

static void test_knows_when_it_goes_on(void **state)
{
    World *world = *state;
    uint64_t sent;

    world_set_rate(world, 0.1);
    world_start(world);
    assert_int_equal(aws_call_next_usec(world->call), world->boottime_usec);
    assert_true(world_advance(world));
    assert_int_equal(aws_call_next_usec(world->call), 0);
    sent = world->boottime_usec;
    world_answer(world, &reply_throttled);
    assert_int_equal(aws_call_next_usec(world->call), sent + 500 * USEC_PER_MSEC);
    while (timers_next_usec(world->timers) < sent + 10 * USEC_PER_SEC)
        world_step(world);
    assert_int_equal(aws_call_next_usec(world->call), sent + 10 * USEC_PER_SEC);
}

static void test_finishes_what_is_in_flight(void **state)
{
    static const struct {
        Reply reply;
        AwsOutcome outcome;
    } samples[] = {
        {OK_REPLY, AWS_OK},
        {ERROR_REPLY(404, "ImportNotFoundException"), AWS_REFUSED},
        {{.status = 503}, AWS_UNAVAILABLE},
        {ERROR_REPLY(400, "ExpiredToken"), AWS_UNAVAILABLE}, /* fresh ones might do */
        {DATED_REPLY(403, "RequestExpired", "Sun, 22 Nov 2026 12:33:45 GMT"), AWS_UNAVAILABLE},
    };
    World *world = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        world_start(world);
        assert_false(aws_call_finish(world->call));
        assert_true(world_advance(world));
        assert_true(aws_call_finish(world->call));
        world_answer(world, &samples[i].reply);
        assert_true(world->done);
        assert_int_equal(world->outcome, samples[i].outcome);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sends_a_signed_request),
        TEST(test_signs_the_session_token),
        TEST(test_names_the_host),
        TEST(test_refuses_other_endpoints),
        TEST(test_numbers_attempts_of_one_invocation),
        TEST(test_names_itself),
        TEST(test_signs_every_attempt_again),
        TEST(test_a_no_is_not_an_outage),
        TEST(test_retries_what_cannot_be_decoded),
        TEST(test_an_answer_about_another_subject_is_not_believed),
        TEST(test_survives_what_cannot_be_sent),
        TEST(test_cancels_at_any_time),
        TEST(test_knows_when_it_goes_on),
        TEST(test_finishes_what_is_in_flight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
