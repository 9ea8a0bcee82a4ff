/* SPDX-License-Identifier: Apache-2.0 */
/* Credentials of an EC2 instance: daemon/credentials/source-instance.c, reached by the whole chain.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/time.h"
#include "tests/unit/credentials-world.h"

#define HOST "http://169.254.169.254"
#define TOKEN "/latest/api/token"
#define ROLES "/latest/meta-data/iam/security-credentials/"
#define TTL "x-aws-ec2-metadata-token-ttl-seconds"
#define T "x-aws-ec2-metadata-token"

#define ANSWER(expiration)                                                                         \
    "{\n  \"Code\" : \"Success\",\n  \"LastUpdated\" : \"2026-11-22T11:00:00Z\",\n"                \
    "  \"Type\" : \"AWS-HMAC\",\n  \"AccessKeyId\" : \"ASIARTEST\",\n"                             \
    "  \"SecretAccessKey\" : \"5ecr3t\",\n  \"Token\" : \"t0k3n\",\n"                              \
    "  \"Expiration\" : \"" expiration "\"\n}"
#define EXPIRES "2026-11-22T18:00:00Z"

#define ASK_TOKEN(host, reply_status, reply)                                                       \
    {                                                                                              \
        .method = "PUT", .url = host TOKEN, .header = {TTL, "21600"}, .absent = T,                 \
        .status = reply_status, .body = reply                                                      \
    }
#define ASK(host, name, token, reply_status, reply)                                                \
    {                                                                                              \
        .method = "GET", .url = host ROLES name, .header = {T, token}, .absent = TTL,              \
        .status = reply_status, .body = reply                                                      \
    }
#define ALL(host)                                                                                  \
    ASK_TOKEN(host, 200, "tok"), ASK(host, "", "tok", 200, "role\n"),                              \
        ASK(host, "role", "tok", 200, ANSWER(EXPIRES))

static void assert_all(CredentialsWorld *world, const Exchange *script, unsigned n)
{
    world_script(world, script, n);
    world_get(world);
    world_assert_keys(world, "ASIARTEST", "5ecr3t", "t0k3n", EXPIRES);
}

#define N(script) (unsigned)(sizeof(script) / sizeof(*(script)))

static void test_token_role_credentials(void **state)
{
    static const Exchange script[] = {ALL(HOST)};
    CredentialsWorld *world = *state;

    world_write(WORLD_CONFIG, "[default]\nmax_attempts = 1\n");
    assert_all(world, script, N(script));
    assert_int_equal(world->timeout_usec, USEC_PER_SEC);
    assert_int_equal(timers_next_usec(world->timers), TIMER_NEVER);
}

static void test_each_request_is_repeated(void **state)
{
    static const Exchange script[] = {
        ASK_TOKEN(HOST, 503, NULL),
        ASK_TOKEN(HOST, 200, "tok"),
        ASK(HOST, "", "tok", 503, NULL),
        {.method = "GET", .url = HOST ROLES, .failure = HTTP_TIMED_OUT},
        ASK(HOST, "", "tok", 200, "role"),
        ASK(HOST, "role", "tok", 429, NULL),
        ASK(HOST, "role", "tok", 200, ANSWER(EXPIRES)),
    };

    assert_all(*state, script, N(script));
}

static void test_three_attempts_unless_set_otherwise(void **state)
{
    static const Exchange down = {
        .method = "PUT", .url = HOST TOKEN, .failure = HTTP_CONNECT_FAILED};
    const Exchange script[] = {down, down, down, down, down};
    CredentialsWorld *world = *state;

    world_get_fails(world, script, 3, "169.254.169.254/latest/api/token: the network is down");
    world_setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "1");
    world_setenv("AWS_METADATA_SERVICE_TIMEOUT", "7");
    world_get_fails(world, script, 1, "is this an EC2 instance?");
    assert_int_equal(world->timeout_usec, 7 * USEC_PER_SEC);
    world_setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "");
    world_write(WORLD_CONFIG, "[default]\nmetadata_service_num_attempts = 5\n");
    world_get_fails(world, script, 5, "the network is down");
}

/* What this host lacks is not the service's fault, which may be there in a moment: it is not asked
 * again and again. */
static void test_out_of_resources(void **state)
{
    static const Exchange script[] = {
        {.method = "PUT", .url = HOST TOKEN, .failure = HTTP_NO_RESOURCES}};

    world_get_fails(*state, script, N(script), "169.254.169.254/latest/api/token");
}

static void test_what_may_pass_is_asked_again(void **state)
{
    static const Exchange script[] = {
        {.method = "PUT", .url = HOST TOKEN, .failure = HTTP_TLS_FAILED},
        {.method = "PUT", .url = HOST TOKEN, .failure = HTTP_UNREADABLE},
        ALL(HOST)};

    assert_all(*state, script, N(script));
}

static int refuse_to_start(HttpClient *http, const HttpRequest *request, HttpCallback callback,
                           void *userdata, HttpTransfer **ret)
{
    (void)http, (void)request, (void)callback, (void)userdata, (void)ret;
    return -ENOMEM;
}

static void test_a_request_that_cannot_be_made(void **state)
{
    CredentialsWorld *world = *state;

    world->http.start = refuse_to_start;
    world_get_fails(world, NULL, 0, "out of memory");
}

static void test_numbers_that_are_none(void **state)
{
    static const char *const numbers[] = {"0", "-1", "1.5", "x", "101", "4294967297"};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
        world_setenv("AWS_METADATA_SERVICE_NUM_ATTEMPTS", numbers[i]);
        world_get_fails(*state, NULL, 0,
                        "AWS_METADATA_SERVICE_NUM_ATTEMPTS is not a number from 1");
    }
}

static void test_turned_off(void **state)
{
    CredentialsWorld *world = *state;

    world_setenv("AWS_EC2_METADATA_DISABLED", "True");
    world_get_fails(world, NULL, 0, "AWS_EC2_METADATA_DISABLED");
    world_write(WORLD_CONFIG, "[default]\nrole_arn = arn:aws:iam::123456789:role/r\n"
                              "credential_source = Ec2InstanceMetadata\n");
    world_get_fails(world, NULL, 0, "EC2 instance metadata: AWS_EC2_METADATA_DISABLED is true");
}

static void test_no_token_no_version_1(void **state)
{
    static const Exchange forbidden[] = {ASK_TOKEN(HOST, 403, NULL)};
    static const Exchange unknown[] = {ASK_TOKEN(HOST, 404, "<html/>")};
    static const Exchange broken[] = {ASK_TOKEN(HOST, 200, "5ecr3t\nX: y")};
    static const Exchange empty[] = {ASK_TOKEN(HOST, 200, NULL)};
    CredentialsWorld *world = *state;

    world_write(WORLD_CONFIG, "[default]\nrole_arn = arn:aws:iam::123456789:role/r\n"
                              "credential_source = Ec2InstanceMetadata\n");
    world_get_fails(world, forbidden, N(forbidden), "request forbidden: IMDS is disabled");
    world_get_fails(world, unknown, N(unknown), "answered with HTTP status 404; it gives no token");
    world_get_fails(world, broken, N(broken), "is not a token");
    world_get_fails(world, empty, N(empty), "is not a token");
}

static void test_no_role(void **state)
{
    static const Exchange missing[] = {ASK_TOKEN(HOST, 200, "tok"),
                                       ASK(HOST, "", "tok", 404, NULL)};
    /* The token of before is still good. */
    static const Exchange path[] = {ASK(HOST, "", "tok", 200, "../../x")};
    static const Exchange empty[] = {ASK(HOST, "", "tok", 200, "\n")};
    static const Exchange page[] = {ASK(HOST, "", "tok", 200, "<html>login</html>")};

    world_get_fails(*state, missing, N(missing), "the instance has no IAM role");
    world_get_fails(*state, path, N(path), "not the name of a role");
    world_get_fails(*state, empty, N(empty), "not the name of a role");
    world_get_fails(*state, page, N(page), "not the name of a role");
}

static void test_the_first_of_several_roles(void **state)
{
    static const Exchange exchanges[] = {ASK_TOKEN(HOST, 200, "tok"),
                                         ASK(HOST, "", "tok", 200, "a+role=,.@-_\r\nanother\n"),
                                         ASK(HOST, "a+role=,.@-_", "tok", 404, NULL)};

    world_get_fails(*state, exchanges, N(exchanges), "/a+role=,.@-_ answered");
}

static void test_errors_of_the_service(void **state)
{
    static const Exchange unauthorized[] = {
        ASK_TOKEN(HOST, 200, "tok"), ASK(HOST, "", "tok", 200, "role"),
        ASK(HOST, "role", "tok", 200,
            "{\"Code\": \"AssumeRoleUnauthorizedAccess\", \"Message\": \"EC2 cannot assume it\"}")};
    static const Exchange status[] = {ASK(HOST, "", "tok", 200, "role"),
                                      ASK(HOST, "role", "tok", 404, NULL)};

    world_get_fails(*state, unauthorized, N(unauthorized),
                    "security-credentials/role answered: AssumeRoleUnauthorizedAccess: EC2 cannot");
    world_get_fails(*state, status, N(status), "role answered with HTTP status 404");
}

static void test_members(void **state)
{
    static const struct {
        const char *answer, *with;
    } samples[] = {
        {"", "that is not a JSON object"},
        {"[]", "that is not a JSON object"},
        {"{\"AccessKeyId\": 5}", "AccessKeyId is not a string"},
        {"{\"AccessKeyId\": \"A\"}", "SecretAccessKey is missing"},
        {"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"5ecr3t\"}", "Token is missing"},
        {"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"5ecr3t\", \"Token\": \"5ecr3t\"}",
         "Expiration is missing"},
        {"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"5ecr3t\", \"Token\": \"t\","
         "\"Expiration\": \"tomorrow\"}",
         "Expiration is not a time"},
        {"{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"5ecr3t\\n\", \"Token\": \"t\","
         "\"Expiration\": \"2026-11-22T18:00:00Z\"}",
         "control characters"},
    };
    static const Exchange token[] = {ASK_TOKEN(HOST, 200, "tok"), ASK(HOST, "", "tok", 404, NULL)};

    world_get_fails(*state, token, N(token), "no IAM role");
    for (size_t i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
        const Exchange script[] = {ASK(HOST, "", "tok", 200, "role"),
                                   ASK(HOST, "role", "tok", 200, samples[i].answer)};
        world_get_fails(*state, script, N(script), samples[i].with);
    }
}

/* The tokens of this service go into the journal, the store and to clients, were they repeated. */
static void test_no_error_repeats_the_token(void **state)
{
    static const Exchange of_role[] = {
        ASK_TOKEN(HOST, 200, "t0k3n+5ecr3t/9=="),
        ASK(HOST, "", "t0k3n+5ecr3t/9==", 400,
            "{\"code\": \"Bad-t0k3n+5ecr3t/9==\", \"message\": \"t0k3n%2B5ecr3t%2F9%3D%3D?\"}")};
    static const Exchange of_credentials[] = {
        ASK(HOST, "", "t0k3n+5ecr3t/9==", 200, "role"),
        ASK(HOST, "role", "t0k3n+5ecr3t/9==", 200,
            "{\"Code\": \"Failed\", \"Message\": \"not with t0k3n+5ecr3t/9==\"}")};

    world_get_fails(*state, of_role, N(of_role), "HTTP status 400");
    world_get_fails(*state, of_credentials, N(of_credentials), "Failed: not with ");
}

static void test_token_is_kept_for_its_time(void **state)
{
    static const Exchange first[] = {
        {.method = "PUT", .url = HOST TOKEN, .status = 200, .body = "tok", .answer = {TTL, "600"}},
        ASK(HOST, "", "tok", 404, NULL)};
    static const Exchange second[] = {ASK(HOST, "", "tok", 404, NULL)};
    static const Exchange third[] = {ASK_TOKEN(HOST, 200, "tok2"),
                                     ASK(HOST, "", "tok2", 404, NULL)};
    CredentialsWorld *world = *state;

    world_get_fails(world, first, N(first), "no IAM role");
    world->boottime_usec += 500 * USEC_PER_SEC;
    world_get_fails(world, second, N(second), "no IAM role");
    world->boottime_usec += 50 * USEC_PER_SEC;
    world_get_fails(world, third, N(third), "no IAM role");
}

/* Whatever the service says: it was asked for six hours. */
static void test_token_is_kept_no_longer_than_asked_for(void **state)
{
    static const Exchange first[] = {{.method = "PUT",
                                      .url = HOST TOKEN,
                                      .status = 200,
                                      .body = "tok",
                                      .answer = {TTL, "99999999999999999999"}},
                                     ASK(HOST, "", "tok", 404, NULL)};
    static const Exchange second[] = {ASK_TOKEN(HOST, 200, "tok2"),
                                      ASK(HOST, "", "tok2", 404, NULL)};
    CredentialsWorld *world = *state;

    world_get_fails(world, first, N(first), "no IAM role");
    world->boottime_usec += 6 * USEC_PER_HOUR;
    world_get_fails(world, second, N(second), "no IAM role");
}

static void test_refused_token_is_renewed_once(void **state)
{
    static const Exchange good[] = {
        ASK_TOKEN(HOST, 200, "old"),
        ASK(HOST, "", "old", 200, "role"),
        ASK(HOST, "role", "old", 401, NULL),
        ASK_TOKEN(HOST, 200, "new"),
        ASK(HOST, "role", "new", 200, ANSWER(EXPIRES)),
    };
    static const Exchange bad[] = {
        ASK(HOST, "", "new", 401, NULL),
        ASK_TOKEN(HOST, 200, "newer"),
        ASK(HOST, "", "newer", 401, NULL),
    };
    CredentialsWorld *world = *state;

    assert_all(world, good, N(good));
    world->provider->reject(world->provider, world->credentials);
    world_get_fails(world, bad, N(bad), "security-credentials/ answered with HTTP status 401");
}

static void test_endpoint(void **state)
{
    static const Exchange ipv6[] = {ALL("http://[fd00:ec2::254]")};
    static const Exchange named[] = {ALL("http://127.0.0.1:1338/imds")};
    static const Exchange of_profile[] = {ALL("https://metadata.example")};
    CredentialsWorld *world = *state;

    world_setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "IPv6");
    assert_all(world, ipv6, N(ipv6));
    aws_credentials_provider_unref(world->provider);
    world->provider = NULL;

    world_setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1338/imds/");
    assert_all(world, named, N(named));
    aws_credentials_provider_unref(world->provider);
    world->provider = NULL;

    world_setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
    world_write(WORLD_CONFIG,
                "[default]\nec2_metadata_service_endpoint = https://metadata.example\n"
                "ec2_metadata_service_endpoint_mode = IPv4\n");
    assert_all(world, of_profile, N(of_profile));
}

static void test_what_is_not_an_endpoint(void **state)
{
    static const char *const urls[] = {"ftp://host", "http://",        "http://u:p@host",
                                       "http://h h", "http://host/?a", "http://host:99999"};

    for (size_t i = 0; i < sizeof(urls) / sizeof(*urls); i++) {
        world_setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", urls[i]);
        world_get_fails(*state, NULL, 0, "AWS_EC2_METADATA_SERVICE_ENDPOINT: ");
    }
    world_setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", "");
    world_setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE", "ipv5");
    world_get_fails(*state, NULL, 0,
                    "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is neither IPv4 nor IPv6");
}

static void test_cancelled(void **state)
{
    static const Exchange script[] = {ASK_TOKEN(HOST, 200, "tok")};
    CredentialsWorld *world = *state;

    WORLD_SCRIPT(world, script);
    world_connect(world, NULL, NULL);
    world->wait = (AwsCredentialsWait){0};
    aws_credentials_get(world->provider, &world->wait);
    timers_run(world->timers);
    aws_credentials_cancel(&world->wait);
    aws_credentials_provider_unref(world->provider);
    world->provider = NULL;
    assert_int_equal(world->n_cancelled, 1);
    world_end_turn(world);
    assert_int_equal(timers_next_usec(world->timers), TIMER_NEVER);
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, credentials_world_setup, credentials_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_token_role_credentials),
        TEST(test_each_request_is_repeated),
        TEST(test_three_attempts_unless_set_otherwise),
        TEST(test_out_of_resources),
        TEST(test_what_may_pass_is_asked_again),
        TEST(test_a_request_that_cannot_be_made),
        TEST(test_numbers_that_are_none),
        TEST(test_turned_off),
        TEST(test_no_token_no_version_1),
        TEST(test_no_role),
        TEST(test_the_first_of_several_roles),
        TEST(test_errors_of_the_service),
        TEST(test_members),
        TEST(test_no_error_repeats_the_token),
        TEST(test_token_is_kept_for_its_time),
        TEST(test_token_is_kept_no_longer_than_asked_for),
        TEST(test_refused_token_is_renewed_once),
        TEST(test_endpoint),
        TEST(test_what_is_not_an_endpoint),
        TEST(test_cancelled),
    };

    return cmocka_run_group_tests_name("instance", tests, credentials_world_setup_group,
                                       credentials_world_teardown_group);
}
