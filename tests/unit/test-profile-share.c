/* SPDX-License-Identifier: Apache-2.0 */
/* Who shares a reading of the AWS shared files, and for how long. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/credentials/profile-share.h"
#include "tests/unit/virtual-clock.h"

static char path[] = "/tmp/trailstop-share-XXXXXX";

typedef struct Fixture {
    VirtualClock virtual;
    Clock clock;
    Timers *timers;
    AwsSharedFiles *files;
    AwsProfileShare *share;
} Fixture;

static int set_up(void **state)
{
    static Fixture fixture;

    fixture = (Fixture){.virtual = {.boottime_usec = USEC_PER_DAY}};
    fixture.clock = virtual_clock(&fixture.virtual);
    *state = &fixture;
    return timers_new(&fixture.clock, &fixture.timers) < 0 ||
                   aws_shared_files_new(&fixture.files) < 0 ||
                   aws_profile_share_new(fixture.timers, fixture.files, &fixture.share) < 0
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    Fixture *fixture = *state;

    aws_profile_share_free(fixture->share);
    aws_shared_files_unref(fixture->files);
    timers_free(fixture->timers);
    return 0;
}

static int set_up_file(void **state)
{
    int fd = mkstemp(path);

    (void)state;
    if (fd < 0 || close(fd) < 0 || unsetenv("CREDENTIALS_DIRECTORY") < 0 ||
        setenv("AWS_CONFIG_FILE", path, 1) < 0)
        return -1;
    return setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent", 1);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

static void write_region(const char *region)
{
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fprintf(file, "[default]\nregion = %s\n", region) > 0);
    assert_int_equal(fclose(file), 0);
}

static AwsProfileReading *get(Fixture *fixture)
{
    AwsProfileReading *reading = NULL;

    assert_int_equal(aws_profile_share_get(fixture->share, &reading), 0);
    return reading;
}

static void assert_region(const AwsProfileReading *reading, const char *region)
{
    assert_string_equal(aws_profiles_get(reading->profiles, "default", "region"), region);
}

static void test_all_of_a_turn_share_one_reading(void **state)
{
    Fixture *fixture = *state;
    AwsProfileReading *first, *second;

    write_region("eu-west-1");
    first = get(fixture);
    write_region("eu-west-2");
    second = get(fixture);
    assert_ptr_equal(first, second);
    assert_region(second, "eu-west-1");
    aws_profile_reading_unref(first);
    assert_region(second, "eu-west-1");
    aws_profile_reading_unref(second);
}

static void test_the_next_turn_reads_again(void **state)
{
    Fixture *fixture = *state;
    AwsProfileReading *first, *second;

    write_region("eu-west-1");
    first = get(fixture);
    write_region("eu-west-2");
    fixture->virtual.boottime_usec++;
    timers_run(fixture->timers);
    second = get(fixture);
    assert_region(first, "eu-west-1"); /* a fetch that takes longer goes on with what it has */
    assert_region(second, "eu-west-2");
    aws_profile_reading_unref(first);
    aws_profile_reading_unref(second);
}

static void end_turn(Fixture *fixture)
{
    fixture->virtual.boottime_usec++;
    timers_run(fixture->timers);
}

static void test_what_cannot_be_read_is_not_kept(void **state)
{
    Fixture *fixture = *state;
    AwsProfileReading *reading;
    FILE *file = fopen(path, "we");

    assert_non_null(file);
    assert_true(fputs("what is this\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    reading = get(fixture);
    assert_non_null(strstr(aws_profiles_error(reading->profiles), ":1: "));
    aws_profile_reading_unref(reading);
    end_turn(fixture);

    write_region("eu-west-1");
    reading = get(fixture);
    assert_null(aws_profiles_error(reading->profiles));
    assert_region(reading, "eu-west-1");
    aws_profile_reading_unref(reading);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(test_all_of_a_turn_share_one_reading),
        TEST(test_the_next_turn_reads_again),
        TEST(test_what_cannot_be_read_is_not_kept),
    };

    return cmocka_run_group_tests_name("profile-share", tests, set_up_file, remove_file);
}
