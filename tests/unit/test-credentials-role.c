/* SPDX-License-Identifier: Apache-2.0 */
/* aws_source_new_role(): a role on top of another source of credentials. */
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
#include "tests/unit/sts-world.h"

#define ROLE "arn:aws:iam::123456789:role/RoleA"
#define CREDENTIALS(key_id, token)                                                                 \
    "<AssumeRoleResponse><AssumeRoleResult><Credentials>"                                          \
    "<AccessKeyId>" key_id "</AccessKeyId><SecretAccessKey>5ecr3t</SecretAccessKey>"               \
    "<SessionToken>" token "</SessionToken><Expiration>2026-11-22T13:23:45Z</Expiration>"          \
    "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
#define DENIAL                                                                                     \
    "<ErrorResponse><Error><Code>AccessDenied</Code><Message>You may not</Message></Error>"        \
    "<RequestId>5045ca91</RequestId></ErrorResponse>"

static int set_up(void **state)
{
    if (setenv("AWS_ACCESS_KEY_ID", "AKIAFAKE", 1) < 0 ||
        setenv("AWS_SECRET_ACCESS_KEY", "FAKE", 1) < 0 || unsetenv("AWS_SESSION_TOKEN") < 0)
        return -1;
    return sts_world_setup(state);
}

/* On top of the environment, or of inner. */
static AwsSource *make(StsWorld *world, const char *name, const AwsRole *role, AwsSource *inner)
{
    AwsSource *source = NULL;

    if (!inner)
        assert_int_equal(aws_source_new_environment(&world->context, &inner), 0);
    assert_int_equal(aws_source_new_role(&world->context, name, role, inner, &source), 0);
    return source;
}

static void assumes_a_role_with_what_the_inner_source_gave(void **state)
{
    const AwsRole role = {.arn = (char *)ROLE,
                          .session_name = (char *)"my_session",
                          .external_id = (char *)"my_id",
                          .duration_usec = 900 * USEC_PER_SEC};
    StsWorld *world = *state;

    sts_world_fetch(world, make(world, "role A", &role, NULL),
                    &(StsReply){.status = 200, .body = CREDENTIALS("ASIA1", "T1")}, 1);
    assert_string_equal(world->seen[0].url, "https://sts.us-east-1.amazonaws.com/");
    assert_string_equal(world->seen[0].body,
                        "Action=AssumeRole&Version=2011-06-15"
                        "&RoleArn=arn%3Aaws%3Aiam%3A%3A123456789%3Arole%2FRoleA"
                        "&RoleSessionName=my_session&ExternalId=my_id&DurationSeconds=900");
    assert_non_null(strstr(sts_world_header(world, 1, "authorization"),
                           "Credential=AKIAFAKE/20261122/us-east-1/sts/aws4_request"));
    sts_world_assert_keys(world, "ASIA1", "5ecr3t", "T1");
    assert_true(world->credentials->expires_usec == STS_WORLD_REALTIME + USEC_PER_HOUR);
}

static void makes_up_a_session_name(void **state)
{
    const AwsRole role = {.arn = (char *)ROLE};
    StsWorld *world = *state;

    sts_world_fetch(world, make(world, "role A", &role, NULL),
                    &(StsReply){.status = 200, .body = CREDENTIALS("ASIA1", "T1")}, 1);
    assert_non_null(strstr(world->seen[0].body, "&RoleSessionName=trailstop"));
    assert_null(strstr(world->seen[0].body, "ExternalId"));
    assert_null(strstr(world->seen[0].body, "DurationSeconds"));
}

static void follows_a_chain_of_roles_from_the_inside_out(void **state)
{
    static const StsReply replies[] = {
        {.status = 200, .body = CREDENTIALS("ASIAB", "TB")},
        {.status = 200, .body = CREDENTIALS("ASIAA", "TA")},
    };
    const AwsRole a = {.arn = (char *)"A"}, b = {.arn = (char *)"B"};
    StsWorld *world = *state;

    sts_world_fetch(world, make(world, "role A", &a, make(world, "role B", &b, NULL)), replies, 2);
    assert_non_null(strstr(world->seen[0].body, "&RoleArn=B&"));
    assert_non_null(strstr(world->seen[1].body, "&RoleArn=A&"));
    assert_non_null(strstr(sts_world_header(world, 1, "authorization"), "Credential=AKIAFAKE/"));
    assert_null(sts_world_header(world, 1, "x-amz-security-token"));
    assert_non_null(strstr(sts_world_header(world, 2, "authorization"), "Credential=ASIAB/"));
    assert_string_equal(sts_world_header(world, 2, "x-amz-security-token"), "TB");
    sts_world_assert_keys(world, "ASIAA", "5ecr3t", "TA");
}

/* What a session of expired credentials may do, AWS knows better than this host's clock. */
static void uses_what_the_inner_source_gave_even_if_it_looks_expired(void **state)
{
    static const StsReply replies[] = {
        {.status = 200,
         .body = "<AssumeRoleResponse><AssumeRoleResult><Credentials>"
                 "<AccessKeyId>ASIAB</AccessKeyId><SecretAccessKey>S</SecretAccessKey>"
                 "<SessionToken>TB</SessionToken><Expiration>2009-02-13T23:31:30Z</Expiration>"
                 "</Credentials></AssumeRoleResult></AssumeRoleResponse>"},
        {.status = 200, .body = CREDENTIALS("ASIAA", "TA")},
    };
    const AwsRole role = {.arn = (char *)ROLE};
    StsWorld *world = *state;

    sts_world_fetch(world, make(world, "A", &role, make(world, "B", &role, NULL)), replies, 2);
    sts_world_assert_keys(world, "ASIAA", "5ecr3t", "TA");
}

static void says_who_asked_where_and_what_came_back(void **state)
{
    const AwsRole role = {.arn = (char *)ROLE};
    StsWorld *world = *state;

    sts_world_fetch(world, make(world, "role A", &role, NULL),
                    &(StsReply){.status = 403, .body = DENIAL}, 1);
    sts_world_assert_fails(
        world, "AccessDenied",
        "role A: AccessDenied at https://sts.us-east-1.amazonaws.com: You may not");
    assert_int_equal(world->http_status, 403);
    assert_string_equal(world->request_id, "5045ca91");
}

static void passes_the_inner_error_on_and_asks_nobody(void **state)
{
    const AwsRole role = {.arn = (char *)ROLE};
    StsWorld *world = *state;

    assert_int_equal(unsetenv("AWS_SECRET_ACCESS_KEY"), 0);
    sts_world_fetch(world, make(world, "role A", &role, NULL), NULL, 0);
    sts_world_assert_fails(world, CALL_ERROR_CREDENTIALS, "without its secret access key");
    assert_null(strstr(world->message, "role A"));
    assert_int_equal(world->n_seen, 0);
}

static void stops_a_chain_at_the_first_no(void **state)
{
    const AwsRole role = {.arn = (char *)ROLE};
    StsWorld *world = *state;

    sts_world_fetch(world, make(world, "role A", &role, make(world, "role B", &role, NULL)),
                    &(StsReply){.status = 403, .body = DENIAL}, 1);
    sts_world_assert_fails(world, "AccessDenied", "role B: AccessDenied");
    assert_null(strstr(world->message, "role A"));
}

static void says_that_an_endpoint_is_none(void **state)
{
    const AwsRole role = {.arn = (char *)ROLE};
    StsWorld *world = *state;

    world->context.sts_endpoint = "ftp://sts";
    sts_world_fetch(world, make(world, "role A", &role, NULL), NULL, 0);
    sts_world_assert_fails(world, CALL_ERROR_CREDENTIALS,
                           "role A: STS cannot be asked at ftp://sts");
}

static void can_be_freed_at_any_time(void **state)
{
    const AwsRole role = {.arn = (char *)ROLE};
    StsWorld *world = *state;

    aws_source_free(make(world, "role A", &role, NULL));
    for (unsigned n = 0; n < 2; n++) { /* while the inner role asks, while the outer one does */
        AwsSource *source = make(world, "role A", &role, make(world, "role B", &role, NULL));
        aws_source_start(source, sts_world_done, world);
        assert_true(sts_world_advance(world));
        if (n > 0) {
            sts_world_answer(world, &(StsReply){.status = 200, .body = CREDENTIALS("ASIAB", "T")});
            assert_true(sts_world_advance(world));
        }
        aws_source_free(source);
        assert_int_equal(world->cancelled, n + 1);
    }
    assert_true(timers_next_usec(world->timers) == TIMER_NEVER);
    assert_false(world->done);
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, sts_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WORLD_TEST(assumes_a_role_with_what_the_inner_source_gave),
        WORLD_TEST(makes_up_a_session_name),
        WORLD_TEST(follows_a_chain_of_roles_from_the_inside_out),
        WORLD_TEST(uses_what_the_inner_source_gave_even_if_it_looks_expired),
        WORLD_TEST(says_who_asked_where_and_what_came_back),
        WORLD_TEST(passes_the_inner_error_on_and_asks_nobody),
        WORLD_TEST(stops_a_chain_at_the_first_no),
        WORLD_TEST(says_that_an_endpoint_is_none),
        WORLD_TEST(can_be_freed_at_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
