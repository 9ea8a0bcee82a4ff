/* SPDX-License-Identifier: Apache-2.0 */
/* Histories by the thousand. $MODEL_HISTORIES says how many, $MODEL_SEED with which seed to begin;
 * the seed says what kind of history it is. $MODEL_TESTS is a pattern of the tests to run. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <ftw.h>

#include "tests/model/history.h"
#include "tests/model/hosts.h"

#define N_HISTORIES 1000U
#define N_HOSTS_HISTORIES 200U
#define SEED_FIRST 1U

static char directory[64];

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 0) : otherwise;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

static void remove_directory(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* A directory of its own for the history of this seed, which is removed with all that is in it. */
static const char *make_directory(uint64_t seed, char *buffer, size_t size)
{
    snprintf(buffer, size, "%s/%llu", directory, (unsigned long long)seed);
    assert_int_equal(mkdir(buffer, 0700), 0);
    return buffer;
}

/* The seeds of a kind are those that leave it as the remainder. */
static void run_kinds(unsigned kind, unsigned n_kinds, uint64_t n_histories,
                      void (*run)(unsigned kind, uint64_t seed, const char *path))
{
    uint64_t first = from_environment("MODEL_SEED", SEED_FIRST);
    uint64_t end = first + from_environment("MODEL_HISTORIES", n_histories);

    for (uint64_t seed = first; seed < end; seed++) {
        char path[128];

        if (seed % n_kinds != kind)
            continue;
        run(kind, seed, make_directory(seed, path, sizeof(path)));
        remove_directory(path);
    }
}

static void run_one(unsigned kind, uint64_t seed, const char *path)
{
    history_run(kind, seed, path);
}

static void run_hosts(unsigned kind, uint64_t seed, const char *path)
{
    hosts_run(kind, seed, path);
}

static void test_calm_histories(void **state)
{
    (void)state;
    run_kinds(HISTORY_CALM, N_HISTORY_KINDS, N_HISTORIES, run_one);
}

static void test_histories_with_faults(void **state)
{
    (void)state;
    run_kinds(HISTORY_FAULTS, N_HISTORY_KINDS, N_HISTORIES, run_one);
}

static void test_histories_with_restarts(void **state)
{
    (void)state;
    run_kinds(HISTORY_RESTARTS, N_HISTORY_KINDS, N_HISTORIES, run_one);
}

static void test_histories_with_kills(void **state)
{
    (void)state;
    run_kinds(HISTORY_KILLS, N_HISTORY_KINDS, N_HISTORIES, run_one);
}

static void test_hosts_that_are_well(void **state)
{
    (void)state;
    run_kinds(HOSTS_CALM, N_HOSTS_KINDS, N_HOSTS_HISTORIES, run_hosts);
}

static void test_hosts_with_faults(void **state)
{
    (void)state;
    run_kinds(HOSTS_FAULTS, N_HOSTS_KINDS, N_HOSTS_HISTORIES, run_hosts);
}

static void test_hosts_that_stop(void **state)
{
    (void)state;
    run_kinds(HOSTS_STOPS, N_HOSTS_KINDS, N_HOSTS_HISTORIES, run_hosts);
}

static void test_hosts_that_are_killed(void **state)
{
    (void)state;
    run_kinds(HOSTS_KILLS, N_HOSTS_KINDS, N_HOSTS_HISTORIES, run_hosts);
}

static void test_hosts_that_stand_still(void **state)
{
    (void)state;
    run_kinds(HOSTS_PAUSES, N_HOSTS_KINDS, N_HOSTS_HISTORIES, run_hosts);
}

/* A file system in memory syncs at no cost. */
static int set_up(void **state)
{
    const char *parent = getenv("TMPDIR");

    (void)state;
    snprintf(directory, sizeof(directory), "%s/trailstop-model-XXXXXX",
             parent ? parent : "/dev/shm");
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", 1);
    setenv("AWS_EC2_METADATA_DISABLED", "true", 1);
    unsetenv("AWS_SESSION_TOKEN");
    unsetenv("AWS_PROFILE");
    unsetenv("CREDENTIALS_DIRECTORY");
    return mkdtemp(directory) ? 0 : -errno;
}

static int tear_down(void **state)
{
    (void)state;
    remove_directory(directory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calm_histories),
        cmocka_unit_test(test_histories_with_faults),
        cmocka_unit_test(test_histories_with_restarts),
        cmocka_unit_test(test_histories_with_kills),
        cmocka_unit_test(test_hosts_that_are_well),
        cmocka_unit_test(test_hosts_with_faults),
        cmocka_unit_test(test_hosts_that_stop),
        cmocka_unit_test(test_hosts_that_are_killed),
        cmocka_unit_test(test_hosts_that_stand_still),
    };

    cmocka_set_test_filter(getenv("MODEL_TESTS"));
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
