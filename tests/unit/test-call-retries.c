/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/call.h: what is tried again, when, and with which clock and credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "tests/unit/call-world.h"

/* How long after the attempt before it attempt n went out; give or take the microseconds by which
 * timers that follow on each other are apart. */
static void assert_gap(const World *world, unsigned attempt, uint64_t expected_msec)
{
    uint64_t gap = world->seen[attempt - 1].boottime_usec - world->seen[attempt - 2].boottime_usec;

    assert_in_range(gap, expected_msec * USEC_PER_MSEC, expected_msec * USEC_PER_MSEC + 10);
}

/* ---- retries ---- */

static void test_waits_longer_each_time(void **state)
{
    const Reply transient[] = {reply_broken, {.failure = HTTP_TIMED_OUT}, reply_broken};
    const Reply throttling[] = {reply_throttled, reply_throttled, reply_throttled};
    World *world = *state;

    world_call(world, transient, 3);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_gap(world, 2, 25);
    assert_gap(world, 3, 50);

    world_call(world, throttling, 3);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_string_equal(world->code, "ThrottlingException");
    assert_gap(world, 2, 500);
    assert_gap(world, 3, 1000);
}

static void test_heeds_retry_after(void **state)
{
    const Reply replies[] = {
        {.status = 503, .headers = {{"X-Amz-Retry-After", "3000"}}},
        {.status = 503, .headers = {{"x-amz-retry-after", "60000"}}},
        OK_REPLY,
    };
    World *world = *state;

    world_call(world, replies, 3);
    assert_gap(world, 2, 3000);
    assert_gap(world, 3, 5050);
}

static void test_heeds_retry_after_in_seconds_of_a_busy_server(void **state)
{
    const Reply busy[] = {
        {.status = 503, .headers = {{"Retry-After", "3"}}},
        {.status = 429, .headers = {{"retry-after", "3600"}}},
        OK_REPLY,
    };
    const Reply other[] = {{.status = 500, .headers = {{"Retry-After", "3"}}}, OK_REPLY};
    World *world = *state;

    world_call(world, busy, 3);
    assert_gap(world, 2, 3000);
    assert_gap(world, 3, 20000);
    world_call(world, other, 2);
    assert_gap(world, 2, 25);
}

static void test_heeds_retry_after_as_a_date(void **state)
{
    /* The last is by a server whose clock is a day ahead. */
    const Reply replies[] = {
        {.status = 503, .headers = {{"Retry-After", "Sun, 22 Nov 2026 12:23:49 GMT"}}},
        {.status = 429,
         .headers = {{"Retry-After", "Mon, 23 Nov 2026 12:23:55 GMT"},
                     {"Date", "Mon, 23 Nov 2026 12:23:45 GMT"}}},
        OK_REPLY,
    };
    const Reply over[] = {
        {.status = 503, .headers = {{"Retry-After", "Sun, 22 Nov 2015 12:23:49 GMT"}}},
        OK_REPLY,
    };
    const Reply far[] = {
        {.status = 503, .headers = {{"Retry-After", "Sun, 22 Nov 2099 12:23:49 GMT"}}},
        OK_REPLY,
    };
    const Reply other[] = {
        {.status = 500, .headers = {{"Retry-After", "Sun, 22 Nov 2099 12:23:49 GMT"}}},
        OK_REPLY,
    };
    World *world = *state;

    world_call(world, replies, 3);
    assert_gap(world, 2, 4000);
    assert_gap(world, 3, 10000);
    world_call(world, over, 2);
    assert_gap(world, 2, 25);
    world_call(world, far, 2);
    assert_gap(world, 2, 20000);
    world_call(world, other, 2);
    assert_gap(world, 2, 25);
}

static void test_retries_keep_to_the_rate(void **state)
{
    const Reply replies[] = {reply_broken, reply_throttled, reply_ok};
    World *world = *state;

    world_set_rate(world, 2);
    world_call(world, replies, 3);
    assert_gap(world, 2, 500);  /* the pacer is later than 25 ms */
    assert_gap(world, 3, 1000); /* its own delay is later */
}

static void test_makes_at_most_so_many_attempts(void **state)
{
    const Reply replies[] = {reply_broken, reply_broken, reply_broken, reply_broken, reply_broken};
    World *world = *state;

    for (unsigned n = 1; n <= 5; n++) {
        world->config.max_attempts = n;
        world_connect(world);
        world_call(world, replies, n);
        assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    }
}

static void test_stops_retrying_without_quota(void **state)
{
    const Reply replies[] = {reply_broken, reply_broken, reply_broken};
    World *world = *state;

    for (int i = 0; i < 17; i++) /* 34 retries leave 24 of 500 tokens */
        world_call(world, replies, 3);
    world_call(world, replies, 2); /* 10 are left */
    world_call(world, replies, 1);

    /* Each success brings one. */
    for (int i = 0; i < 3; i++)
        world_call(world, &reply_ok, 1);
    world_call(world, replies, 1);
    world_call(world, &reply_ok, 1);
    world_call(world, replies, 2);
}

static void test_success_after_a_retry_costs_nothing(void **state)
{
    const Reply fails[] = {reply_broken, reply_broken, reply_broken},
                recovers[] = {reply_broken, reply_ok};
    World *world = *state;

    for (int i = 0; i < 17; i++)
        world_call(world, fails, 3);
    for (int i = 0; i < 5; i++) {
        world_call(world, recovers, 2);
        assert_int_equal(world->outcome, AWS_OK);
    }
}

/* ---- clock skew ---- */

static void test_corrects_a_wrong_clock(void **state)
{
    static const char *const codes[] = {"RequestTimeTooSkewed", "InvalidSignatureException"};
    const Reply replies[] = {
        DATED_REPLY(403, "RequestTimeTooSkewed", "Sun, 22 Nov 2026 12:33:45 GMT"), OK_REPLY};
    const Reply ambiguous[] = {
        DATED_REPLY(400, "InvalidSignatureException", "Sun, 22 Nov 2026 12:33:45 GMT"), OK_REPLY};
    World *world = *state;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        world_connect(world);
        world->realtime_usec = WORLD_REALTIME;
        world_call(world, i == 0 ? replies : ambiguous, 2);
        assert_int_equal(world->outcome, AWS_OK);
        assert_string_equal(world_header(world, 1, "x-amz-date"), "20261122T122345Z");
        assert_string_equal(world_header(world, 2, "x-amz-date"), "20261122T123345Z");
        assert_gap(world, 2, 1); /* the pacer's; it has no delay of its own */

        world_call(world, &reply_ok, 1); /* later calls begin with the right time */
        assert_string_equal(world_header(world, 1, "x-amz-date"), "20261122T123345Z");
    }
}

static void test_corrects_only_once_a_call(void **state)
{
    const Reply replies[] = {
        DATED_REPLY(403, "RequestTimeTooSkewed", "Sun, 22 Nov 2026 12:33:45 GMT"),
        DATED_REPLY(403, "RequestTimeTooSkewed", "Sun, 22 Nov 2026 12:43:45 GMT"),
    };
    World *world = *state;

    world_call(world, replies, 2);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_string_equal(world->code, "RequestTimeTooSkewed");
}

static void test_needs_a_date_to_correct(void **state)
{
    const Reply undated = ERROR_REPLY(403, "RequestTimeTooSkewed");
    const Reply near = DATED_REPLY(403, "SignatureDoesNotMatch", "Sun, 22 Nov 2026 12:27:44 GMT");
    const Reply bad = DATED_REPLY(403, "RequestExpired", "yesterday");
    World *world = *state;

    world_call(world, &undated, 1);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    world_call(world, &near, 1);
    assert_int_equal(world->outcome, AWS_REFUSED);
    world_call(world, &bad, 1);
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
}

static void test_forgets_a_correction_that_is_over(void **state)
{
    const Reply skewed[] = {
        DATED_REPLY(403, "RequestTimeTooSkewed", "Sun, 22 Nov 2026 12:33:45 GMT"), OK_REPLY};
    const Reply dated = {.status = 200, .body = "{}", .headers = {{"Date", WORLD_DATE}}};
    const Reply refusal = DATED_REPLY(404, "ImportNotFoundException", WORLD_DATE);
    World *world = *state;

    for (int i = 0; i < 2; i++) {
        world->realtime_usec = WORLD_REALTIME;
        world_call(world, skewed, 2);
        world->realtime_usec = WORLD_REALTIME;
        world_call(world, i == 0 ? &dated : &refusal, 1); /* the server agrees with our clock */
        world->realtime_usec = WORLD_REALTIME;
        world_call(world, &reply_ok, 1);
        assert_string_equal(world_header(world, 1, "x-amz-date"), "20261122T122345Z");
    }
}

static void test_believes_no_date_unasked(void **state)
{
    const Reply dated = {
        .status = 200, .body = "{}", .headers = {{"Date", "Sun, 22 Nov 2026 12:33:45 GMT"}}};
    World *world = *state;

    world_call(world, &dated, 1);
    world_call(world, &reply_ok, 1);
    assert_string_equal(world_header(world, 1, "x-amz-date"), "20261122T122345Z");
}

/* ---- credentials ---- */

static void test_fetches_rejected_credentials_again_once(void **state)
{
    static const char *const codes[] = {
        "{\"__type\":\"ExpiredToken\"}", "{\"__type\":\"ExpiredTokenException\"}",
        "{\"__type\":\"UnrecognizedClientException\"}", "{\"__type\":\"InvalidClientTokenId\"}"};
    World *world = *state;

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        Reply replies[] = {{.status = 400, .body = codes[i]}, OK_REPLY};

        assert_int_equal(aws_credentials_new("AKIDNEWER", "x", NULL, 0, &world->renewed), 0);
        world->rejections = 0;
        world_call(world, replies, 2);
        assert_int_equal(world->outcome, AWS_OK);
        assert_int_equal(world->rejections, 1);
        assert_non_null(strstr(world_header(world, 2, "authorization"), "AKIDNEWER/"));

        replies[1] = replies[0];
        world_call(world, replies, 2);
        assert_int_equal(world->outcome, AWS_UNAVAILABLE);
        assert_int_equal(world->rejections, 2);
    }
}

static void pass(World *world, uint64_t usec)
{
    world->boottime_usec += usec;
    world->realtime_usec += usec;
}

static void test_shows_no_secret_of_any_attempt(void **state)
{
    const Reply replies[] = {
        {.status = 403, .body = "{\"__type\":\"ExpiredToken\",\"message\":\"token FIRSTTOKEN/=\"}"},
        {.status = 403,
         .headers = {{"x-amzn-RequestId", "FIRSTTOKEN/="}, {"x-amzn-ErrorType", "Denied"}},
         .body = "FIRSTTOKEN%2F%3D SECONDTOKEN wJalrXUtnFEMI%2FK7MDENG%2BbPxRfiCYEXAMPLEKEY "
                 "Signature=0123 wJalrXUtnFEM"},
    };
    World *world = *state;

    aws_credentials_unref(world->credentials);
    assert_int_equal(aws_credentials_new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                         "FIRSTTOKEN/=", 0, &world->credentials),
                     0);
    assert_int_equal(aws_credentials_new("AKIDNEWER", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
                                         "SECONDTOKEN", 0, &world->renewed),
                     0);
    world_call(world, replies, 2);
    assert_string_equal(world->message,
                        "**************** *********** ******************************************** "
                        "Signature=****"
                        "*************");
    assert_string_equal(world->request_id, "************");
}

static void test_credentials_count_as_rejected_after_five_minutes(void **state)
{
    const Reply expired[] = {ERROR_REPLY(403, "ExpiredToken"), ERROR_REPLY(403, "ExpiredToken")};
    const Reply recovers[] = {ERROR_REPLY(403, "ExpiredToken"), OK_REPLY};
    const Reply unknown[] = {ERROR_REPLY(403, "InvalidClientTokenId"),
                             ERROR_REPLY(404, "ImportNotFoundException")};
    World *world = *state;

    for (int i = 0; i < 3; i++) {
        for (int minute = 0; minute < 5; minute++) {
            world_call(world, expired, 2);
            assert_int_equal(world->outcome, AWS_UNAVAILABLE);
            assert_string_equal(world->code, "ExpiredToken");
            pass(world, USEC_PER_MINUTE);
        }
        world_call(world, expired, 2);
        assert_int_equal(world->outcome, AWS_REFUSED);
        assert_string_equal(world->code, "ExpiredToken");
        world_call(world, i == 0 ? recovers : unknown, 2); /* AWS knows them */
        assert_int_equal(world->outcome, i == 0 ? AWS_OK : AWS_REFUSED);
    }
}

static void test_renewed_credentials_keep_to_the_rate(void **state)
{
    const Reply replies[] = {ERROR_REPLY(400, "ExpiredToken"), OK_REPLY};
    World *world = *state;

    world_set_rate(world, 1);
    assert_int_equal(aws_credentials_new("AKIDNEWER", "x", NULL, 0, &world->renewed), 0);
    world_call(world, replies, 2);
    assert_non_null(strstr(world_header(world, 2, "authorization"), "AKIDNEWER/"));
    assert_gap(world, 2, 1000);
}

/* Both corrections belong to the call, not to what the limit of attempts is for. */
static void test_corrects_also_the_last_attempt(void **state)
{
    const Reply replies[] = {
        ERROR_REPLY(400, "ExpiredToken"),
        DATED_REPLY(403, "RequestExpired", "Sun, 22 Nov 2026 12:33:45 GMT"),
        OK_REPLY,
    };
    World *world = *state;

    world->config.max_attempts = 1;
    world_connect(world);
    world_call(world, replies, 3);
    assert_int_equal(world->outcome, AWS_OK);
    assert_string_equal(world_header(world, 1, "amz-sdk-request"), "attempt=1; max=1");
    assert_string_equal(world_header(world, 3, "amz-sdk-request"), "attempt=3; max=3");
}

static void test_lack_of_credentials_is_an_outage(void **state)
{
    World *world = *state;
    AwsCredentials *credentials = world->credentials;

    world->credentials = NULL;
    world_call(world, NULL, 0);
    world->credentials = credentials;
    assert_int_equal(world->outcome, AWS_UNAVAILABLE);
    assert_string_equal(world->code, CALL_ERROR_CREDENTIALS);
    assert_string_equal(world->message, "there are none");
    assert_int_equal(world->hooked, 0);
}

/* As on a reload: the call goes on with what it began with, and takes it along when it ends. */
static void test_outlives_its_client(void **state)
{
    World *world = *state;
    AwsCredentials *credentials = world->credentials;

    for (int i = 0; i < 2; i++) {
        world_start(world);
        aws_client_unref(TAKE(world->client));
        world->credentials = i == 0 ? credentials : NULL;
        world->providers_freed = 0;
        if (world_advance(world))
            world_answer(world, &reply_ok);
        world->credentials = credentials;
        assert_true(world->done);
        assert_int_equal(world->outcome, i == 0 ? AWS_OK : AWS_UNAVAILABLE);
        assert_int_equal(world->providers_freed, 1);
        world_connect(world);
    }
}

static void test_credentials_may_expire_in_the_queue(void **state)
{
    World *world = *state;

    world->credentials->expires_usec = WORLD_REALTIME + 500 * USEC_PER_MSEC;
    world_set_rate(world, 1);
    world_call(world, &reply_ok, 1); /* takes the pacer's first place */
    world_start(world);
    while (world->gets < 3)
        assert_true(world_step(world));
    assert_int_equal(world->n_seen, 0);
    world->credentials->expires_usec = 0; /* what the provider has now */
    assert_true(world_advance(world));
    world_answer(world, &reply_ok);
    assert_int_equal(world->outcome, AWS_OK);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_waits_longer_each_time),
        TEST(test_heeds_retry_after),
        TEST(test_heeds_retry_after_in_seconds_of_a_busy_server),
        TEST(test_heeds_retry_after_as_a_date),
        TEST(test_retries_keep_to_the_rate),
        TEST(test_makes_at_most_so_many_attempts),
        TEST(test_stops_retrying_without_quota),
        TEST(test_success_after_a_retry_costs_nothing),
        TEST(test_corrects_a_wrong_clock),
        TEST(test_corrects_only_once_a_call),
        TEST(test_needs_a_date_to_correct),
        TEST(test_forgets_a_correction_that_is_over),
        TEST(test_believes_no_date_unasked),
        TEST(test_fetches_rejected_credentials_again_once),
        TEST(test_shows_no_secret_of_any_attempt),
        TEST(test_credentials_count_as_rejected_after_five_minutes),
        TEST(test_renewed_credentials_keep_to_the_rate),
        TEST(test_corrects_also_the_last_attempt),
        TEST(test_lack_of_credentials_is_an_outage),
        TEST(test_outlives_its_client),
        TEST(test_credentials_may_expire_in_the_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
