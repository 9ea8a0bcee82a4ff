/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/job-index.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/jobs/job-index.h"

#define MANY 20000U
#define DEPTH_MAX 80U /* of so many; a balanced tree has 15 */

typedef struct Fixture {
    JobIndex index;
    Job jobs[MANY];
    char import_ids[MANY][16];
    Target targets[2];
    uint64_t random;
} Fixture;

/* splitmix64 */
static uint64_t draw(Fixture *fixture)
{
    uint64_t z = fixture->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* Imports in the order of their ids, which a client may choose so; two targets have each. */
static int set_up(void **state)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    for (unsigned i = 0; i < MANY; i++) {
        Job *job = &fixture->jobs[i];

        snprintf(fixture->import_ids[i], sizeof(fixture->import_ids[i]), "%08u", i / 2);
        snprintf(job->record.id, sizeof(job->record.id), "%016llx%016llx",
                 (unsigned long long)draw(fixture), (unsigned long long)draw(fixture));
        job->record.import_id = fixture->import_ids[i];
        job->target = &fixture->targets[i % 2];
        job_index_add(&fixture->index, job);
    }
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    free(*state);
    return 0;
}

static void assert_found(const Fixture *fixture, unsigned i, bool there)
{
    const Job *job = &fixture->jobs[i];
    JobKey key = job_record_key(&job->record);

    assert_ptr_equal(job_index_find(&fixture->index, job->record.id), there ? job : NULL);
    assert_ptr_equal(job_index_find_key(&fixture->index, job->target, &key), there ? job : NULL);
    key.kind = JOB_WAIT;
    assert_null(job_index_find_key(&fixture->index, job->target, &key));
}

static void test_each_job_is_found_however_many_come_and_go(void **state)
{
    Fixture *fixture = *state;
    bool *there = malloc(MANY * sizeof(*there));

    assert_non_null(there);
    memset(there, true, MANY * sizeof(*there));
    for (unsigned step = 0; step < 10 * MANY; step++) {
        unsigned i = (unsigned)(draw(fixture) % MANY);

        assert_found(fixture, i, there[i]);
        if (there[i])
            job_index_remove(&fixture->index, &fixture->jobs[i]);
        else
            job_index_add(&fixture->index, &fixture->jobs[i]);
        there[i] = !there[i];
        assert_found(fixture, i, there[i]);
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_found(fixture, i, there[i]);
        if (there[i])
            job_index_remove(&fixture->index, &fixture->jobs[i]);
    }
    assert_null(fixture->index.by_id);
    assert_null(fixture->index.by_key);
    free(there);
}

static void test_a_job_of_any_target_is_found(void **state)
{
    Fixture *fixture = *state;
    JobKey key = job_record_key(&fixture->jobs[8].record);

    assert_non_null(job_index_find_key(&fixture->index, NULL, &key));
    job_index_remove(&fixture->index, &fixture->jobs[8]);
    assert_ptr_equal(job_index_find_key(&fixture->index, NULL, &key), &fixture->jobs[9]);
    job_index_remove(&fixture->index, &fixture->jobs[9]);
    assert_null(job_index_find_key(&fixture->index, NULL, &key));
}

static void test_the_jobs_of_an_import_are_met_once_each_whatever_their_targets(void **state)
{
    Fixture *fixture = *state;

    for (unsigned i = 0; i < MANY; i += 2) {
        const JobKey key = job_record_key(&fixture->jobs[i].record);
        const Job *first = job_index_find_key(&fixture->index, NULL, &key);
        const Job *second = job_index_next_of_key(&fixture->index, first);

        assert_true(first == &fixture->jobs[i] || first == &fixture->jobs[i + 1]);
        assert_true(second == &fixture->jobs[i] || second == &fixture->jobs[i + 1]);
        assert_ptr_not_equal(first, second);
        assert_null(job_index_next_of_key(&fixture->index, second));
        if (i % 4 == 0)
            continue;
        job_index_remove(&fixture->index, &fixture->jobs[i]);
        assert_null(job_index_next_of_key(&fixture->index, &fixture->jobs[i + 1]));
    }
}

static void test_a_job_that_none_joins_is_found_by_its_id_alone(void **state)
{
    Fixture *fixture = *state;
    Job *job = &fixture->jobs[8], again = *job;
    JobKey key = job_record_key(&job->record);

    job_index_close_to_joins(&fixture->index, job);
    assert_null(job_index_find_key(&fixture->index, job->target, &key));
    assert_ptr_equal(job_index_find(&fixture->index, job->record.id), job);
    again.record.id[0] = again.record.id[0] == '0' ? '1' : '0';
    job_index_add(&fixture->index, &again);
    assert_ptr_equal(job_index_find_key(&fixture->index, job->target, &key), &again);
    job_index_remove(&fixture->index, job);
    assert_ptr_equal(job_index_find_key(&fixture->index, job->target, &key), &again);
    job_index_remove(&fixture->index, &again);
    assert_null(job_index_find(&fixture->index, again.record.id));
}

static void test_a_second_job_of_an_import_does_not_hide_the_first(void **state)
{
    Fixture *fixture = *state;
    Job *job = &fixture->jobs[8], second = *job;
    JobKey key = job_record_key(&job->record);

    second.record.id[0] = second.record.id[0] == '0' ? '1' : '0';
    job_index_add(&fixture->index, &second);
    assert_ptr_equal(job_index_find_key(&fixture->index, job->target, &key), job);
    assert_ptr_equal(job_index_find(&fixture->index, second.record.id), &second);
    job_index_remove(&fixture->index, &second);
    assert_found(fixture, 8, true);
}

static unsigned depth_by_key(const Job *job)
{
    unsigned left, right;

    if (!job)
        return 0;
    left = depth_by_key(job->registered.by_key.left);
    right = depth_by_key(job->registered.by_key.right);
    return 1 + (left > right ? left : right);
}

static void test_stays_shallow_for_imports_in_the_order_of_their_ids(void **state)
{
    const Fixture *fixture = *state;

    assert_in_range(depth_by_key(fixture->index.by_key), 15, DEPTH_MAX);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_job_is_found_however_many_come_and_go),
        TEST(test_a_job_of_any_target_is_found),
        TEST(test_the_jobs_of_an_import_are_met_once_each_whatever_their_targets),
        TEST(test_a_job_that_none_joins_is_found_by_its_id_alone),
        TEST(test_a_second_job_of_an_import_does_not_hide_the_first),
        TEST(test_stays_shallow_for_imports_in_the_order_of_their_ids),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
