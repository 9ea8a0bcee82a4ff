/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/store.h: what is saved is there again. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "daemon/jobs/store-statement.h"
#include "tests/unit/store-world.h"

#define LARGE (UINT64_C(1) << 61)

static void test_keeps_every_member(void **state)
{
    static char code[] = "ThrottlingException", message[] = "l\xc3\xa4ngsamer\n", id[] = "r-1",
                reason[] = "'; DROP TABLE jobs; --", import[] = "{\"ImportStatus\":\"STOPPED\"}",
                empty[] = "", guard[] = "run-away_1", queue[] = "requests", message_id[] = "m-1",
                sender[] = "AIDA:s";
    Fixture *fixture = *state;
    JobRecord record = plain_job(LARGE, JOB_STOPPED);

    record.change = LARGE + 1;
    record.reason = reason;
    record.guard = guard;
    record.message = (JobMessage){queue, message_id, sender, UINT32_MAX - 2};
    record.requester = (Requester){UINT32_MAX, UINT32_MAX - 1, INT32_MAX};
    record.already_stopped = true;
    record.attempts = UINT32_MAX;
    record.polls = UINT32_MAX - 1;
    record.requested_usec = LARGE + 2;
    record.updated_usec = LARGE + 3;
    record.finished_usec = LARGE + 4;
    record.deadline_usec = LARGE + 5;
    record.requested_boottime_usec = -LARGE; /* before this boot */
    record.deadline_boottime_usec = LARGE + 6;
    record.last_error = (CallError){code, message, 429, id};
    record.refusal = (CallError){code, empty, 400, NULL};
    record.import = import;
    save(fixture, &record);
    assert_stored(fixture, &record);
    reopen_store(fixture);
    assert_stored(fixture, &record);
    assert_int_equal(store_last_number(fixture->store), LARGE);
    assert_int_equal(store_last_change(fixture->store), LARGE + 1);
}

static void test_keeps_what_is_not_there(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_QUEUED);

    save(fixture, &record);
    reopen_store(fixture);
    assert_stored(fixture, &record);
}

static void test_replaces(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_QUEUED);

    save(fixture, &record);
    record.state = JOB_POLLING;
    record.change = 2;
    save(fixture, &record);
    assert_stored(fixture, &record);
}

static void test_a_change_without_an_observation_keeps_the_one_that_is_there(void **state)
{
    static char seen[] = "{}";
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_POLLING);

    record.import = seen;
    save(fixture, &record);
    record.import = NULL;
    record.polls = 3;
    save(fixture, &record);
    assert_int_equal(store_get(fixture->store, record.id, &record), 0);
    assert_int_equal(record.polls, 3);
    assert_string_equal(record.import, "{}");
    job_record_clear(&record);
}

static void test_knows_nothing_of_other_ids(void **state)
{
    Fixture *fixture = *state;
    JobRecord record;

    assert_int_equal(store_get(fixture->store, "job1", &record), -ENOENT);
}

/* ---- lists ---- */

typedef struct Listed {
    uint64_t numbers[16];
    size_t n;
} Listed;

static int list_one(JobRecord *record, void *userdata)
{
    Listed *listed = userdata;

    assert_true(listed->n < 16);
    listed->numbers[listed->n++] = record->number;
    job_record_clear(record);
    return 0;
}

static void assert_listed(const Listed *listed, size_t n, const uint64_t *numbers)
{
    assert_int_equal(listed->n, n);
    assert_memory_equal(listed->numbers, numbers, n * sizeof(numbers[0]));
}

static void test_lists_active_jobs_oldest_first(void **state)
{
    Fixture *fixture = *state;
    Listed listed = {.n = 0};

    save_six(fixture);
    assert_int_equal(store_each_active(fixture->store, list_one, &listed), 0);
    assert_listed(&listed, 3, (uint64_t[]){1, 3, 5});
}

static void test_lists_newest_first_in_pages(void **state)
{
    static const StoreFilter all = {0};
    Fixture *fixture = *state;
    Listed first = {.n = 0}, second = {.n = 0};
    StorePage page = {.limit = 4, .max_rows = 100, .before = UINT64_MAX};

    save_six(fixture);
    assert_int_equal(store_each(fixture->store, &all, &page, list_one, &first), 0);
    assert_listed(&first, 4, (uint64_t[]){6, 5, 4, 3});
    assert_false(page.end);
    assert_int_equal(store_each(fixture->store, &all, &page, list_one, &second), 0);
    assert_listed(&second, 2, (uint64_t[]){2, 1});
    assert_true(page.end);
}

/* However little a filter lets through. */
static void test_a_step_of_a_listing_looks_at_no_more_rows_than_it_may(void **state)
{
    static const JobState polling = JOB_POLLING, stopped = JOB_STOPPED;
    static const struct {
        StoreFilter filter;
        size_t n_steps; /* of two rows each, the last one finds the end */
    } samples[] = {
        {{.id_prefix = "nobody's"}, 4},
        {{.since_usec = REALTIME_USEC + 1}, 4},
        {{.target = "default", .id_prefix = "nobody's"}, 3},
        {{.state = &polling, .id_prefix = "nobody's"}, 2},
        {{.active = true, .id_prefix = "nobody's"}, 2},
        {{.state = &stopped, .id_prefix = "nobody's"}, 2},
        {{.import_id = "fe54f254-6d13-4ac7-b1e5-3e6f1a7f0b29", .target = "nowhere"}, 1},
    };
    Fixture *fixture = *state;

    save_six(fixture);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        StorePage page = {.limit = 100, .max_rows = 2, .before = UINT64_MAX};
        Listed listed = {.n = 0};
        size_t n_steps = 0;

        for (; !page.end; n_steps++)
            assert_int_equal(
                store_each(fixture->store, &samples[i].filter, &page, list_one, &listed), 0);
        assert_int_equal(listed.n, 0);
        assert_int_equal(n_steps, samples[i].n_steps);
    }
}

static void test_filters(void **state)
{
    static const JobState polling = JOB_POLLING, stopped = JOB_STOPPED;
    static const struct {
        StoreFilter filter;
        size_t n;
        uint64_t numbers[6];
    } samples[] = {
        {{.state = &polling}, 3, {5, 3, 1}},
        {{.target = "other"}, 2, {6, 5}},
        {{.import_id = "fe54f254-6d13-4ac7-b1e5-3e6f1a7f0b29"}, 1, {3}},
        {{.state = &polling, .target = "other"}, 1, {5}},
        {{.target = "nowhere"}, 0, {0}},
        {{.state = &stopped}, 3, {6, 4, 2}},
        {{.active = true}, 3, {5, 3, 1}},
        {{.active = true, .state = &stopped}, 0, {0}},
        {{.id_prefix = "job"}, 6, {6, 5, 4, 3, 2, 1}},
        {{.id_prefix = "job4"}, 1, {4}},
        {{.id_prefix = "job44"}, 0, {0}},
        {{.id_prefix = "", .target = "other"}, 2, {6, 5}},
        {{.since_usec = REALTIME_USEC}, 6, {6, 5, 4, 3, 2, 1}},
        {{.since_usec = REALTIME_USEC + 1}, 0, {0}},
    };
    Fixture *fixture = *state;

    save_six(fixture);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        StorePage page = {.limit = 100, .max_rows = 100, .before = UINT64_MAX};
        Listed listed = {.n = 0};

        assert_int_equal(store_each(fixture->store, &samples[i].filter, &page, list_one, &listed),
                         0);
        assert_listed(&listed, samples[i].n, samples[i].numbers);
    }
}

static void test_lists_changes_in_their_order(void **state)
{
    Fixture *fixture = *state;
    Listed listed = {.n = 0};

    save_six(fixture);
    assert_int_equal(store_each_changed(fixture->store, 95, 3, list_one, &listed), 0);
    assert_listed(&listed, 3, (uint64_t[]){4, 3, 2});
}

static void test_forgets_what_ended_long_ago(void **state)
{
    static const StoreFilter all = {0};
    Fixture *fixture = *state;
    StorePage page = {.limit = 100, .max_rows = 100, .before = UINT64_MAX};
    Listed listed = {.n = 0};
    uint64_t oldest_usec = 1;

    save_six(fixture);
    assert_int_equal(store_purge(fixture->store, REALTIME_USEC + 4, 100, &oldest_usec), 1);
    assert_int_equal(oldest_usec, REALTIME_USEC + 4);
    assert_int_equal(store_purge(fixture->store, REALTIME_USEC + 4, 100, &oldest_usec), 0);
    assert_int_equal(oldest_usec, REALTIME_USEC + 4);
    assert_int_equal(store_each(fixture->store, &all, &page, list_one, &listed), 0);
    assert_listed(&listed, 5, (uint64_t[]){6, 5, 4, 3, 1});
    assert_int_equal(store_purge(fixture->store, UINT64_MAX / 2, 100, &oldest_usec), 1);
    assert_int_equal(oldest_usec, 0);
}

static void test_forgets_no_more_jobs_at_once_than_it_may(void **state)
{
    Fixture *fixture = *state;
    uint64_t oldest_usec;

    save_six(fixture);
    assert_int_equal(store_purge(fixture->store, UINT64_MAX / 2, 2, &oldest_usec), 1);
    assert_int_equal(oldest_usec, REALTIME_USEC + 6);
}

/* ---- another boot ---- */

static void test_another_boot_moves_what_counts_on_its_clock(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_POLLING), without = plain_job(2, JOB_POLLING);

    record.deadline_usec = REALTIME_USEC + USEC_PER_HOUR;
    record.deadline_boottime_usec = BOOTTIME_USEC + USEC_PER_HOUR;
    save(fixture, &record);
    save(fixture, &without);
    close_store(fixture);
    execute(fixture, "UPDATE boot SET id = 'another'");
    fixture->virtual = (VirtualClock){5 * USEC_PER_SEC, REALTIME_USEC + 60 * USEC_PER_SEC, 0};
    open_store(fixture);
    record.requested_boottime_usec = 5 * USEC_PER_SEC - 60 * USEC_PER_SEC; /* negative, wrapped */
    record.deadline_boottime_usec = 5 * USEC_PER_SEC + USEC_PER_HOUR - 60 * USEC_PER_SEC;
    assert_stored(fixture, &record);
    without.requested_boottime_usec = record.requested_boottime_usec;
    assert_stored(fixture, &without);
}

static void test_a_deadline_before_this_boot_stays_one(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_POLLING);

    record.deadline_usec = REALTIME_USEC + USEC_PER_SEC;
    record.deadline_boottime_usec = BOOTTIME_USEC + USEC_PER_SEC;
    save(fixture, &record);
    close_store(fixture);
    execute(fixture, "UPDATE boot SET id = 'another'");
    fixture->virtual = (VirtualClock){5 * USEC_PER_SEC, REALTIME_USEC + USEC_PER_HOUR, 0};
    open_store(fixture);
    record.requested_boottime_usec = 5 * USEC_PER_SEC - USEC_PER_HOUR;
    record.deadline_boottime_usec = 1;
    assert_stored(fixture, &record);
}

/* The clock of a host without a battery is behind until the network has put it right. */
static void test_a_clock_behind_after_a_boot_lengthens_nothing(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_POLLING);

    record.deadline_usec = REALTIME_USEC + USEC_PER_HOUR;
    record.deadline_boottime_usec = BOOTTIME_USEC + USEC_PER_HOUR;
    record.accepted_boottime_usec = BOOTTIME_USEC + USEC_PER_SEC;
    save(fixture, &record);
    close_store(fixture);
    execute(fixture, "UPDATE boot SET id = 'another'");
    fixture->virtual = (VirtualClock){5 * USEC_PER_SEC, USEC_PER_DAY, 0};
    open_store(fixture);
    record.requested_boottime_usec = 5 * USEC_PER_SEC;
    record.deadline_boottime_usec = 5 * USEC_PER_SEC + USEC_PER_HOUR;
    record.accepted_boottime_usec = 6 * USEC_PER_SEC;
    assert_stored(fixture, &record);
}

static void test_the_same_boot_moves_nothing(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_POLLING);

    record.deadline_usec = REALTIME_USEC + USEC_PER_HOUR;
    record.deadline_boottime_usec = BOOTTIME_USEC + USEC_PER_HOUR;
    save(fixture, &record);
    fixture->virtual.realtime_usec += 365 * USEC_PER_DAY;
    reopen_store(fixture);
    assert_stored(fixture, &record);
}

/* ---- an earlier trailstopd ---- */

static void test_takes_over_a_store_without_the_index_of_ended_jobs(void **state)
{
    Fixture *fixture = *state;
    JobRecord ended = plain_job(1, JOB_STOPPED), running = plain_job(2, JOB_POLLING);

    save(fixture, &ended);
    save(fixture, &running);
    close_store(fixture);
    execute(fixture, "DROP INDEX jobs_finished");
    open_store(fixture);
    assert_stored(fixture, &ended);
    assert_stored(fixture, &running);
    close_store(fixture);
    execute(fixture, "SELECT min(finished_usec) FROM jobs INDEXED BY jobs_finished"
                     " WHERE finished_usec > 0");
}

static void test_takes_over_a_store_without_the_columns_added_since(void **state)
{
    Fixture *fixture = *state;
    JobRecord running = plain_job(1, JOB_POLLING);

    save(fixture, &running);
    close_store(fixture);
    execute(fixture, "ALTER TABLE jobs RENAME COLUMN accepted_boottime_usec TO unknown");
    open_store(fixture);
    assert_stored(fixture, &running);
    running.accepted_boottime_usec = BOOTTIME_USEC;
    save(fixture, &running);
    assert_stored(fixture, &running);
}

/* ---- memory ---- */

/* A burst of changes has passed when it is on disk; a job costs memory as long as it runs. */
static void test_what_is_saved_does_not_stay_in_memory_too(void **state)
{
    Fixture *fixture = *state;
    int pages_size, highest;

    for (uint64_t number = 1; number <= 5000; number++) {
        JobRecord record = plain_job(number, JOB_POLLING);

        save(fixture, &record);
    }
    assert_int_equal(sqlite3_db_status(fixture->store->db, SQLITE_DBSTATUS_CACHE_USED, &pages_size,
                                       &highest, false),
                     SQLITE_OK);
    assert_in_range(pages_size, 1, 640 * 1024);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_store, tear_down_store)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keeps_every_member),
        TEST(test_keeps_what_is_not_there),
        TEST(test_replaces),
        TEST(test_a_change_without_an_observation_keeps_the_one_that_is_there),
        TEST(test_knows_nothing_of_other_ids),
        TEST(test_lists_active_jobs_oldest_first),
        TEST(test_lists_newest_first_in_pages),
        TEST(test_a_step_of_a_listing_looks_at_no_more_rows_than_it_may),
        TEST(test_filters),
        TEST(test_lists_changes_in_their_order),
        TEST(test_forgets_what_ended_long_ago),
        TEST(test_forgets_no_more_jobs_at_once_than_it_may),
        TEST(test_another_boot_moves_what_counts_on_its_clock),
        TEST(test_a_deadline_before_this_boot_stays_one),
        TEST(test_a_clock_behind_after_a_boot_lengthens_nothing),
        TEST(test_the_same_boot_moves_nothing),
        TEST(test_takes_over_a_store_without_the_index_of_ended_jobs),
        TEST(test_takes_over_a_store_without_the_columns_added_since),
        TEST(test_what_is_saved_does_not_stay_in_memory_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
