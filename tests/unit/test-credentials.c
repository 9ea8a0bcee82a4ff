/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/aws/credentials.h: which of the environment and the shared files gives the keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/provider-world.h"

static void test_environment(void **state)
{
    world_set_keys(" AKID\n", "5ecr3t", "t0k3n");
    world_write(credentials_path,
                "[default]\naws_access_key_id = no\naws_secret_access_key = no\n");
    world_connect(*state, &(AwsSection){0});
    world_assert_keys(world_get(*state), "AKID", "5ecr3t", "t0k3n");
    assert_string_equal(((Fixture *)*state)->provider->source, "environment");
}

static void test_the_former_name_of_the_session_token(void **state)
{
    Fixture *fixture = *state;

    world_set_keys("AKID", "5ecr3t", "");
    assert_int_equal(setenv("AWS_SECURITY_TOKEN", "f0rm3r", 1), 0);
    world_connect(fixture, &(AwsSection){0});
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", "f0rm3r");
    world_set_keys("AKID", "5ecr3t", "t0k3n");
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", "t0k3n");
    assert_int_equal(unsetenv("AWS_SECURITY_TOKEN"), 0);
}

static void test_the_former_name_of_a_profile_s_session_token(void **state)
{
    static const char keys[] = "[x]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n"
                               "aws_security_token = f0rm3r\n";
    char both[256];
    Fixture *fixture = *state;

    world_write(credentials_path, keys);
    world_connect(fixture, &(AwsSection){.profile = (char *)"x"});
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", "f0rm3r");
    snprintf(both, sizeof(both), "%saws_session_token = t0k3n\n", keys);
    world_write(credentials_path, both);
    fixture->provider->reject(fixture->provider, fixture->waiters[0].credentials);
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", "t0k3n");
}

static void test_environment_without_token(void **state)
{
    world_set_keys("AKID", "5ecr3t", "");
    world_connect(*state, &(AwsSection){0});
    world_assert_keys(world_get(*state), "AKID", "5ecr3t", NULL);
}

static void test_blank_environment_is_unset(void **state)
{
    world_set_keys(" ", " ", "t0k3n");
    world_write(credentials_path,
                "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    world_connect(*state, &(AwsSection){0});
    world_assert_keys(world_get(*state), "AKID", "5ecr3t", NULL);
}

static void test_half_a_pair(void **state)
{
    world_set_keys("AKID", "", "t0k3n");
    world_write(credentials_path,
                "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    world_connect(*state, &(AwsSection){0});
    world_assert_fails(world_get(*state), "environment: an access key id without its secret");
}

static void test_keys_fit_into_a_header(void **state)
{
    world_set_keys("AKID", "5ecr3t", "t0k3n\nX: y");
    world_connect(*state, &(AwsSection){0});
    world_assert_fails(world_get(*state), "control characters");
}

static void test_profile_passes_over_environment(void **state)
{
    world_set_keys("no", "no", "no");
    world_write(config_path, "[profile audit]\naws_access_key_id = AKID\n"
                             "aws_secret_access_key = 5ecr3t\naws_session_token = t0k3n\n");
    world_connect(*state, &(AwsSection){.profile = (char *)"audit"});
    world_assert_keys(world_get(*state), "AKID", "5ecr3t", "t0k3n");
}

static void test_credentials_file_wins(void **state)
{
    world_write(config_path, "[default]\naws_access_key_id = no\naws_secret_access_key = no\n");
    world_write(credentials_path,
                "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    world_connect(*state, &(AwsSection){0});
    world_assert_keys(world_get(*state), "AKID", "5ecr3t", NULL);
}

/* The files are one profile, key by key. */
static void test_keys_split_over_the_files(void **state)
{
    world_write(config_path, "[default]\naws_access_key_id = no\naws_secret_access_key = 5ecr3t\n"
                             "aws_session_token = t0k3n\n");
    world_write(credentials_path, "[default]\naws_access_key_id = AKID\n");
    world_connect(*state, &(AwsSection){0});
    world_assert_keys(world_get(*state), "AKID", "5ecr3t", "t0k3n");
}

static void test_credential_of_systemd(void **state)
{
    Fixture *fixture = *state;
    char source[128];

    world_write(credentials_path, "[default]\naws_access_key_id = no\n"
                                  "aws_secret_access_key = no\n");
    world_write(system_path,
                "[default]\naws_access_key_id = AKID\naws_secret_access_key = 5ecr3t\n");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", directory, 1), 0);
    world_connect(fixture, &(AwsSection){0});
    world_assert_keys(world_get(fixture), "AKID", "5ecr3t", NULL);
    snprintf(source, sizeof(source), "profile default in %s", system_path);
    assert_string_equal(fixture->provider->source, source);
}

static void test_none_at_all(void **state)
{
    Fixture *fixture = *state;

    assert_int_equal(setenv("AWS_EC2_METADATA_DISABLED", "true", 1), 0);
    world_connect(fixture, &(AwsSection){0});
    assert_null(fixture->provider->source);
    world_assert_fails(world_get(fixture), "neither the environment nor profile default names any");
}

#define TEST(function)                                                                             \
    cmocka_unit_test_setup_teardown(function, provider_world_setup, provider_world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_environment),
        TEST(test_the_former_name_of_the_session_token),
        TEST(test_the_former_name_of_a_profile_s_session_token),
        TEST(test_environment_without_token),
        TEST(test_blank_environment_is_unset),
        TEST(test_half_a_pair),
        TEST(test_keys_fit_into_a_header),
        TEST(test_profile_passes_over_environment),
        TEST(test_credentials_file_wins),
        TEST(test_keys_split_over_the_files),
        TEST(test_credential_of_systemd),
        TEST(test_none_at_all),
    };

    return cmocka_run_group_tests(tests, provider_world_setup_group, provider_world_teardown_group);
}
