/* SPDX-License-Identifier: Apache-2.0 */
/* What targets take from the environment and the AWS shared files, and what is wrong with it; each
 * error with its file and line. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/config/config.h"
#include "tests/unit/config-world.h"

static void test_max_attempts(void **state)
{
    CLEANUP(config_freep) Config *profile = NULL;
    CLEANUP(config_freep) Config *environment = NULL;
    CLEANUP(config_freep) Config *file = NULL;

    (void)state;
    write_file(CONF, "[target a]\n[target b]\nprofile = busy\n");
    write_file("config", "[default]\n[profile busy]\nmax_attempts = 5\n");
    write_file("credentials", "[busy]\naws_access_key_id = AKID\naws_secret_access_key = x\n");
    setenv("AWS_CONFIG_FILE", "config", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "credentials", 1);

    profile = expect_loaded();
    assert_int_equal(profile->max_attempts, 3);
    assert_int_equal(profile->targets[0]->account.max_attempts, 3);
    assert_int_equal(profile->targets[1]->account.max_attempts, 5);

    setenv("AWS_MAX_ATTEMPTS", "4", 1);
    environment = expect_loaded();
    assert_int_equal(environment->max_attempts, 4);
    assert_int_equal(environment->targets[1]->account.max_attempts, 4);

    setenv("AWS_MAX_ATTEMPTS", "11", 1);
    expect_error("$AWS_MAX_ATTEMPTS: max-attempts: \"11\" is not a whole number from 1 to 10");

    /* The file has the last word, and then the environment does not matter. */
    write_file(CONF, "[calls]\nmax-attempts = 2\n[target b]\nprofile = busy\n");
    file = expect_loaded();
    assert_int_equal(file->max_attempts, 2);
    assert_int_equal(file->targets[0]->account.max_attempts, 2);

    unsetenv("AWS_MAX_ATTEMPTS");
    write_file(CONF, "\n[target b]\nprofile = busy\n");
    write_file("config", "[profile busy]\nmax_attempts = none\n");
    expect_error(CONF ":3: target b: profile busy: max-attempts: \"none\" is not a whole number "
                      "from 1 to 10");
}

static void test_what_a_target_lacks_is_named_where_it_is_declared(void **state)
{
    Config *config = NULL;
    CLEANUP(freep) char *error = NULL;
    CLEANUP(freep) char *undeclared = NULL;

    (void)state;
    unsetenv("AWS_REGION");
    write_file(CONF, "[target a]\nregion = us-east-1\n[target b]\n");
    assert_int_equal(config_load(CONF, NULL, note_warning, &config, &error), -EINVAL);
    assert_int_equal(strncmp(error, CONF ":3: target b: ", strlen(CONF ":3: target b: ")), 0);

    write_file(CONF, "");
    assert_int_equal(config_load(CONF, NULL, note_warning, &config, &undeclared), -EINVAL);
    assert_int_equal(strncmp(undeclared, "target default: ", strlen("target default: ")), 0);
}

static void test_what_a_target_has_wrong_is_named_where_it_is_written(void **state)
{
    (void)state;
    write_file(CONF, "\n[target a]\nstop-rate = 1\nendpoint-url = https://trail.example\n"
                     "use-fips-endpoint = yes\n");
    expect_error(CONF ":4: target a: endpoint-url: a custom endpoint cannot be combined with FIPS");
    write_file(CONF, "[target a]\nregion = us_east\n");
    expect_error(CONF ":2: target a: \"us_east\" is not a region");
    write_file(CONF, "[target a]\n\nca-bundle = /dev/null/x\n");
    expect_error(CONF ":3: target a: the CA bundle /dev/null/x: cannot be read: Not a directory");

    /* Of two that say it, the later one. */
    write_file(CONF, "[target a]\nprofile = one\nregion = us_east\n");
    write_file(DROP_IN("a.conf"), "[target b]\n\n[target a]\nprofile = nope\n");
    expect_error(DROP_IN("a.conf") ":4: target a: profile nope is in none of the shared files");
    write_file(DROP_IN("b.conf"), "[target a]\nprofile =\n");
    expect_error(CONF ":3: target a: \"us_east\" is not a region");
}

/* What may be repaired while the daemon runs is not an error of the configuration. */
static void test_trouble_of_credentials(void **state)
{
    CLEANUP(freep) char *of_environment = NULL;
    CLEANUP(freep) char *of_file = NULL;
    CLEANUP(freep) char *none = NULL;
    CLEANUP(config_freep) Config *environment = NULL;
    CLEANUP(config_freep) Config *file = NULL;
    CLEANUP(config_freep) Config *good = NULL;

    (void)state;
    unsetenv("AWS_SECRET_ACCESS_KEY");
    write_file("credentials", "[half]\naws_access_key_id = AKID\n");
    setenv("AWS_SHARED_CREDENTIALS_FILE", "credentials", 1);
    write_file(CONF, "\n[target a]\n");
    environment = expect_loaded();
    assert_int_equal(config_check_accounts(environment, &of_environment), -EINVAL);
    assert_string_equal(of_environment, CONF ":2: target a: environment: an access key id without "
                                             "its secret access key");

    write_file(CONF, "\n[target a]\nprofile = half\n");
    file = expect_loaded();
    assert_int_equal(config_check_accounts(file, &of_file), -EINVAL);
    assert_string_equal(of_file, "credentials:2: target a: profile half in credentials: an access "
                                 "key id without its secret access key");

    setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-test", 1);
    write_file(CONF, "[target a]\n");
    good = expect_loaded();
    assert_int_equal(config_check_accounts(good, &none), 0);
    assert_null(none);
}

static void test_a_broken_profile_file(void **state)
{
    /* Variables without which something of the file is needed; NULL: the target names a profile. */
    static const char *const needs[] = {"AWS_REGION", "AWS_ACCESS_KEY_ID", NULL};

    (void)state;
    write_file(CONF, "");
    write_file("config", "[default]\nnonsense\n");
    setenv("AWS_CONFIG_FILE", "config", 1);
    for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
        Config *config = NULL;
        CLEANUP(freep) char *error = NULL;
        CLEANUP(freep) char *value = NULL;
        if (needs[i])
            value = strdup(getenv(needs[i]));
        if (needs[i])
            unsetenv(needs[i]);
        else
            write_file(CONF, "[target a]\nprofile = default\n");
        assert_int_equal(config_load(CONF, NULL, note_warning, &config, &error), -EINVAL);
        assert_int_equal(strncmp(error, "config:2: ", strlen("config:2: ")), 0);
        if (needs[i])
            setenv(needs[i], value, 1);
    }
}

static void test_a_broken_profile_file_of_which_nothing_is_needed(void **state)
{
    CLEANUP(config_freep) Config *config = NULL;

    (void)state;
    write_file(CONF, "");
    write_file("config", "[default]\nnonsense\n");
    setenv("AWS_CONFIG_FILE", "config", 1);
    config = expect_loaded();
    assert_int_equal(strncmp(last_warning, "config:2: ", strlen("config:2: ")), 0);
    assert_int_equal(config_check_accounts(config, NULL), 0);
}

static void test_a_reload_takes_the_last_good_reading(void **state)
{
    CLEANUP(config_freep) Config *running = NULL;
    CLEANUP(config_freep) Config *fresh = NULL;
    CLEANUP(freep) char *error = NULL;

    (void)state;
    unsetenv("AWS_REGION");
    write_file(CONF, "[target a]\nprofile = a\n");
    write_file("config", "[profile a]\nregion = us-west-2\naws_access_key_id = AKID\n"
                         "aws_secret_access_key = a-secret-of-the-test\n");
    setenv("AWS_CONFIG_FILE", "config", 1);
    running = expect_loaded();
    fresh = NULL;
    error = NULL;

    write_file("config", "[profile a]\nregion");
    assert_int_equal(config_load(CONF, running, note_warning, &fresh, &error), 0);
    assert_string_equal(fresh->targets[0]->account.settings->region, "us-west-2");
    assert_int_equal(strncmp(last_warning, "config:2: ", strlen("config:2: ")), 0);
}

static void test_warnings_stand_beside_an_error(void **state)
{
    Config *config = NULL;
    CLEANUP(freep) char *error = NULL;

    (void)state;
    write_file(CONF, "[target a]\nprofile = prod\n");
    write_file("config", "[prod]\nregion = us-west-2\n");
    setenv("AWS_CONFIG_FILE", "config", 1);
    last_warning[0] = '\0';
    assert_int_equal(config_load(CONF, NULL, note_warning, &config, &error), -EINVAL);
    assert_non_null(strstr(error, "profile prod is in none"));
    assert_int_equal(strncmp(last_warning, "config:1: ", strlen("config:1: ")), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_max_attempts),
        TEST(test_what_a_target_lacks_is_named_where_it_is_declared),
        TEST(test_what_a_target_has_wrong_is_named_where_it_is_written),
        TEST(test_trouble_of_credentials),
        TEST(test_a_broken_profile_file),
        TEST(test_a_broken_profile_file_of_which_nothing_is_needed),
        TEST(test_a_reload_takes_the_last_good_reading),
        TEST(test_warnings_stand_beside_an_error),
    };

    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
