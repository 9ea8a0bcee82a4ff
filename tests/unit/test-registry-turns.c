/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/registry.h: what concerns all jobs at once, a reload and a shutdown, is shared out
 * over turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <syslog.h>

#include <cmocka.h>

#include "common/time.h"
#include "daemon/base/journal.h"
#include "tests/unit/registry-world.h"

static void test_a_target_that_goes_takes_its_jobs(void **state)
{
    Fixture *fixture = *state;
    unsigned counts[N_JOB_STATES];
    char id[JOB_ID_SIZE];

    assert_int_equal(request_import(fixture, 0, IMPORT_A, NULL, id), 0);
    assert_int_equal(request_import(fixture, 1, IMPORT_A, NULL, id), 0);
    commit_registry(fixture);
    fixture->targets[1].removed = true;
    registry_begin_review(fixture->registry);
    assert_false(registry_review(fixture->registry));
    registry_count_states(fixture->registry, counts);
    assert_int_equal(counts[JOB_QUEUED], 1);
    assert_int_equal(counts[JOB_REFUSED], 1);
    commit_registry(fixture);
    assert_int_equal(registry_count_jobs(fixture->registry), 1);
}

/* More than a turn looks at, which is 1,000, and than a commit has room for, which is 256. */
#define MANY_JOBS 1200U

static void request_many(Fixture *fixture, size_t target, char ret_ids[MANY_JOBS][JOB_ID_SIZE])
{
    const PollingRules polling = {USEC_PER_SEC, USEC_PER_MINUTE, 2};
    char import_id[] = IMPORT_A;

    registry_configure(fixture->registry, &polling, MANY_JOBS);
    for (unsigned i = 0; i < MANY_JOBS; i++) {
        snprintf(import_id, sizeof(import_id), "%08x%s", i, &IMPORT_A[8]);
        assert_int_equal(request_import(fixture, target, import_id, NULL, ret_ids[i]), 0);
    }
    commit_registry(fixture);
}

static void test_jobs_of_a_target_that_goes_end_in_as_many_commits_as_they_need(void **state)
{
    static char ids[MANY_JOBS][JOB_ID_SIZE];
    unsigned counts[N_JOB_STATES], n_commits = 1;
    Fixture *fixture = *state;

    request_many(fixture, 1, ids);
    fixture->targets[1].removed = true;
    registry_begin_review(fixture->registry);
    assert_true(registry_review(fixture->registry));
    assert_true(registry_review(fixture->registry));
    registry_count_states(fixture->registry, counts);
    assert_int_equal(counts[JOB_REFUSED], 256);
    for (commit_registry(fixture); registry_review(fixture->registry); n_commits++)
        commit_registry(fixture);
    commit_registry(fixture);
    assert_int_equal(n_commits, 4);
    assert_int_equal(registry_count_jobs(fixture->registry), 0);
}

static void test_a_reload_looks_at_so_many_jobs_in_a_turn(void **state)
{
    static char ids[MANY_JOBS][JOB_ID_SIZE];
    Fixture *fixture = *state;

    request_many(fixture, 0, ids);
    registry_begin_review(fixture->registry);
    assert_true(registry_review(fixture->registry));
    /* The next one may end meanwhile. */
    for (unsigned i = 0; i < MANY_JOBS; i++)
        job_cancel(registry_find(fixture->registry, ids[i]), &canceller);
    commit_registry(fixture);
    assert_false(registry_review(fixture->registry));
}

static void test_polls_are_saved_at_a_shutdown_in_as_many_commits_as_they_need(void **state)
{
    static char ids[MANY_JOBS][JOB_ID_SIZE];
    Fixture *fixture = *state;
    unsigned n_commits = 1;

    request_many(fixture, 0, ids);
    for (unsigned i = 0; i < MANY_JOBS; i++)
        registry_find(fixture->registry, ids[i])->polls_uncounted = 2;
    for (; registry_finish(fixture->registry) != REGISTRY_DONE; n_commits++)
        commit_registry(fixture);
    for (unsigned i = 0; i < MANY_JOBS; i++) {
        JobRecord record;

        assert_int_equal(store_get(fixture->store, ids[i], &record), 0);
        assert_int_equal(record.polls, 2);
        job_record_clear(&record);
    }
}

static void test_a_shutdown_looks_at_so_many_jobs_in_a_turn(void **state)
{
    static char ids[MANY_JOBS][JOB_ID_SIZE];
    Fixture *fixture = *state;

    request_many(fixture, 0, ids);
    assert_int_equal(registry_finish(fixture->registry), REGISTRY_GOES_ON);
    /* The next one may end meanwhile. */
    for (unsigned i = 0; i < MANY_JOBS / 2; i++)
        job_cancel(registry_find(fixture->registry, ids[MANY_JOBS / 2 + i]), &canceller);
    commit_registry(fixture);
    assert_int_equal(registry_finish(fixture->registry), REGISTRY_DONE);
    assert_int_equal(registry_finish(fixture->registry), REGISTRY_DONE);
}

static void test_a_shutdown_looks_again_at_jobs_that_changed_meanwhile(void **state)
{
    static char ids[MANY_JOBS][JOB_ID_SIZE];
    Fixture *fixture = *state;
    Job *job;

    request_many(fixture, 0, ids);
    while (registry_finish(fixture->registry) != REGISTRY_DONE)
        ;
    job = registry_find(fixture->registry, ids[0]);
    job->polls_uncounted = 1;
    job_count_polls(job);
    assert_int_equal(job->call_usec, 0);
    job_start(job);
    assert_int_equal(registry_finish(fixture->registry), REGISTRY_GOES_ON);
    commit_registry(fixture);
    while (registry_finish(fixture->registry) != REGISTRY_DONE)
        ;
    assert_int_equal(job->call_usec, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_registry, tear_down_registry)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_target_that_goes_takes_its_jobs),
        TEST(test_jobs_of_a_target_that_goes_end_in_as_many_commits_as_they_need),
        TEST(test_a_reload_looks_at_so_many_jobs_in_a_turn),
        TEST(test_polls_are_saved_at_a_shutdown_in_as_many_commits_as_they_need),
        TEST(test_a_shutdown_looks_at_so_many_jobs_in_a_turn),
        TEST(test_a_shutdown_looks_again_at_jobs_that_changed_meanwhile),
    };

    journal_set_level(LOG_EMERG);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
