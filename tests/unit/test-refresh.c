/* SPDX-License-Identifier: Apache-2.0 */
/* How a provider keeps credentials fresh: daemon/credentials/provider.c, with those of a
 * container. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/time.h"
#include "tests/unit/credentials-world.h"

#define URL "http://169.254.170.2/c"

#define ANSWERS(id, expiration)                                                                    \
    {                                                                                              \
        .method = "GET", .url = URL, .status = 200,                                                \
        .body = "{\"AccessKeyId\": \"" id "\", \"SecretAccessKey\": \"s\", \"Token\": \"t\","      \
                "\"Expiration\": \"" expiration "\"}"                                              \
    }
#define REFUSES                                                                                    \
    {                                                                                              \
        .method = "GET", .url = URL, .status = 400                                                 \
    }

static const Exchange first[] = {ANSWERS("FIRST", "2026-11-22T13:00:00Z")};
static const Exchange second[] = {ANSWERS("SECOND", "2026-11-22T14:00:00Z")};
static const Exchange refused[] = {REFUSES};

static void set_time(CredentialsWorld *world, const char *rfc3339)
{
    uint64_t before_usec = world->realtime_usec;

    world_set_time(world, rfc3339);
    world->boottime_usec += world->realtime_usec - before_usec;
}

static void get(CredentialsWorld *world, const char *access_key_id)
{
    world_get(world);
    if (world->error)
        fail_msg("%s", world->error);
    assert_string_equal(world->credentials->access_key_id, access_key_id);
}

/* As fetched at twelve, and good until one. */
static void begin(CredentialsWorld *world)
{
    world_setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
    WORLD_SCRIPT(world, first);
    get(world, "FIRST");
    assert_int_equal(timers_next_usec(world->timers), TIMER_NEVER);
}

static void test_refresh_goes_on_in_the_background(void **state)
{
    CredentialsWorld *world = *state;

    begin(world);
    set_time(world, "2026-11-22T12:44:59Z");
    get(world, "FIRST");
    world_settle(world);

    set_time(world, "2026-11-22T12:45:00Z");
    WORLD_SCRIPT(world, second);
    get(world, "FIRST");
    assert_int_equal(world->n_answered, 0);
    get(world, "FIRST"); /* the fetch under way is the only one */
    assert_int_equal(world->n_asked, 1);
    world_settle(world);
    get(world, "SECOND");
    set_time(world, "2026-11-22T13:30:00Z");
    get(world, "SECOND");
}

static void test_old_ones_are_used_until_they_expire(void **state)
{
    CredentialsWorld *world = *state;

    begin(world);
    set_time(world, "2026-11-22T12:50:00Z");
    WORLD_SCRIPT(world, refused);
    get(world, "FIRST");
    world_settle(world);
    assert_int_equal(world->n_answered, 1);
    get(world, "FIRST"); /* nothing is asked again so soon */

    set_time(world, "2026-11-22T12:59:59Z");
    WORLD_SCRIPT(world, refused);
    get(world, "FIRST");
    world_settle(world);
    assert_int_equal(world->n_answered, 1);

    set_time(world, "2026-11-22T13:00:00Z");
    WORLD_SCRIPT(world, refused);
    world_get(world);
    world_assert_fails(world, "HTTP status 400");
    WORLD_SCRIPT(world, second); /* a caller that asks after a failure starts a new fetch */
    get(world, "SECOND");
}

static void test_refreshes_that_fail_come_ever_more_seldom(void **state)
{
    static const Exchange script[] = {REFUSES, REFUSES, REFUSES, REFUSES, REFUSES, REFUSES,
                                      REFUSES, REFUSES, REFUSES, REFUSES, REFUSES};
    CredentialsWorld *world = *state;

    begin(world);
    set_time(world, "2026-11-22T12:50:00Z");
    WORLD_SCRIPT(world, script);
    for (unsigned second_of = 0; second_of < 240; second_of++) {
        get(world, "FIRST");
        world_settle(world);
        world->boottime_usec += USEC_PER_SEC;
        world->realtime_usec += USEC_PER_SEC;
    }
    /* Between two of them 1, 2, 4, ... 32 s, then a minute each; at random a quarter less here. */
    assert_int_equal(world->n_answered, 11);
    world->n_exchanges = world->n_answered;
}

static void test_short_lived_ones_are_not_asked_for_all_the_time(void **state)
{
    static const Exchange short_lived[] = {ANSWERS("FIRST", "2026-11-22T12:05:00Z")};
    CredentialsWorld *world = *state;

    world_setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
    WORLD_SCRIPT(world, short_lived);
    get(world, "FIRST");
    get(world, "FIRST");
    world_settle(world);
    world->boottime_usec += USEC_PER_SEC;
    WORLD_SCRIPT(world, second);
    get(world, "FIRST");
    world_settle(world);
    get(world, "SECOND");
}

static void test_clock_of_this_host_may_be_wrong(void **state)
{
    static const Exchange expired[] = {ANSWERS("FIRST", "2009-02-13T23:31:30Z")};
    CredentialsWorld *world = *state;

    world_setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/c");
    WORLD_SCRIPT(world, expired);
    get(world, "FIRST");
    assert_true(world->credentials->expires_usec > world->realtime_usec);
    set_time(world, "2026-11-22T12:05:00Z");
    WORLD_SCRIPT(world, second);
    get(world, "SECOND");
}

static void test_rejected_ones_are_fetched_again(void **state)
{
    CredentialsWorld *world = *state;

    begin(world);
    world->provider->reject(world->provider, world->credentials);
    WORLD_SCRIPT(world, refused);
    world_get(world);
    world_assert_fails(world, "HTTP status 400");
    WORLD_SCRIPT(world, second);
    get(world, "SECOND");
}

static void test_end_while_a_refresh_is_under_way(void **state)
{
    CredentialsWorld *world = *state;

    begin(world);
    set_time(world, "2026-11-22T12:50:00Z");
    WORLD_SCRIPT(world, second);
    get(world, "FIRST");
    assert_int_equal(world->n_asked, 1);
    aws_credentials_provider_unref(world->provider);
    world->provider = NULL;
    assert_int_equal(world->n_cancelled, 1);
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, credentials_world_setup, credentials_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_refresh_goes_on_in_the_background),
        TEST(test_old_ones_are_used_until_they_expire),
        TEST(test_refreshes_that_fail_come_ever_more_seldom),
        TEST(test_short_lived_ones_are_not_asked_for_all_the_time),
        TEST(test_clock_of_this_host_may_be_wrong),
        TEST(test_rejected_ones_are_fetched_again),
        TEST(test_end_while_a_refresh_is_under_way),
    };

    return cmocka_run_group_tests_name("refresh", tests, credentials_world_setup_group,
                                       credentials_world_teardown_group);
}
