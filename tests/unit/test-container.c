/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of a container: daemon/credentials/source-container.c, reached by the whole chain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "tests/unit/credentials-world.h"

#define RELATIVE_URI "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
#define FULL_URI "AWS_CONTAINER_CREDENTIALS_FULL_URI"
#define TOKEN "AWS_CONTAINER_AUTHORIZATION_TOKEN"
#define TOKEN_FILE "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"

#define PATH "/v2/credentials/52b19262-e7aa-4f56-a1cd-b958dcde8f3b"
#define EKS "http://169.254.170.23/v1/credentials"
#define EXPIRES "2026-11-22T18:00:00Z"
#define ANSWER                                                                                     \
    "{\"RoleArn\":\"arn:aws:iam::123456789:role/ecs-task-role\",\"AccessKeyId\":\"ASIARCORRECT\"," \
    "\"SecretAccessKey\":\"5ecr3t\",\"Token\":\"t0k3n\",\"AccountId\":\"012345678901\","           \
    "\"Expiration\" : \"" EXPIRES "\"}"

#define GET(where) .method = "GET", .url = where, .header = {"Accept", "application/json"}
#define ANSWERS .status = 200, .body = ANSWER
#define NO_TOKEN .absent = "Authorization"

static void assert_asks(CredentialsWorld *world, const Exchange *exchange)
{
    world_script(world, exchange, 1);
    world_get(world);
    world_assert_keys(world, "ASIARCORRECT", "5ecr3t", "t0k3n", EXPIRES);
    assert_int_equal(world->timeout_usec, 2 * USEC_PER_SEC);
    aws_credentials_provider_unref(world->provider);
    world->provider = NULL;
}

#define N(script) (unsigned)(sizeof(script) / sizeof(*(script)))

static void test_relative_comes_before_full(void **state)
{
    static const Exchange relative = {GET("http://169.254.170.2" PATH), NO_TOKEN, ANSWERS};
    static const Exchange full = {GET("http://127.0.0.1:81/x?y=z"), NO_TOKEN, ANSWERS};

    world_write(WORLD_CONFIG, "[profile notdefault]\na = b\n");
    world_setenv(FULL_URI, "http://127.0.0.1:81/x?y=z");
    assert_asks(*state, &full);
    world_setenv(RELATIVE_URI, PATH);
    assert_asks(*state, &relative);
    world_setenv(RELATIVE_URI, " ");
    assert_asks(*state, &full);
}

static void test_hosts(void **state)
{
    static const char *const good[] = {
        "https://agent.example/x",    "http://localhost:8080/x",
        "http://127.9.8.7/x",         "http://[::1]:1/x",
        "http://169.254.170.2/x",     "http://169.254.170.23:80/x",
        "http://[fd00:ec2::23]:80/x", "HTTP://169.254.170.2",
        "http://169.254.170.2?x=y",   "http://[FD00:EC2:0:0:0:0:0:23]/x",
    };
    static const char *const bad[] = {
        "http://agent.example/x",
        "http://169.254.170.231/x",
        "http://169.254.170.2.example/x",
        "http://localhost@h.example/x",
        "http://169.254.170.2:80@h.example/x",
        "http://127.0.0.1.example/",
        "http://[fd00:ec2::24]/x",
        "http://[fd00:ec2::23:0]/x",
        "http://fd00:ec2::23/x",
        "http:///x",
        "ftp://localhost/x",
        "localhost/x",
        "http://localhost/ x",
        "https://h/x#y",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        const Exchange exchange = {GET(good[i]), NO_TOKEN, ANSWERS};
        world_setenv(FULL_URI, good[i]);
        assert_asks(*state, &exchange);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        world_setenv(FULL_URI, bad[i]);
        world_get_fails(*state, NULL, 0, "container: " FULL_URI ": ");
    }
}

static void test_relative_uri_is_a_path(void **state)
{
    static const char *const bad[] = {"x", "@h.example/", ":80/x", "/x\r\nX: y", "/ x"};

    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        world_setenv(RELATIVE_URI, bad[i]);
        world_get_fails(*state, NULL, 0, RELATIVE_URI " is not a path");
    }
}

static void test_token(void **state)
{
    static const Exchange of_variable = {
        .method = "GET", .url = EKS, .header = {"Authorization", "Basic a b"}, ANSWERS};
    static const Exchange of_file = {
        .method = "GET", .url = EKS, .header = {"Authorization", "from-file"}, ANSWERS};
    static const Exchange of_new_file = {
        .method = "GET", .url = EKS, .header = {"Authorization", "rotated"}, ANSWERS};

    world_setenv(FULL_URI, EKS);
    world_setenv(TOKEN, "Basic a b");
    assert_asks(*state, &of_variable);
    world_write("token", "from-file\r\n");
    world_setenv(TOKEN_FILE, world_path("token"));
    assert_asks(*state, &of_file);
    world_write("token", "from-file\n");
    assert_asks(*state, &of_file);
    world_write("token", "rotated");
    assert_asks(*state, &of_new_file);
}

static void test_what_is_not_a_token(void **state)
{
    static const char *const bad[] = {"5ecr3t\n\n", "5ecr3t\r\r\n", "5ecr3t\nX: y",
                                      "\n5ecr3t",   "5ec\rr3t",     "5ec\x7fr3t"};
    char long_token[AWS_SECRET_MAX + 2] = "";

    world_setenv(FULL_URI, EKS);
    world_setenv(TOKEN, "5ecr3t\r\nX: y");
    world_get_fails(*state, NULL, 0, TOKEN " has a line end");
    world_setenv(TOKEN, "not looked at");
    world_setenv(TOKEN_FILE, world_path("token"));
    world_get_fails(*state, NULL, 0, "No such file or directory");
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        world_write("token", bad[i]);
        world_get_fails(*state, NULL, 0, "/token has a line end or another control character");
    }
    world_write("token", "\n");
    world_get_fails(*state, NULL, 0, "/token is empty");
    memset(long_token, 'x', sizeof(long_token) - 1);
    world_write("token", long_token);
    world_get_fails(*state, NULL, 0, "/token holds more than 20000 characters");
}

static void test_three_attempts(void **state)
{
    static const Exchange good[] = {{GET("http://169.254.170.2" PATH), .status = 500},
                                    {GET("http://169.254.170.2" PATH), .failure = HTTP_TIMED_OUT},
                                    {GET("http://169.254.170.2" PATH), ANSWERS}};
    static const Exchange bad[] = {{GET("http://169.254.170.2" PATH), .status = 429},
                                   {GET("http://169.254.170.2" PATH), .failure = HTTP_TIMED_OUT},
                                   {GET("http://169.254.170.2" PATH), .status = 503}};
    CredentialsWorld *world = *state;

    world_setenv(RELATIVE_URI, PATH);
    WORLD_SCRIPT(world, good);
    world_get(world);
    world_assert_keys(world, "ASIARCORRECT", "5ecr3t", "t0k3n", EXPIRES);
    world->provider->reject(world->provider, world->credentials);
    world_get_fails(world, bad, N(bad),
                    "container: 169.254.170.2" PATH " answered with HTTP status 503");
}

static void test_errors(void **state)
{
    static const Exchange refused[] = {
        {GET("http://169.254.170.2" PATH), .status = 400,
         .body = "{\"code\": \"InvalidTokenException\", \"message\": \"The token is bad\"}"}};
    static const Exchange page[] = {
        {GET("http://169.254.170.2" PATH), .status = 404, .body = "<html></html>"}};
    static const Exchange missing[] = {
        {GET("http://169.254.170.2" PATH), .status = 200, .body = "{\"AccessKeyId\": \"A\"}"}};
    static const Exchange no_json[] = {
        {GET("http://169.254.170.2" PATH), .status = 200, .body = "5ecr3t"}};

    world_setenv(RELATIVE_URI, PATH);
    world_get_fails(*state, refused, 1, "HTTP status 400: InvalidTokenException: The token is bad");
    world_get_fails(*state, page, 1, "HTTP status 404");
    world_get_fails(*state, missing, 1, "answered: SecretAccessKey is missing");
    world_get_fails(*state, no_json, 1, "answered: that is not a JSON object");
}

static void test_no_error_repeats_the_token(void **state)
{
    static const Exchange refused[] = {
        {GET(EKS), .status = 403,
         .body = "{\"code\": \"T-5ecr3t/t0k3n+1\", \"message\": \"5ecr3t%2Ft0k3n%2B1 expired\"}"}};
    static const Exchange failed[] = {
        {GET(EKS), .status = 200,
         .body = "{\"Code\": \"Failed\", \"Message\": \"Authorization: 5ecr3t/t0k3n+1\"}"}};

    world_setenv(FULL_URI, EKS);
    world_setenv(TOKEN, "5ecr3t/t0k3n+1");
    world_get_fails(*state, refused, 1, "HTTP status 403");
    world_get_fails(*state, failed, 1, "Failed: Authorization: ");
}

static void test_shows_no_more_of_an_error_than_a_person_reads(void **state)
{
    CLEANUP(freep) char *message = malloc(100001), *body = NULL;
    CredentialsWorld *world = *state;

    assert_non_null(message);
    memset(message, 'x', 100000);
    message[100000] = '\0';
    assert_int_equal(string_format(&body, "{\"Code\": \"Failed\", \"Message\": \"%s\"}", message),
                     0);
    for (unsigned status = 200; status <= 403; status += 203) {
        const Exchange script[] = {
            {GET("http://169.254.170.2" PATH), .status = status, .body = body}};

        world_setenv(RELATIVE_URI, PATH);
        world_get_fails(world, script, 1, "Failed: xxx");
        assert_in_range(strlen(world->error), 1000, 5000);
    }
}

static void test_what_an_answer_may_leave_out(void **state)
{
#define KEYS "{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"5ecr3t\""
    static const struct {
        const char *body, *token, *expires;
    } samples[] = {
        {KEYS "}", NULL, NULL},
        {KEYS ", \"Token\": null, \"Expiration\": null}", NULL, NULL},
        {KEYS ", \"Token\": \"\", \"Expiration\": \"\"}", NULL, NULL},
        {KEYS ", \"Token\": \"t0k3n\", \"Expiration\": \"\"}", "t0k3n", NULL},
        {KEYS ", \"Token\": \"t0k3n\", \"Token\": \"last\"}", "last", NULL},
        {KEYS ", \"Expiration\": \"2026-11-22T19:00:00+0100\", \"x\": [[[[[1]]]]]}", NULL, EXPIRES},
    };
    CredentialsWorld *world = *state;

    world_setenv(RELATIVE_URI, PATH);
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        const Exchange script[] = {
            {GET("http://169.254.170.2" PATH), .status = 200, .body = samples[i].body}};
        if (world->provider && world->credentials)
            world->provider->reject(world->provider, world->credentials);
        WORLD_SCRIPT(world, script);
        world_get(world);
        world_assert_keys(world, "A", "5ecr3t", samples[i].token, samples[i].expires);
    }
}

static void test_what_expired_at_the_beginning_of_time_expires(void **state)
{
    static const Exchange script[] = {{GET("http://169.254.170.2" PATH), .status = 200,
                                       .body = KEYS ", \"Expiration\": \"1970-01-01T00:00:00Z\"}"}};
    CredentialsWorld *world = *state;

    world_setenv(RELATIVE_URI, PATH);
    WORLD_SCRIPT(world, script);
    world_get(world);
    assert_non_null(world->credentials);
    assert_int_not_equal(world->credentials->expires_usec, 0);
}

static void test_credential_source_without_container(void **state)
{
    world_write(WORLD_CONFIG, "[default]\nrole_arn = arn:aws:iam::123456789:role/r\n"
                              "credential_source = EcsContainer\n");
    world_get_fails(*state, NULL, 0, "container: neither " RELATIVE_URI " nor " FULL_URI " is set");
}

static void test_role_on_top(void **state)
{
    static const Exchange script[] = {
        {GET("http://169.254.170.2" PATH), ANSWERS},
        {.method = "POST",
         .url = "https://sts.us-east-1.amazonaws.com/",
         .header = {"X-Amz-Security-Token", "t0k3n"},
         .status = 200,
         .body = "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
                 "<AssumeRoleResult><Credentials><AccessKeyId>ASIAROLE</AccessKeyId>"
                 "<SecretAccessKey>r0l35ecr3t</SecretAccessKey>"
                 "<SessionToken>r0l3t0k3n</SessionToken>"
                 "<Expiration>2026-11-22T13:00:00Z</Expiration></Credentials></AssumeRoleResult>"
                 "</AssumeRoleResponse>"}};
    CredentialsWorld *world = *state;

    world_setenv(RELATIVE_URI, PATH);
    world_write(WORLD_CONFIG, "[default]\nrole_arn = arn:aws:iam::130633740322:role/r\n"
                              "credential_source = EcsContainer\n");
    WORLD_SCRIPT(world, script);
    world_get(world);
    world_assert_keys(world, "ASIAROLE", "r0l35ecr3t", "r0l3t0k3n", "2026-11-22T13:00:00Z");
    aws_credentials_provider_unref(world->provider);
    world->provider = NULL;

    /* The same by the target's own role. */
    world_write(WORLD_CONFIG, "");
    WORLD_SCRIPT(world, script);
    world_connect(world, NULL, "arn:aws:iam::130633740322:role/r");
    world_get(world);
    world_assert_keys(world, "ASIAROLE", "r0l35ecr3t", "r0l3t0k3n", "2026-11-22T13:00:00Z");
    assert_string_equal(world->provider->source,
                        "role arn:aws:iam::130633740322:role/r with those of container");
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, credentials_world_setup, credentials_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_relative_comes_before_full),
        TEST(test_hosts),
        TEST(test_relative_uri_is_a_path),
        TEST(test_token),
        TEST(test_what_is_not_a_token),
        TEST(test_three_attempts),
        TEST(test_errors),
        TEST(test_no_error_repeats_the_token),
        TEST(test_shows_no_more_of_an_error_than_a_person_reads),
        TEST(test_what_an_answer_may_leave_out),
        TEST(test_what_expired_at_the_beginning_of_time_expires),
        TEST(test_credential_source_without_container),
        TEST(test_role_on_top),
    };

    return cmocka_run_group_tests_name("container", tests, credentials_world_setup_group,
                                       credentials_world_teardown_group);
}
