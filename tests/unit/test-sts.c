/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/sts.h: forms, answers, errors, and a whole call on a virtual clock. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/credentials/source-sts.h"
#include "daemon/credentials/sts.h"
#include "tests/unit/sts-world.h"

#define ROLE "arn:aws:iam::123456789:role/integration-test"
#define FORM                                                                                       \
    "Action=AssumeRole&Version=2011-06-15"                                                         \
    "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789%3Arole%2Fintegration-test"                            \
    "&RoleSessionName=assume-role-provider-session"

/* As STS answers, with white space between the elements. */
#define ANSWER(action, credentials)                                                                \
    "<" action "Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"                   \
    "  <" action "Result>\n"                                                                       \
    "    <AssumedRoleUser>\n"                                                                      \
    "      <AssumedRoleId>AROARABCDEFGHIJKLMNOP:session</AssumedRoleId>\n"                         \
    "    </AssumedRoleUser>\n"                                                                     \
    "    <Credentials>\n" credentials "    </Credentials>\n"                                       \
    "  </" action "Result>\n"                                                                      \
    "  <ResponseMetadata>\n"                                                                       \
    "    <RequestId>c2e971c2-702d-4124-9b1f-1670febbea18</RequestId>\n"                            \
    "  </ResponseMetadata>\n"                                                                      \
    "</" action "Response>\n"
#define KEY_ID "<AccessKeyId>ASIARTESTID</AccessKeyId>\n"
#define SECRET "<SecretAccessKey>TESTSECRETKEY</SecretAccessKey>\n"
#define TOKEN "<SessionToken>TESTSESSIONTOKEN</SessionToken>\n"
#define EXPIRATION "<Expiration>2026-11-22T13:23:45Z</Expiration>\n"
#define SUCCESS ANSWER("AssumeRole", KEY_ID SECRET TOKEN EXPIRATION)
#define EXPIRES_USEC (STS_WORLD_REALTIME + USEC_PER_HOUR)

#define ERROR(code, message)                                                                       \
    "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\n"                        \
    "  <Error>\n"                                                                                  \
    "    <Type>Sender</Type>\n"                                                                    \
    "    <Code>" code "</Code>\n"                                                                  \
    "    <Message>" message "</Message>\n"                                                         \
    "  </Error>\n"                                                                                 \
    "  <RequestId>5045ca91-d123-4749-9d66-00a3c906be6c</RequestId>\n"                              \
    "</ErrorResponse>\n"

static const AwsRole plain_role = {.arn = (char *)ROLE,
                                   .session_name = (char *)"assume-role-provider-session"};
#define WEB_TOKEN "w3b.t0k3n"

/* ---- forms ---- */

static void writes_forms(void **state)
{
    const struct {
        AwsRole role;
        const char *token, *form;
    } cases[] = {
        {plain_role, NULL, FORM},
        {{.arn = (char *)ROLE,
          .session_name = (char *)"a=b,c@d",
          .external_id = (char *)"one & two/\xc3\xa9~",
          .duration_usec = 900 * USEC_PER_SEC},
         NULL,
         "Action=AssumeRole&Version=2011-06-15"
         "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789%3Arole%2Fintegration-test"
         "&RoleSessionName=a%3Db%2Cc%40d&ExternalId=one%20%26%20two%2F%C3%A9~&DurationSeconds=900"},
        {{.arn = (char *)"r", .session_name = (char *)"s"},
         "eyJhbGciOi.x_-Y+=",
         "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&RoleSessionName=s"
         "&WebIdentityToken=eyJhbGciOi.x_-Y%2B%3D"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(freep) char *form = NULL;
        assert_int_equal(sts_encode(&cases[i].role, cases[i].token, &form), 0);
        assert_string_equal(form, cases[i].form);
    }
}

static void makes_session_names_that_sts_takes(void **state)
{
    char name[STS_SESSION_NAME_SIZE];

    (void)state;
    assert_ptr_equal(sts_make_session_name(name), name);
    assert_int_equal(strncmp(name, "trailstop", strlen("trailstop")), 0);
    assert_int_equal(strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_+=,.@-"),
                     strlen(name));
}

/* ---- answers ---- */

static HttpResponse make_response(unsigned status, const char *body)
{
    return (HttpResponse){.status = status, .body = body, .body_size = strlen(body)};
}

static void reads_credentials(void **state)
{
    static const char *const answers[] = {
        SUCCESS,
        ANSWER("AssumeRoleWithWebIdentity", KEY_ID SECRET TOKEN EXPIRATION),
        ANSWER("AssumeRole", "<New>x</New>" EXPIRATION TOKEN SECRET KEY_ID),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        const HttpResponse response = make_response(200, answers[i]);
        AwsCredentials *credentials = NULL;
        assert_int_equal(sts_decode(&response, &credentials), 0);
        assert_string_equal(credentials->access_key_id, "ASIARTESTID");
        assert_string_equal(credentials->secret_access_key, "TESTSECRETKEY");
        assert_string_equal(credentials->session_token, "TESTSESSIONTOKEN");
        assert_true(credentials->expires_usec == EXPIRES_USEC);
        aws_credentials_unref(credentials);
    }
}

static void reads_the_account_of_the_role(void **state)
{
    static const struct {
        const char *user, *account_id;
    } cases[] = {
        {"<Arn>arn:aws:sts::123456789012:assumed-role/stopper/on-call</Arn>", "123456789012"},
        {"<Arn>arn:aws-us-gov:sts::123456789012:assumed-role/a/b:c</Arn>", "123456789012"},
        {"<Arn>arn:aws:sts:::assumed-role/stopper/on-call</Arn>", NULL},
        {"<Arn>arn:aws:sts::123456789012</Arn>", NULL},
        {"<Arn>arn:aws:sts::x:y</Arn>", NULL},
        {"<Arn>arn</Arn>", NULL},
        {"<Arn/>", NULL},
        {"", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        AwsCredentials *credentials = NULL;
        char body[1024];
        HttpResponse response;

        snprintf(
            body, sizeof(body),
            "<AssumeRoleResponse><AssumedRoleUser>%s</AssumedRoleUser><Credentials>" KEY_ID SECRET
                TOKEN EXPIRATION "</Credentials></AssumeRoleResponse>",
            cases[i].user);
        response = make_response(200, body);
        assert_int_equal(sts_decode(&response, &credentials), 0);
        if (cases[i].account_id)
            assert_string_equal(credentials->account_id, cases[i].account_id);
        else
            assert_null(credentials->account_id);
        aws_credentials_unref(credentials);
    }
}

static void refuses_answers_that_are_not_credentials(void **state)
{
    static const char *const answers[] = {
        "",
        "{\"AccessKeyId\": \"ASIARTESTID\"}",
        "<AssumeRoleResponse>",
        "<AssumeRoleResponse/>",
        ERROR("Throttling", "Rate exceeded"),
        ANSWER("AssumeRole", SECRET TOKEN EXPIRATION),
        ANSWER("AssumeRole", KEY_ID TOKEN EXPIRATION),
        ANSWER("AssumeRole", KEY_ID SECRET EXPIRATION),
        ANSWER("AssumeRole", KEY_ID SECRET TOKEN),
        ANSWER("AssumeRole", KEY_ID SECRET TOKEN "<Expiration>soon</Expiration>"),
        ANSWER("AssumeRole", KEY_ID KEY_ID SECRET TOKEN EXPIRATION),
        ANSWER("AssumeRole", "<AccessKeyId/>" SECRET TOKEN EXPIRATION),
        ANSWER("AssumeRole", "<AccessKeyId>A&#10;B</AccessKeyId>" SECRET TOKEN EXPIRATION),
        ANSWER("AssumeRole", KEY_ID SECRET "<SessionToken>&#xe9;</SessionToken>" EXPIRATION),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
        const HttpResponse response = make_response(200, answers[i]);
        AwsCredentials *credentials = NULL;
        assert_int_equal(sts_decode(&response, &credentials), -EBADMSG);
        assert_null(credentials);
    }
}

static void reads_errors(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        bool named;
        const char *code, *message, *request_id;
    } cases[] = {
        {400, ERROR("InvalidIdentityToken", "No provider found in your account for &lt;x&gt;"),
         true, "InvalidIdentityToken", "No provider found in your account for <x>",
         "5045ca91-d123-4749-9d66-00a3c906be6c"},
        {403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>", true,
         "AccessDenied", "HTTP status 403 without a message", "of-the-header"},
        {403, ERROR("AccessDenied", ""), true, "AccessDenied", "HTTP status 403 without a message",
         "5045ca91-d123-4749-9d66-00a3c906be6c"},
        {400, "<ErrorResponse><Error><Code>not a code</Code></Error></ErrorResponse>", false,
         CALL_ERROR_HTTP, "sts answered 400 with no AWS error", "of-the-header"},
        {400, "<ErrorResponse><Error><Code>Cut</Code>", false, CALL_ERROR_HTTP,
         "sts answered 400 with no AWS error", "of-the-header"},
        {403, "<Error><Code>AccessDenied</Code></Error>", false, CALL_ERROR_HTTP,
         "sts answered 403 with no AWS error", "of-the-header"},
        {502, "<html><body>Bad gateway</body></html>", false, CALL_ERROR_HTTP,
         "sts answered 502 with no AWS error", "of-the-header"},
        {503, "", false, CALL_ERROR_HTTP, "sts answered 503 with no AWS error", "of-the-header"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        CLEANUP(call_error_clear) CallError error = {0};
        HttpResponse response = make_response(cases[i].status, cases[i].body);
        bool named = !cases[i].named;
        response.headers = &(HttpHeader){"x-amzn-RequestId", "of-the-header"};
        response.n_headers = 1;
        assert_int_equal(sts_read_error(&response, "sts", &error, &named), 0);
        assert_int_equal(named, cases[i].named);
        assert_string_equal(error.code, cases[i].code);
        assert_int_equal(strncmp(error.message, cases[i].message, strlen(cases[i].message)), 0);
        assert_string_equal(error.request_id, cases[i].request_id);
        assert_int_equal(error.http_status, cases[i].status);
    }
}

static void reads_the_failure_of_a_transfer(void **state)
{
    CLEANUP(call_error_clear) CallError error = {0};
    const HttpResponse response = {.failure = HTTP_TIMED_OUT, .message = "sts:443: no answer"};
    bool named = true;

    (void)state;
    assert_int_equal(sts_read_error(&response, "sts", &error, &named), 0);
    assert_false(named);
    assert_string_equal(error.code, CALL_ERROR_TIMEOUT);
    assert_string_equal(error.message, "sts:443: no answer");
}

/* ---- calls ---- */

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
        cmocka_unit_test(writes_forms),
        cmocka_unit_test(makes_session_names_that_sts_takes),
        cmocka_unit_test(reads_credentials),
        cmocka_unit_test(reads_the_account_of_the_role),
        cmocka_unit_test(refuses_answers_that_are_not_credentials),
        cmocka_unit_test(reads_errors),
        cmocka_unit_test(reads_the_failure_of_a_transfer),
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
