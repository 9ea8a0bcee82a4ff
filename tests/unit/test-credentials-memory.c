/* SPDX-License-Identifier: Apache-2.0 */
/* Each source of credentials, with whatever allocation failing: the one that asks gets the
 * credentials or an error, once, and asking again gives them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"
#include "tests/unit/credentials-world.h"
#include "tests/unit/every-call.h"

#define STS "https://sts.us-east-1.amazonaws.com/"
#define HOST "http://169.254.169.254"
#define ROLES "/latest/meta-data/iam/security-credentials/"
#define KEYS(name) "[" name "]\naws_access_key_id = AKIAFAKE\naws_secret_access_key = 5ecr3t\n"
#define ASSUMED(action)                                                                            \
    "<" action "Response><" action "Result><Credentials>"                                          \
    "<AccessKeyId>ASIATEST</AccessKeyId><SecretAccessKey>5ecr3t</SecretAccessKey>"                 \
    "<SessionToken>t0k3n</SessionToken><Expiration>2026-11-22T18:00:00Z</Expiration>"              \
    "</Credentials></" action "Result></" action "Response>"
#define JSON                                                                                       \
    "{\"Code\":\"Success\",\"AccessKeyId\":\"ASIATEST\",\"SecretAccessKey\":\"5ecr3t\","           \
    "\"Token\":\"t0k3n\",\"Expiration\":\"2026-11-22T18:00:00Z\"}"

static const Exchange exchanges[] = {
    {.method = "POST",
     .url = STS,
     .asked = "Action=AssumeRole&",
     .status = 200,
     .body = ASSUMED("AssumeRole")},
    {.method = "POST",
     .url = STS,
     .asked = "Action=AssumeRoleWithWebIdentity&",
     .status = 200,
     .body = ASSUMED("AssumeRoleWithWebIdentity")},
    {.method = "PUT", .url = HOST "/latest/api/token", .status = 200, .body = "tok"},
    {.method = "GET", .url = HOST ROLES, .status = 200, .body = "role\n"},
    {.method = "GET", .url = HOST ROLES "role", .status = 200, .body = JSON},
    {.method = "GET", .url = "http://169.254.170.2/creds", .status = 200, .body = JSON},
    {.method = "GET",
     .url = "http://127.0.0.1:81/refused",
     .status = 403,
     .body = "{\"Code\":\"NotYours\",\"Message\":\"not yours\"}"},
};

/* Asked in whatever order, again and again, unlike the world's own. */
static int on_start(HttpClient *http, const HttpRequest *request, HttpCallback callback,
                    void *userdata, HttpTransfer **ret)
{
    CredentialsWorld *world = (CredentialsWorld *)((char *)http - offsetof(CredentialsWorld, http));

    assert_null(world->callback);
    for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++) {
        const Exchange *exchange = &exchanges[i];

        if (strcmp(request->method, exchange->method) != 0 ||
            strcmp(request->url, exchange->url) != 0 ||
            (exchange->asked &&
             strncmp(request->body, exchange->asked, strlen(exchange->asked)) != 0))
            continue;
        world->script = exchange;
        world->n_answered = 0;
        world->callback = callback;
        world->userdata = userdata;
        *ret = (HttpTransfer *)world;
        return 0;
    }
    fail_msg("%s %s was not to be asked", request->method, request->url);
    return -EINVAL;
}

typedef struct Fetch {
    CredentialsWorld *world;
    AwsSettings *settings;
    const char *key_id; /* NULL: there are none to be had, and the error says: */
    const char *with;
} Fetch;

typedef struct Outcome {
    const Fetch *fetch;
    unsigned calls;
    bool as_expected;
} Outcome;

static void on_done(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    Outcome *outcome = userdata;
    const Fetch *fetch = outcome->fetch;

    outcome->calls++;
    if (credentials) {
        assert_non_null(fetch->key_id);
        assert_string_equal(credentials->access_key_id, fetch->key_id);
        assert_string_equal(credentials->secret_access_key, "5ecr3t");
        outcome->as_expected = true;
        return;
    }
    assert_non_null(error->code);
    assert_null(strstr(error->message, "5ecr3t"));
    outcome->as_expected = !fetch->key_id && strstr(error->message, fetch->with);
}

static bool ask(const Fetch *fetch, AwsCredentialsProvider *provider)
{
    Outcome outcome = {.fetch = fetch};
    AwsCredentialsWait wait = {.done = on_done, .userdata = &outcome};

    aws_credentials_get(provider, &wait);
    while (outcome.calls == 0)
        assert_true(world_turn(fetch->world));
    assert_int_equal(outcome.calls, 1);
    world_end_turn(fetch->world); /* the files are read again */
    return outcome.as_expected;
}

static bool fetch(void *data)
{
    const Fetch *of = data;
    CredentialsWorld *world = of->world;
    const AwsCredentialsContext context = world_context(world);
    AwsCredentialsProvider *untouched = data, *provider = untouched;
    int r = aws_credentials_provider_new(&context, "audit", of->settings, &provider);
    bool one, other;

    if (r < 0) {
        assert_int_equal(r, -ENOMEM);
        assert_ptr_equal(provider, untouched);
        return false;
    }
    one = ask(of, provider);
    other = ask(of, provider);
    assert_true(one || other);
    aws_credentials_provider_unref(provider);
    return one && other;
}

static void every_fetch(CredentialsWorld *world, const char *role_arn, const char *key_id,
                        const char *with)
{
    CLEANUP(aws_settings_unrefp) AwsSettings *settings = NULL;
    Fetch of = {.world = world, .key_id = key_id, .with = with};

    world->http.start = on_start;
    settings = world_settings(world, NULL, role_arn);
    of.settings = settings;
    every_allocation(fetch, &of);
}

static void test_environment(void **state)
{
    world_setenv("AWS_ACCESS_KEY_ID", "AKIAFAKE");
    world_setenv("AWS_SECRET_ACCESS_KEY", "5ecr3t");
    world_setenv("AWS_SESSION_TOKEN", "t0k3n");
    every_fetch(*state, NULL, "AKIAFAKE", NULL);
}

static void test_profile(void **state)
{
    world_write(WORLD_CREDENTIALS, KEYS("default") "aws_session_token = t0k3n\n");
    every_fetch(*state, NULL, "AKIAFAKE", NULL);
}

static void test_roles(void **state)
{
    world_write(WORLD_CREDENTIALS, KEYS("base"));
    world_write(WORLD_CONFIG, "[default]\n"
                              "role_arn = arn:aws:iam::123456789:role/one\n"
                              "source_profile = base\n"
                              "external_id = x\n"
                              "duration_seconds = 1800\n");
    every_fetch(*state, "arn:aws:iam::123456789:role/two", "ASIATEST", NULL);
}

static void test_web_identity(void **state)
{
    char config[512];

    world_write("token", "the-token\n");
    snprintf(config, sizeof(config),
             "[default]\nrole_arn = arn:aws:iam::123456789:role/one\n"
             "web_identity_token_file = %s\n",
             world_path("token"));
    world_write(WORLD_CONFIG, config);
    every_fetch(*state, NULL, "ASIATEST", NULL);
}

static void test_instance(void **state)
{
    every_fetch(*state, NULL, "ASIATEST", NULL);
}

static void test_container(void **state)
{
    world_write("token", "the-token\n");
    world_setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/creds");
    world_setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", world_path("token"));
    every_fetch(*state, NULL, "ASIATEST", NULL);
}

static void test_container_that_refuses(void **state)
{
    world_setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:81/refused");
    every_fetch(*state, NULL, NULL, "not yours");
}

static void test_process(void **state)
{
    CredentialsWorld *world = *state;
    char config[512];

    world_write("token",
                "{\"Version\":1,\"AccessKeyId\":\"AKIAFAKE\",\"SecretAccessKey\":\"5ecr3t\"}\n");
    snprintf(config, sizeof(config), "[default]\ncredential_process = /bin/cat \"%s\"\n",
             world_path("token"));
    world_write(WORLD_CONFIG, config);
    world->live = true;
    every_fetch(world, NULL, "AKIAFAKE", NULL);
    world->live = false;
}

#define WORLD_TEST(function)                                                                       \
    cmocka_unit_test_setup_teardown(function, credentials_world_setup, credentials_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(test_environment),
        WORLD_TEST(test_profile),
        WORLD_TEST(test_roles),
        WORLD_TEST(test_web_identity),
        WORLD_TEST(test_instance),
        WORLD_TEST(test_container),
        WORLD_TEST(test_container_that_refuses),
        WORLD_TEST(test_process),
    };

    return cmocka_run_group_tests_name("credentials-memory", tests, credentials_world_setup_group,
                                       credentials_world_teardown_group);
}
