/* SPDX-License-Identifier: Apache-2.0 */
/* Roles of profiles, of the environment and of targets, reached by the whole chain: which requests
 * they come to, and which credentials. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/time.h"
#include "tests/unit/credentials-world.h"

#define STS "https://sts.us-east-1.amazonaws.com/"
#define ROLE "arn:aws:iam::123456789:role/integration-test"
#define BASE "[base]\naws_access_key_id = AKIAFAKE\naws_secret_access_key = 5ecr3t\n"
#define DEFAULT "[default]\nrole_arn = " ROLE "\nsource_profile = base\n"

#define NOW "2021-08-05T18:58:02Z"
#define EXPIRES "2021-08-05T19:58:02Z"
#define ANSWER(action, key_id, token, expires)                                                     \
    "<" action "Response><" action "Result><Credentials>"                                          \
    "<AccessKeyId>" key_id "</AccessKeyId><SecretAccessKey>5ecr3tkey</SecretAccessKey>"            \
    "<SessionToken>" token "</SessionToken><Expiration>" expires "</Expiration>"                   \
    "</Credentials></" action "Result></" action "Response>"
#define ASSUMED .status = 200, .body = ANSWER("AssumeRole", "ASIARTESTID", "t0k3n", EXPIRES)
#define IDENTIFIED                                                                                 \
    .status = 200, .body = ANSWER("AssumeRoleWithWebIdentity", "ASIARWEB", "webt0k3n", EXPIRES)
#define REFUSED(code, message)                                                                     \
    .status = 400, .body = "<ErrorResponse><Error><Code>" code "</Code><Message>" message          \
                           "</Message></Error></ErrorResponse>"
#define POST(where, form) .method = "POST", .url = (where), .asked = (form)

static void assert_assumed(CredentialsWorld *world)
{
    world_get(world);
    world_assert_keys(world, "ASIARTESTID", "5ecr3tkey", "t0k3n", EXPIRES);
}

static void test_source_profile(void **state)
{
    static const Exchange script[] = {
        {POST(STS, "Action=AssumeRole&Version=2011-06-15"
                   "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789%3Arole%2Fintegration-test"
                   "&RoleSessionName=my-session&ExternalId=one%2Ftwo&DurationSeconds=1800"),
         .absent = "X-Amz-Security-Token", ASSUMED},
    };
    CredentialsWorld *world = *state;

    world_write(WORLD_CREDENTIALS, BASE);
    world_write(WORLD_CONFIG, DEFAULT "external_id = one/two\nrole_session_name = my-session\n"
                                      "duration_seconds = 1800\n");
    WORLD_SCRIPT(world, script);
    assert_assumed(world);
}

static void test_repeats_after_an_error_of_the_server(void **state)
{
    static const Exchange script[] = {
        {POST(STS, "Action=AssumeRole&"), .status = 503},
        {POST(STS, "Action=AssumeRole&"), ASSUMED},
    };
    CredentialsWorld *world = *state;

    world_write(WORLD_CREDENTIALS, BASE);
    world_write(WORLD_CONFIG, DEFAULT);
    WORLD_SCRIPT(world, script);
    assert_assumed(world);
}

static void test_endpoints(void **state)
{
    static const struct {
        const char *config, *url;
    } samples[] = {
        {DEFAULT "use_fips_endpoint = true\nuse_dualstack_endpoint = true\n",
         "https://sts-fips.us-east-1.api.aws/"},
        {DEFAULT "endpoint_url = https://aws.global-profile-override\n",
         "https://aws.global-profile-override/"},
        {DEFAULT "services = test-urls\n[services test-urls]\nsts =\n"
                 "    endpoint_url = https://aws.service-profile-override\n",
         "https://aws.service-profile-override/"},
    };
    CredentialsWorld *world = *state;

    world_write(WORLD_CREDENTIALS, BASE);
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        const Exchange script[] = {{POST(samples[i].url, "Action=AssumeRole&"), ASSUMED}};
        world_write(WORLD_CONFIG, samples[i].config);
        WORLD_SCRIPT(world, script);
        assert_assumed(world);
        aws_credentials_provider_unref(world->provider);
        world->provider = NULL;
    }
}

static void test_credential_source_container(void **state)
{
    static const Exchange script[] = {
        {.method = "GET",
         .url = "http://169.254.170.2/v2/credentials/52b19262",
         .status = 200,
         .body = "{\"AccessKeyId\":\"ASIARTEST\",\"SecretAccessKey\":\"SECRETTEST\","
                 "\"Token\":\"tokenEaCXVzLXdlc3QtMi\",\"Expiration\":\"2009-02-13T23:31:30Z\"}"},
        {POST(STS, "Action=AssumeRole&"),
         .header = {"X-Amz-Security-Token", "tokenEaCXVzLXdlc3QtMi"}, ASSUMED},
    };
    CredentialsWorld *world = *state;

    world_write(WORLD_CONFIG, "[default]\nrole_arn = " ROLE "\ncredential_source = EcsContainer\n");
    world_setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials/52b19262");
    WORLD_SCRIPT(world, script);
    assert_assumed(world);
}

/* What the environment has is for a role that says so, though the target passes it over. */
static void test_credential_source_environment(void **state)
{
    static const Exchange script[] = {
        {POST(STS, "Action=AssumeRole&"), .header = {"X-Amz-Security-Token", "envt0k3n"}, ASSUMED},
    };
    CredentialsWorld *world = *state;

    world_write(WORLD_CONFIG,
                "[profile a]\nrole_arn = " ROLE "\ncredential_source = Environment\n");
    world_setenv("AWS_ACCESS_KEY_ID", "AKIAENV");
    world_setenv("AWS_SECRET_ACCESS_KEY", "5ecr3t");
    world_setenv("AWS_SESSION_TOKEN", "envt0k3n");
    world_connect(world, "a", NULL);
    WORLD_SCRIPT(world, script);
    assert_assumed(world);
}

static void test_web_identity_as_source_profile(void **state)
{
    static const Exchange script[] = {
        {POST(STS, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
                   "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Fs3-reader"),
         .absent = "Authorization", IDENTIFIED},
        {POST(STS, "Action=AssumeRole&Version=2011-06-15"
                   "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789%3Arole%2FRoleA"),
         .header = {"X-Amz-Security-Token", "webt0k3n"}, ASSUMED},
    };
    CredentialsWorld *world = *state;
    char config[512];

    snprintf(config, sizeof(config),
             "[profile A]\nrole_arn = arn:aws:iam::123456789:role/RoleA\nsource_profile = B\n"
             "[profile B]\nrole_arn = arn:aws:iam::123456789012:role/s3-reader\n"
             "web_identity_token_file = %s\n",
             world_path("token"));
    world_write(WORLD_CONFIG, config);
    world_write("token", "sometoken\n");
    world_setenv("AWS_PROFILE", "A");
    WORLD_SCRIPT(world, script);
    assert_assumed(world);
}

static void test_web_identity_that_sts_does_not_know(void **state)
{
    static const Exchange script[] = {
        {POST(STS, "Action=AssumeRoleWithWebIdentity&"),
         REFUSED("InvalidIdentityToken", "No OpenIDConnect provider found in your account")},
    };
    CredentialsWorld *world = *state;

    world_write("token", "some5ecr3ttoken\n");
    world_setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789:role/RoleB");
    world_setenv("AWS_WEB_IDENTITY_TOKEN_FILE", world_path("token"));
    WORLD_SCRIPT(world, script);
    world_get(world);
    world_assert_fails(world, "role arn:aws:iam::123456789:role/RoleB for a web identity: "
                              "InvalidIdentityToken at https://sts.us-east-1.amazonaws.com: "
                              "No OpenIDConnect provider found in your account");
}

/* Whoever issues the token has renewed it by the time the session ends. */
static void test_web_identity_of_the_environment_is_read_at_every_refresh(void **state)
{
    static const Exchange first[] = {
        {POST(STS, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r"
                   "&RoleSessionName=my-session&WebIdentityToken=first"),
         IDENTIFIED},
    };
    static const Exchange second[] = {
        {POST(STS, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r"
                   "&RoleSessionName=my-session&WebIdentityToken=second"),
         .status = 200,
         .body =
             ANSWER("AssumeRoleWithWebIdentity", "ASIARTESTID", "t0k3n", "2021-08-05T21:00:00Z")},
    };
    CredentialsWorld *world = *state;

    world_setenv("AWS_ROLE_ARN", "r");
    world_setenv("AWS_ROLE_SESSION_NAME", "my-session");
    world_setenv("AWS_WEB_IDENTITY_TOKEN_FILE", world_path("token"));
    world_write("token", "first\n");
    WORLD_SCRIPT(world, first);
    world_get(world);
    world_assert_keys(world, "ASIARWEB", "5ecr3tkey", "webt0k3n", EXPIRES);

    world_write("token", "second\n");
    world_set_time(world, "2021-08-05T20:00:00Z");
    WORLD_SCRIPT(world, second);
    world_get(world);
    world_assert_keys(world, "ASIARTESTID", "5ecr3tkey", "t0k3n", "2021-08-05T21:00:00Z");
}

static void test_role_of_the_target_on_top(void **state)
{
    static const Exchange script[] = {
        {POST(STS, "Action=AssumeRole&Version=2011-06-15"
                   "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789%3Arole%2Fintegration-test"),
         .status = 200, .body = ANSWER("AssumeRole", "ASIARINNER", "innert0k3n", EXPIRES)},
        {POST(STS, "Action=AssumeRole&Version=2011-06-15"
                   "&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Ftop&RoleSessionName=trailstop"),
         .header = {"X-Amz-Security-Token", "innert0k3n"}, ASSUMED},
    };
    CredentialsWorld *world = *state;

    world_write(WORLD_CREDENTIALS, BASE);
    world_write(WORLD_CONFIG, DEFAULT);
    world_connect(world, NULL, "arn:aws:iam::1:role/top");
    WORLD_SCRIPT(world, script);
    assert_assumed(world);
    assert_string_equal(world->provider->source,
                        "role arn:aws:iam::1:role/top with those of role " ROLE
                        " of profile default");
}

static void test_a_refusal_is_asked_again_the_next_time(void **state)
{
    static const Exchange refusal[] = {
        {POST(STS, "Action=AssumeRole&"), REFUSED("AccessDenied", "You may not")},
    };
    static const Exchange success[] = {{POST(STS, "Action=AssumeRole&"), ASSUMED}};
    CredentialsWorld *world = *state;

    world_write(WORLD_CREDENTIALS, BASE);
    world_write(WORLD_CONFIG, DEFAULT);
    WORLD_SCRIPT(world, refusal);
    world_get(world);
    world_assert_fails(world, "role " ROLE " of profile default: AccessDenied at "
                              "https://sts.us-east-1.amazonaws.com: You may not");
    WORLD_SCRIPT(world, success);
    assert_assumed(world);
}

static void test_a_refusal_is_shown_as_utf8(void **state)
{
    static const Exchange refusal[] = {
        {POST(STS, "Action=AssumeRole&"), REFUSED("ValidationError", "No role")},
    };
    CredentialsWorld *world = *state;

    world_write(WORLD_CREDENTIALS, BASE);
    world_write(WORLD_CONFIG, "[default]\nrole_arn = f\xFCr\nsource_profile = base\n");
    WORLD_SCRIPT(world, refusal);
    world_get(world);
    world_assert_fails(world, "role f\xEF\xBF\xBDr of profile default: ValidationError at ");
}

static int set_up(void **state)
{
    int r = credentials_world_setup(state);

    if (r == 0)
        world_set_time(*state, NOW);
    return r;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, credentials_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_source_profile),
        TEST(test_repeats_after_an_error_of_the_server),
        TEST(test_endpoints),
        TEST(test_credential_source_container),
        TEST(test_credential_source_environment),
        TEST(test_web_identity_as_source_profile),
        TEST(test_web_identity_that_sts_does_not_know),
        TEST(test_web_identity_of_the_environment_is_read_at_every_refresh),
        TEST(test_role_of_the_target_on_top),
        TEST(test_a_refusal_is_asked_again_the_next_time),
        TEST(test_a_refusal_is_shown_as_utf8),
    };

    return cmocka_run_group_tests_name("role-chains", tests, credentials_world_setup_group,
                                       credentials_world_teardown_group);
}
