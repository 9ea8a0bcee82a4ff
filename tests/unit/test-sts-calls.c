/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/sts.h: what goes to STS, and how often. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/credentials/source-sts.h"
#include "tests/unit/sts-texts.h"

typedef enum Kind { PLAIN, WEB } Kind;

typedef struct TestSource {
    AwsStsSource sts;
    Kind kind;
    const char *session_token;
} TestSource;

static void ask(AwsSource *source)
{
    const TestSource *self = (const TestSource *)source;
    CLEANUP(aws_credentials_unrefp) AwsCredentials *credentials = NULL;

    assert_int_equal(
        aws_credentials_new("AKIAFAKE", "FAKESECRET", self->session_token, 0, &credentials), 0);
    if (self->kind == WEB)
        aws_sts_source_ask((AwsStsSource *)source, NULL, strdup(WEB_TOKEN));
    else
        aws_sts_source_ask((AwsStsSource *)source, credentials, NULL);
}

static AwsSource *make(StsWorld *world, Kind kind, const char *session_token)
{
    static const AwsSourceType type = {.start = ask, .free = aws_sts_source_free};
    AwsSource *source = NULL;

    assert_int_equal(aws_sts_source_new(sizeof(TestSource), &type, &world->context, "the role",
                                        &plain_role, &source),
                     0);
    ((TestSource *)source)->kind = kind;
    ((TestSource *)source)->session_token = session_token;
    return source;
}

static AwsSource *start(StsWorld *world, Kind kind, const char *session_token)
{
    AwsSource *source = make(world, kind, session_token);
    unsigned n_seen = world->n_seen;

    aws_source_start(source, sts_world_done, world);
    assert_false(world->done);
    assert_int_equal(world->n_seen, n_seen);
    return source;
}

static void serve(StsWorld *world, AwsSource *source, const StsReply *replies, unsigned n_replies)
{
    sts_world_serve(world, replies, n_replies);
    aws_source_free(source);
}

static void call(StsWorld *world, Kind kind, const StsReply *replies, unsigned n_replies)
{
    serve(world, start(world, kind, NULL), replies, n_replies);
    assert_int_equal(world->n_seen, n_replies);
}

/* Signatures as botocore makes them for the same requests. */
static void signs_what_it_asks_with_credentials(void **state)
{
    static const struct {
        const char *session_token, *authorization;
    } cases[] = {
        {NULL, "AWS4-HMAC-SHA256 Credential=AKIAFAKE/20261122/us-east-1/sts/aws4_request, "
               "SignedHeaders=content-type;host;x-amz-date, "
               "Signature=178b1bb7249f4760d0cb9cbd28cce4633731092761e44de90b3dac4bc176a189"},
        {"TESTSESSIONTOKEN",
         "AWS4-HMAC-SHA256 Credential=AKIAFAKE/20261122/us-east-1/sts/aws4_request, "
         "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
         "Signature=5db5a9dbf921e50a1f8da096f10e240cb1b47e661a9d60394896057509b3082b"},
    };
    StsWorld *world = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        world->n_seen = 0;
        serve(world, start(world, PLAIN, cases[i].session_token),
              &(StsReply){.status = 200, .body = SUCCESS}, 1);
        assert_string_equal(world->seen[0].url, "https://sts.us-east-1.amazonaws.com/");
        assert_string_equal(world->seen[0].body, FORM);
        assert_string_equal(sts_world_header(world, 1, "content-type"),
                            "application/x-www-form-urlencoded");
        assert_string_equal(sts_world_header(world, 1, "authorization"), cases[i].authorization);
        assert_string_equal(sts_world_header(world, 1, "amz-sdk-request"), "attempt=1; max=3");
        assert_null(sts_world_header(world, 1, "x-amz-target"));
        sts_world_assert_keys(world, "ASIARTESTID", "TESTSECRETKEY", "TESTSESSIONTOKEN");
        assert_true(world->credentials->expires_usec == EXPIRES_USEC);
        aws_credentials_unref(TAKE(world->credentials));
        world->done = false;
    }
}

static void signs_nothing_for_a_web_identity(void **state)
{
    StsWorld *world = *state;

    serve(world, start(world, WEB, "TESTSESSIONTOKEN"),
          &(StsReply){.status = 200,
                      .body = ANSWER("AssumeRoleWithWebIdentity", KEY_ID SECRET TOKEN EXPIRATION)},
          1);
    assert_non_null(strstr(world->seen[0].body, "WebIdentityToken=w3b.t0k3n"));
    assert_non_null(sts_world_header(world, 1, "user-agent"));
    assert_null(sts_world_header(world, 1, "authorization"));
    assert_null(sts_world_header(world, 1, "x-amz-date"));
    assert_null(sts_world_header(world, 1, "x-amz-security-token"));
    sts_world_assert_keys(world, "ASIARTESTID", "TESTSECRETKEY", "TESTSESSIONTOKEN");
}

static void repeats_what_may_pass(void **state)
{
    static const StsReply replies[] = {
        {.status = 503},
        {.status = 200, .body = "<AssumeRoleResponse><cut"},
        {.status = 200, .body = SUCCESS},
    };
    StsWorld *world = *state;

    call(world, PLAIN, replies, 3);
    sts_world_assert_keys(world, "ASIARTESTID", "TESTSECRETKEY", "TESTSESSIONTOKEN");
    assert_string_equal(sts_world_header(world, 3, "amz-sdk-request"), "attempt=3; max=3");
}

static void gives_up_after_the_last_attempt(void **state)
{
    static const StsReply replies[] = {
        {.failure = HTTP_CONNECT_FAILED},
        {.status = 400, .body = ERROR("Throttling", "Rate exceeded")},
        {.status = 500, .body = ERROR("InternalFailure", "it is us")},
    };
    StsWorld *world = *state;

    call(world, PLAIN, replies, 3);
    sts_world_assert_fails(world, "InternalFailure", "it is us");
}

static void repeats_when_the_identity_provider_did_not_answer_sts(void **state)
{
    static const StsReply replies[] = {
        {.status = 400, .body = ERROR("IDPCommunicationError", "the provider did not answer")},
        {.status = 200, .body = SUCCESS},
    };
    StsWorld *world = *state;

    call(world, WEB, replies, 2);
    sts_world_assert_keys(world, "ASIARTESTID", "TESTSECRETKEY", "TESTSESSIONTOKEN");
}

/* Nobody is there who could give others: an expired token is a "no". */
static void takes_a_no(void **state)
{
    static const char *const codes[] = {"AccessDenied", "ExpiredTokenException",
                                        "InvalidIdentityToken"};
    static const char *const bodies[] = {ERROR("AccessDenied", "no"),
                                         ERROR("ExpiredTokenException", "no"),
                                         ERROR("InvalidIdentityToken", "no")};
    StsWorld *world = *state;

    for (size_t i = 0; i < 6; i++) {
        world->done = false;
        world->n_seen = 0;
        call(world, i % 2 ? WEB : PLAIN, &(StsReply){.status = 403, .body = bodies[i / 2]}, 1);
        sts_world_assert_fails(world, codes[i / 2], "no");
        assert_int_equal(world->http_status, 403);
        assert_string_equal(world->request_id, "5045ca91-d123-4749-9d66-00a3c906be6c");
    }
}

static void corrects_the_clock_once(void **state)
{
    static const StsReply replies[] = {
        {.status = 403,
         .body = ERROR("SignatureDoesNotMatch", "Signature expired"),
         .header = {"Date", "Sun, 22 Nov 2026 12:43:45 GMT"}},
        {.status = 200, .body = SUCCESS},
    };
    StsWorld *world = *state;

    call(world, PLAIN, replies, 2);
    assert_string_equal(sts_world_header(world, 1, "x-amz-date"), "20261122T122345Z");
    assert_string_equal(sts_world_header(world, 2, "x-amz-date"), "20261122T124345Z");
    sts_world_assert_keys(world, "ASIARTESTID", "TESTSECRETKEY", "TESTSESSIONTOKEN");
}

static void repeats_no_secret(void **state)
{
    StsWorld *world = *state;

    call(world, WEB,
         &(StsReply){.status = 400,
                     .body = ERROR("ValidationError", "Value 'w3b.t0k3n' is too short")},
         1);
    sts_world_assert_fails(world, "ValidationError", "is too short");
    assert_null(strstr(world->message, "w3b.t0k3n"));

    world->done = false;
    world->n_seen = 0;
    serve(world, start(world, PLAIN, "s3ss10n-t0k3n"),
          &(StsReply){.status = 403,
                      .body = ERROR("SignatureDoesNotMatch",
                                    "x-amz-security-token:s3ss10n-t0k3n\n FAKESECRET")},
          1);
    sts_world_assert_fails(world, "SignatureDoesNotMatch", "x-amz-security-token");
    assert_null(strstr(world->message, "s3ss10n-t0k3n"));
    assert_null(strstr(world->message, "FAKESECRET"));
}

static void can_be_cancelled_at_any_time(void **state)
{
    StsWorld *world = *state;
    AwsSource *in_flight;
    AwsSource *waiting;

    aws_source_free(start(world, PLAIN, NULL)); /* before it is sent */
    assert_int_equal(world->n_seen, 0);

    in_flight = start(world, PLAIN, NULL);
    assert_true(sts_world_advance(world));
    aws_source_free(in_flight);
    assert_int_equal(world->cancelled, 1);

    waiting = start(world, WEB, NULL);
    assert_true(sts_world_advance(world));
    sts_world_answer(world, &(StsReply){.status = 503});
    aws_source_free(waiting);
    assert_int_equal(world->cancelled, 1);
    assert_true(timers_next_usec(world->timers) == TIMER_NEVER);
    assert_false(world->done);
}

static void refuses_an_endpoint_that_is_not_one(void **state)
{
    StsWorld *world = *state;

    world->context.sts_endpoint = "ftp://sts";
    for (Kind kind = PLAIN; kind <= WEB; kind++) {
        AwsSource *source = make(world, kind, NULL);
        world->done = false;
        aws_source_start(source, sts_world_done, world);
        assert_true(world->done);
        sts_world_assert_fails(world, CALL_ERROR_CREDENTIALS, "STS cannot be asked at ftp://sts");
        assert_int_equal(world->n_seen, 0);
        aws_source_free(source);
    }
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, sts_world_setup, sts_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(signs_what_it_asks_with_credentials),
        WORLD_TEST(signs_nothing_for_a_web_identity),
        WORLD_TEST(repeats_what_may_pass),
        WORLD_TEST(gives_up_after_the_last_attempt),
        WORLD_TEST(repeats_when_the_identity_provider_did_not_answer_sts),
        WORLD_TEST(takes_a_no),
        WORLD_TEST(corrects_the_clock_once),
        WORLD_TEST(repeats_no_secret),
        WORLD_TEST(can_be_cancelled_at_any_time),
        WORLD_TEST(refuses_an_endpoint_that_is_not_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
