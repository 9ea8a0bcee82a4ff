/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/credentials/shared-files.h: which files are read, and what counts while one is broken. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/memory.h"
#include "daemon/credentials/shared-files.h"

/* A home directory of the test's own. */
static char home[] = "/tmp/trailstop-profile-XXXXXX";

static int set_up(void **state)
{
    char path[sizeof(home) + 16];

    (void)state;
    if (!mkdtemp(home))
        return -1;
    snprintf(path, sizeof(path), "%s/.aws", home);
    if (mkdir(path, 0700) < 0 || setenv("HOME", home, 1) < 0)
        return -1;
    return unsetenv("AWS_CONFIG_FILE") + unsetenv("AWS_SHARED_CREDENTIALS_FILE") +
           unsetenv("CREDENTIALS_DIRECTORY");
}

static const char *const file_names[] = {".aws/config", ".aws/credentials", "aws-credentials",
                                         "other"};

static const char *in_home(const char *name, char buffer[static 128])
{
    snprintf(buffer, 128, "%s/%s", home, name);
    return buffer;
}

static int tear_down(void **state)
{
    char path[128];

    (void)state;
    for (size_t i = 0; i < sizeof(file_names) / sizeof(*file_names); i++)
        unlink(in_home(file_names[i], path));
    return rmdir(in_home(".aws", path)) + rmdir(home);
}

static void write_file(const char *name, const char *text, size_t size)
{
    char path[128];
    CLEANUP(fclosep) FILE *file = fopen(in_home(name, path), "we");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, size, file), size);
}

/* With text a literal, which may hold a NUL. */
#define WRITE_FILE(name, text) write_file(name, text, sizeof(text) - 1)

static void load(AwsProfiles **ret)
{
    CLEANUP(aws_shared_files_unrefp) AwsSharedFiles *files = NULL;

    assert_int_equal(aws_shared_files_new(&files), 0);
    assert_int_equal(aws_shared_files_read(files, ret), 0);
    assert_null(aws_profiles_stale(*ret));
}

static void test_load_without_files(void **state)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    char path[128];

    (void)state;
    load(&profiles);
    assert_false(aws_profiles_has(profiles, "default"));
    assert_string_equal(aws_profiles_config_file(profiles), in_home(".aws/config", path));
}

static void test_load_from_home(void **state)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    char path[128];

    (void)state;
    WRITE_FILE(".aws/config", "[profile foo]\na = config\nb = config\n");
    WRITE_FILE(".aws/credentials", "[foo]\nb = credentials\nc = credentials\n");
    load(&profiles);
    assert_string_equal(aws_profiles_get(profiles, "foo", "a"), "config");
    assert_string_equal(aws_profiles_get(profiles, "foo", "b"), "credentials");
    assert_ptr_equal(aws_profiles_file(profiles, "foo", "a"), aws_profiles_config_file(profiles));
    assert_string_equal(aws_profiles_file(profiles, "foo", "b"), in_home(".aws/credentials", path));
}

static void test_load_from_where_the_environment_says(void **state)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    char path[128];

    (void)state;
    WRITE_FILE("other", "[profile bar]\na = other\n");
    assert_int_equal(setenv("AWS_CONFIG_FILE", in_home("other", path), 1), 0);
    assert_int_equal(setenv("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", 1), 0);
    load(&profiles);
    assert_int_equal(unsetenv("AWS_CONFIG_FILE"), 0);
    assert_int_equal(unsetenv("AWS_SHARED_CREDENTIALS_FILE"), 0);
    assert_string_equal(aws_profiles_get(profiles, "bar", "a"), "other");
    assert_null(aws_profiles_get(profiles, "foo", "a"));
    assert_string_equal(aws_profiles_get(profiles, "foo", "b"), "credentials");
}

static void test_load_credentials_of_systemd(void **state)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    char path[128];

    (void)state;
    WRITE_FILE("aws-credentials", "[foo]\nc = systemd\n");
    assert_int_equal(setenv("CREDENTIALS_DIRECTORY", home, 1), 0);
    load(&profiles);
    assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
    assert_string_equal(aws_profiles_get(profiles, "foo", "b"), "credentials");
    assert_string_equal(aws_profiles_get(profiles, "foo", "c"), "systemd");
    assert_string_equal(aws_profiles_file(profiles, "foo", "c"), in_home("aws-credentials", path));
}

static void assert_load_fails(const char *file)
{
    CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
    const char *error;

    assert_int_equal(setenv("AWS_CONFIG_FILE", file, 1), 0);
    load(&profiles);
    assert_int_equal(unsetenv("AWS_CONFIG_FILE"), 0);
    error = aws_profiles_error(profiles);
    assert_non_null(error);
    assert_int_equal(strncmp(error, file, strlen(file)), 0);
    assert_false(aws_profiles_has(profiles, "a"));
    assert_true(aws_profiles_has(profiles, "foo")); /* of the other file */
}

static void test_load_failures(void **state)
{
    char path[128];

    (void)state;
    assert_load_fails(home);
    WRITE_FILE("other", "[profile a]\0\nb = c\n");
    assert_load_fails(in_home("other", path));
    WRITE_FILE("other", "[profile a]\nb\n");
    assert_load_fails(in_home("other", path));
    assert_int_equal(truncate(in_home("other", path), 2 * 1024 * 1024), 0);
    assert_load_fails(in_home("other", path));
}

static const char *const bad_texts[] = {"[profile a]\nregion\n", "[profile a", "region = x\n",
                                        "[profile a]\n  region = x\n", "[profile a]\ns3 =\n  x\n"};

static void test_a_half_written_file_counts_as_it_was(void **state)
{
    CLEANUP(aws_shared_files_unrefp) AwsSharedFiles *files = NULL;
    char path[128];

    (void)state;
    assert_int_equal(setenv("AWS_CONFIG_FILE", in_home("other", path), 1), 0);
    WRITE_FILE("other", "[profile a]\nregion = good\n");
    assert_int_equal(aws_shared_files_new(&files), 0);
    assert_int_equal(unsetenv("AWS_CONFIG_FILE"), 0);
    for (size_t i = 0; i < 2 * sizeof(bad_texts) / sizeof(*bad_texts); i++) {
        CLEANUP(aws_profiles_freep) AwsProfiles *profiles = NULL;
        const char *bad = bad_texts[i / 2];
        if (i % 2)
            write_file("other", bad, strlen(bad));
        else
            WRITE_FILE("other", "[profile a]\nregion = good\n");
        assert_int_equal(aws_shared_files_read(files, &profiles), 0);
        assert_string_equal(aws_profiles_get(profiles, "a", "region"), "good");
        assert_null(aws_profiles_error(profiles));
        assert_int_equal(aws_profiles_stale(profiles) != NULL, i % 2);
    }
}

/* There was none, and that too is a reading. */
static void test_a_half_written_file_that_was_not_there_counts_as_missing(void **state)
{
    CLEANUP(aws_shared_files_unrefp) AwsSharedFiles *files = NULL;
    CLEANUP(aws_profiles_freep) AwsProfiles *before = NULL;
    CLEANUP(aws_profiles_freep) AwsProfiles *after = NULL;
    char path[128];

    (void)state;
    unlink(in_home("other", path));
    assert_int_equal(setenv("AWS_CONFIG_FILE", path, 1), 0);
    assert_int_equal(aws_shared_files_new(&files), 0);
    assert_int_equal(unsetenv("AWS_CONFIG_FILE"), 0);
    assert_int_equal(aws_shared_files_read(files, &before), 0);
    WRITE_FILE("other", "[profile a]\nregion");
    assert_int_equal(aws_shared_files_read(files, &after), 0);
    assert_false(aws_profiles_has(after, "a"));
    assert_null(aws_profiles_error(after));
    assert_non_null(strstr(aws_profiles_stale(after), "other:2: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_without_files),
        cmocka_unit_test(test_load_from_home),
        cmocka_unit_test(test_load_from_where_the_environment_says),
        cmocka_unit_test(test_load_credentials_of_systemd),
        cmocka_unit_test(test_load_failures),
        cmocka_unit_test(test_a_half_written_file_counts_as_it_was),
        cmocka_unit_test(test_a_half_written_file_that_was_not_there_counts_as_missing),
    };

    return cmocka_run_group_tests_name("profile-load", tests, set_up, tear_down);
}
