/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/sts.h: forms, answers and errors. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/time.h"
#include "daemon/credentials/sts.h"
#include "tests/unit/sts-texts.h"

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
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
