/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/credentials.h: how a provider shares one fetch, and when it fetches again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/memory.h"
#include "tests/unit/provider-world.h"

static void test_one_fetch_for_all(void **state)
{
    Fixture *fixture = *state;

    world_set_keys("AKID", "5ecr3t", "");
    world_connect(fixture, &(AwsSection){0});
    for (size_t i = 0; i < N_WAITS; i++)
        world_ask(fixture, i);
    world_run(fixture);
    for (size_t i = 0; i < N_WAITS; i++)
        assert_int_equal(fixture->waiters[i].n_done, 1);
    assert_ptr_equal(fixture->waiters[0].credentials, fixture->waiters[2].credentials);

    world_set_keys("AKID2", "5ecr3t2", "");
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", NULL);
    assert_int_equal(timers_next_usec(fixture->timers), TIMER_NEVER);
    assert_int_equal(world_count_events("credentials-obtained"), 1);
}

static void count(AwsCredentials *credentials, const CallError *error, void *userdata)
{
    assert_non_null(credentials);
    assert_null(error);
    ++*(unsigned *)userdata;
}

static void test_many_have_what_one_fetch_gave_in_as_many_turns_as_it_takes(void **state)
{
    static AwsCredentialsWait waits[2500]; /* a turn hands out to 1,000 */
    Fixture *fixture = *state;
    unsigned n_done = 0;

    world_set_keys("AKID", "5ecr3t", "");
    world_connect(fixture, &(AwsSection){0});
    for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        waits[i] = (AwsCredentialsWait){.done = count, .userdata = &n_done};
        aws_credentials_get(fixture->provider, &waits[i]);
    }
    world_run(fixture);
    world_set_keys("AKID2", "5ecr3t2", "");
    assert_int_equal(n_done, 1000);
    world_run(fixture);
    assert_int_equal(n_done, 2000);
    world_run(fixture);
    assert_int_equal(n_done, 2500);
    assert_int_equal(world_count_events("credentials-obtained"), 1);
}

static void test_cancel(void **state)
{
    Fixture *fixture = *state;

    world_set_keys("AKID", "5ecr3t", "");
    world_connect(fixture, &(AwsSection){0});
    for (size_t i = 0; i < N_WAITS; i++)
        world_ask(fixture, i);
    aws_credentials_cancel(&fixture->waiters[0].wait);
    aws_credentials_cancel(&fixture->waiters[0].wait);
    fixture->waiters[1].cancels = &fixture->waiters[2].wait;
    world_run(fixture);
    assert_int_equal(fixture->waiters[0].n_done, 0);
    assert_int_equal(fixture->waiters[1].n_done, 1);
    assert_int_equal(fixture->waiters[2].n_done, 0);
}

static void test_who_comes_back_waits_for_the_next_turn(void **state)
{
    Fixture *fixture = *state;
    Waiter *waiter = &fixture->waiters[0];

    assert_int_equal(setenv("AWS_EC2_METADATA_DISABLED", "true", 1), 0);
    world_connect(fixture, &(AwsSection){0});
    world_ask(fixture, 0);
    waiter->comes_back = true;
    world_run(fixture);
    assert_int_equal(waiter->n_done, 1);
    world_run(fixture);
    assert_int_equal(waiter->n_done, 2);
    aws_credentials_cancel(&waiter->wait);
}

static void test_rejected_keys_are_read_again(void **state)
{
    Fixture *fixture = *state;
    AwsCredentials *old;

    world_write(credentials_path,
                "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    world_connect(fixture, &(AwsSection){0});
    old = aws_credentials_ref(world_get(fixture)->credentials);
    world_write(credentials_path,
                "[default]\naws_access_key_id = AKID2\naws_secret_access_key = 5ecr3t2\n");
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", NULL);

    fixture->provider->reject(fixture->provider, old);
    world_assert_keys(world_get(fixture), "AKID2", "5ecr3t2", NULL);
    assert_int_equal(world_count_events("credentials-obtained"), 2);

    /* A user of the old ones rejects them late: the new ones stay. */
    world_write(credentials_path, "[default]\n");
    fixture->provider->reject(fixture->provider, old);
    world_assert_keys(world_get(fixture), "AKID2", "5ecr3t2", NULL);
    aws_credentials_unref(old);
}

static void test_same_keys_again_are_no_news(void **state)
{
    Fixture *fixture = *state;

    world_set_keys("AKID", "5ecr3t", "t0k3n");
    world_connect(fixture, &(AwsSection){0});
    fixture->provider->reject(fixture->provider, world_get(fixture)->credentials);
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", "t0k3n");
    assert_int_equal(world_count_events("credentials-obtained"), 1);
}

static void test_a_streak_of_failures_is_one_event(void **state)
{
    static const char good[] = "[x]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n";
    Fixture *fixture = *state;

    world_write(credentials_path, good);
    world_connect(fixture, &(AwsSection){.profile = (char *)"x"});
    world_write(credentials_path, "[x]\naws_access_key_id = AKID\n");
    world_assert_fails(world_get(fixture), "without its secret");
    world_write(credentials_path, "[default]\n");
    world_assert_fails(world_get(fixture), "profile x is in none");
    assert_int_equal(world_count_events("credentials-failed"), 1);

    world_write(credentials_path, good);
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", NULL);
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    world_write(credentials_path, "[x]\naws_access_key_id = AKID\n");
    world_assert_fails(world_get(fixture), "without its secret");
    assert_int_equal(world_count_events("credentials-failed"), 2);
    assert_int_equal(world_count_events("credentials-obtained"), 1);
}

static void test_a_file_that_cannot_be_read_leaves_its_last_good_reading_in_force(void **state)
{
    static const char *const bad[] = {"[x]\nno key\n", "[x", "[x]\n continued\n", "[x]\nno key\n"};
    Fixture *fixture = *state;

    world_write(config_path, "[profile x]\naws_access_key_id = AKID\n");
    world_write(credentials_path, "[x]\naws_secret_access_key = 5ecr3t\n");
    world_connect(fixture, &(AwsSection){.profile = (char *)"x"});
    for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        world_write(credentials_path, bad[i]);
        world_assert_keys(world_get(fixture), "AKID", "5ecr3t", NULL);
        fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
        world_assert_keys(world_get(fixture), "AKID", "5ecr3t", NULL);
        fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
        assert_int_equal(world_count_events("shared-files-warning"), i + 1);
    }
    /* The other file is read on. */
    world_write(config_path, "[profile x]\naws_access_key_id = AKID2\n");
    world_assert_keys(world_get(fixture), "AKID2", "5ecr3t", NULL);
    world_write(credentials_path, "[x]\naws_secret_access_key = 5ecr3t2\n");
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    world_assert_keys(world_get(fixture), "AKID2", "5ecr3t2", NULL);
    assert_int_equal(world_count_events("credentials-failed"), 0);
}

static void test_a_file_that_was_never_good_fails_what_needs_it(void **state)
{
    Fixture *fixture = *state;

    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "AKID", 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "5ecr3t", 1), 0);
    world_write(config_path, "[default]\nhalf");
    world_connect(fixture, &(AwsSection){0});
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", NULL);
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    assert_int_equal(unsetenv("AWS_ACCESS_KEY_ID"), 0);
    world_assert_fails(world_get(fixture), "config:2: ");
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, provider_world_setup, provider_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_fetch_for_all),
        TEST(test_many_have_what_one_fetch_gave_in_as_many_turns_as_it_takes),
        TEST(test_cancel),
        TEST(test_who_comes_back_waits_for_the_next_turn),
        TEST(test_rejected_keys_are_read_again),
        TEST(test_same_keys_again_are_no_news),
        TEST(test_a_streak_of_failures_is_one_event),
        TEST(test_a_file_that_cannot_be_read_leaves_its_last_good_reading_in_force),
        TEST(test_a_file_that_was_never_good_fails_what_needs_it),
    };

    return cmocka_run_group_tests(tests, provider_world_setup_group, provider_world_teardown_group);
}
