/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/store.h: what is saved is there again, and what is not ours stays as it is. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "daemon/jobs/store-statement.h"
#include "tests/unit/store-world.h"

#define LARGE (UINT64_C(1) << 61)

static void assert_same_text(const char *a, const char *b)
{
    if (a && b)
        assert_string_equal(a, b);
    else
        assert_ptr_equal(a, b);
}

static void assert_same_error(const CallError *a, const CallError *b)
{
    assert_same_text(a->code, b->code);
    assert_same_text(a->message, b->message);
    assert_same_text(a->request_id, b->request_id);
    assert_int_equal(a->http_status, b->http_status);
}

static void assert_stored(Fixture *fixture, const JobRecord *expected)
{
    JobRecord record;

    assert_int_equal(store_get(fixture->store, expected->id, &record), 0);
    assert_int_equal(record.number, expected->number);
    assert_int_equal(record.change, expected->change);
    assert_string_equal(record.id, expected->id);
    assert_string_equal(record.import_id, expected->import_id);
    assert_same_text(record.target, expected->target);
    assert_same_text(record.reason, expected->reason);
    assert_int_equal(record.requester.uid, expected->requester.uid);
    assert_int_equal(record.requester.gid, expected->requester.gid);
    assert_int_equal(record.requester.pid, expected->requester.pid);
    assert_int_equal(record.state, expected->state);
    assert_int_equal(record.already_stopped, expected->already_stopped);
    assert_int_equal(record.attempts, expected->attempts);
    assert_int_equal(record.polls, expected->polls);
    assert_int_equal(record.requested_usec, expected->requested_usec);
    assert_int_equal(record.updated_usec, expected->updated_usec);
    assert_int_equal(record.finished_usec, expected->finished_usec);
    assert_int_equal(record.deadline_usec, expected->deadline_usec);
    assert_int_equal(record.requested_boottime_usec, expected->requested_boottime_usec);
    assert_int_equal(record.deadline_boottime_usec, expected->deadline_boottime_usec);
    assert_int_equal(record.accepted_boottime_usec, expected->accepted_boottime_usec);
    assert_same_error(&record.last_error, &expected->last_error);
    assert_same_error(&record.refusal, &expected->refusal);
    assert_same_text(record.import, expected->import);
    assert_same_text(record.guard, expected->guard);
    assert_same_text(record.message.queue, expected->message.queue);
    assert_same_text(record.message.id, expected->message.id);
    assert_same_text(record.message.sender, expected->message.sender);
    assert_int_equal(record.message.receives, expected->message.receives);
    job_record_clear(&record);
}

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

/* Jobs 1 to 6: odd ones run, even ones have ended; the last two are of another target. */
static void save_six(Fixture *fixture)
{
    static char other[] = "other", import_id[] = "fe54f254-6d13-4ac7-b1e5-3e6f1a7f0b29";

    for (uint64_t number = 1; number <= 6; number++) {
        JobRecord record = plain_job(number, number % 2 == 1 ? JOB_POLLING : JOB_STOPPED);

        record.change = 100 - number;
        if (number > 4)
            record.target = other;
        if (number == 3)
            record.import_id = import_id;
        save(fixture, &record);
    }
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

/* ---- what is not ours ---- */

static char *read_whole(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "r");
    char *text = malloc(1 << 20);

    assert_non_null(file);
    assert_non_null(text);
    *ret_size = fread(text, 1, 1 << 20, file);
    fclose(file);
    return text;
}

static void assert_left_untouched(Fixture *fixture, int expected, const char *words)
{
    size_t size, size_after;
    char *before = read_whole(fixture->path, &size), *after, *error = NULL;

    assert_int_equal(store_open(fixture->directory, &fixture->clock, &fixture->store, &error),
                     expected);
    assert_null(fixture->store);
    assert_non_null(error);
    assert_non_null(strstr(error, fixture->path));
    if (!strstr(error, words))
        fail_msg("%s", error);
    after = read_whole(fixture->path, &size_after);
    assert_int_equal(size, size_after);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);
    free(error);
}

static void assert_in_use(const Fixture *fixture)
{
    char *error = NULL;
    Store *store = NULL;

    assert_int_equal(store_open(fixture->directory, &fixture->clock, &store, &error), -EBUSY);
    assert_null(store);
    free(error);
}

static void test_leaves_a_newer_store_untouched(void **state)
{
    Fixture *fixture = *state;

    close_store(fixture);
    execute(fixture, "PRAGMA user_version = 99");
    assert_left_untouched(fixture, -EUCLEAN, "newer trailstopd");
}

static void test_leaves_a_foreign_database_untouched(void **state)
{
    Fixture *fixture = *state;

    close_store(fixture);
    unlink(fixture->path);
    execute(fixture, "CREATE TABLE songs (title TEXT)");
    assert_left_untouched(fixture, -EUCLEAN, "another program");
}

static void overwrite(const Fixture *fixture, long offset, const char *text)
{
    FILE *file = fopen(fixture->path, "r+");

    assert_non_null(file);
    assert_int_equal(fseek(file, offset, SEEK_SET), 0);
    assert_true(fwrite(text, 1, strlen(text), file) == strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void test_leaves_a_damaged_header_untouched(void **state)
{
    Fixture *fixture = *state;

    close_store(fixture);
    overwrite(fixture, 0, "this is no database any more");
    assert_left_untouched(fixture, -EUCLEAN, "left untouched");
}

static void test_leaves_damaged_pages_untouched(void **state)
{
    Fixture *fixture = *state;

    save_six(fixture);
    close_store(fixture);
    overwrite(fixture, 4096, "page two is the root of a table, and has to begin otherwise");
    assert_left_untouched(fixture, -EUCLEAN, "left untouched");
}

static void test_leaves_a_truncated_store_untouched(void **state)
{
    Fixture *fixture = *state;

    save_six(fixture);
    close_store(fixture);
    assert_int_equal(truncate(fixture->path, 4096 + 100), 0);
    assert_left_untouched(fixture, -EUCLEAN, "left untouched");
}

static void test_leaves_what_lacks_a_column_or_table_untouched(void **state)
{
    static const struct {
        const char *change, *lacking;
    } samples[] = {
        {"ALTER TABLE jobs RENAME COLUMN gid TO group_id", "gid"},
        {"ALTER TABLE jobs RENAME TO tasks", "jobs"},
        {"ALTER TABLE boot RENAME TO reboot", "boot"},
    };
    Fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        close_store(fixture);
        unlink(fixture->path);
        open_store(fixture);
        close_store(fixture);
        execute(fixture, samples[i].change);
        assert_left_untouched(fixture, -EUCLEAN, samples[i].lacking);
    }
}

static void test_leaves_a_store_in_use_to_its_user(void **state)
{
    Fixture *fixture = *state;
    Store *user = fixture->store;

    fixture->store = NULL;
    assert_left_untouched(fixture, -EBUSY, "in use");
    fixture->store = user;
    save_six(fixture);
}

/* It is over in a moment: the daemon waits for it. */
static void test_waits_for_a_reader_at_the_moment_of_a_start(void **state)
{
    Fixture *fixture = *state;
    int ready[2], status;
    char byte;
    pid_t reader;

    close_store(fixture);
    assert_int_equal(pipe(ready), 0);
    reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        sqlite3 *db;

        if (sqlite3_open(fixture->path, &db) != SQLITE_OK ||
            sqlite3_exec(db, "BEGIN; SELECT count(*) FROM jobs", NULL, NULL, NULL) != SQLITE_OK ||
            write(ready[1], "", 1) != 1)
            _exit(1);
        usleep(300000);
        _exit(0);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    open_store(fixture);
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
    close(ready[0]);
    close(ready[1]);
    close_store(fixture);
    execute(fixture, "DELETE FROM jobs"); /* and takes away the reader's -shm */
}

static void test_notices_that_its_file_is_not_where_it_was(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_QUEUED);
    const JobRecord *records[] = {&record};
    char away[128];

    snprintf(away, sizeof(away), "%s-away", fixture->directory);
    assert_int_equal(rename(fixture->directory, away), 0);
    assert_int_equal(try_save(fixture, records, 1), -ENOENT);
    assert_int_equal(rename(away, fixture->directory), 0);
    assert_int_equal(try_save(fixture, records, 1), 0);
    assert_stored(fixture, &record);
}

/* In a process of another user, where this one may become one. */
static void test_says_what_is_in_the_way_and_what_to_do(void **state)
{
    static const struct {
        uid_t owner; /* of the directory */
        mode_t directory, file;
        const char *named;
    } samples[] = {
        {0, 0700, 0600, ""},
        {0, 0755, 0600, ""},
        {0, 0777, 0666, ""},
        {65533, 0700, 0600, "jobs.sqlite3"},
        {65533, 0700, 0644, "jobs.sqlite3"},
    };
    Fixture *fixture = *state;

    close_store(fixture);
    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char *error = NULL;
        int r;

        assert_int_equal(chown(fixture->directory, samples[i].owner, 0), 0);
        assert_int_equal(chmod(fixture->directory, samples[i].directory), 0);
        assert_int_equal(chmod(fixture->path, samples[i].file), 0);
        assert_int_equal(seteuid(65533), 0);
        r = store_open(fixture->directory, &fixture->clock, &fixture->store, &error);
        assert_int_equal(seteuid(0), 0);
        assert_true(r < 0);
        assert_non_null(error);
        if (!strstr(error, samples[i].named) || !strstr(error, fixture->directory) ||
            !strstr(error, "chown") || !strstr(error, "uid 0") ||
            !strstr(error, strerror(EACCES)) == !strstr(error, strerror(EPERM)))
            fail_msg("%s", error);
        free(error);
    }
    assert_int_equal(chown(fixture->directory, 0, 0), 0);
}

/* Also where the directory was there before, and open to all. */
static void test_keeps_others_out(void **state)
{
    Fixture *fixture = *state;
    struct stat status;

    close_store(fixture);
    assert_int_equal(chmod(fixture->directory, 0755), 0);
    open_store(fixture);
    assert_int_equal(stat(fixture->directory, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_is_well_while_its_file_can_be_read(void **state)
{
    Fixture *fixture = *state;
    struct stat status;

    reopen_store(fixture);
    assert_true(store_is_well(fixture->store));
    assert_int_equal(stat(fixture->path, &status), 0);
    assert_int_equal(truncate(fixture->path, 0), 0);
    assert_int_equal(truncate(fixture->path, status.st_size), 0);
    assert_false(store_is_well(fixture->store));
}

/* ---- the disk ---- */

static unsigned n_syncs;
static bool syncs_fail;

static int sync_file(long number, int fd)
{
    n_syncs++;
    errno = ENOSPC;
    return syncs_fail ? -1 : (int)syscall(number, fd);
}

/* In place of the C library's, for SQLite as well. */
int fsync(int fd)
{
    return sync_file(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_file(SYS_fdatasync, fd);
}

static void test_what_is_saved_has_reached_the_disk(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_QUEUED);

    for (unsigned i = 0; i < 3; i++) {
        n_syncs = 0;
        save(fixture, &record);
        assert_true(n_syncs > 0);
    }
}

/* What was written before may be lost with it: this is no passing lack of room. */
static void test_a_sync_that_fails_for_lack_of_room_is_the_end(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_QUEUED);
    const JobRecord *records[] = {&record};

    syncs_fail = true;
    assert_int_equal(try_save(fixture, records, 1), -EIO);
    syncs_fail = false;
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

/* ---- no memory ---- */

static sqlite3_mem_methods memory; /* SQLite's own */
static unsigned allocations_to_go; /* until one fails; 0: none fails */

static bool allocation_fails(void)
{
    return allocations_to_go > 0 && --allocations_to_go == 0;
}

static void *allocate(int size)
{
    return allocation_fails() ? NULL : memory.xMalloc(size);
}

static void *reallocate(void *block, int size)
{
    return allocation_fails() ? NULL : memory.xRealloc(block, size);
}

/* To be called before anything else of SQLite. */
static void watch_memory(void)
{
    sqlite3_mem_methods watched;

    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory), SQLITE_OK);
    watched = memory;
    watched.xMalloc = allocate;
    watched.xRealloc = reallocate;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &watched), SQLITE_OK);
}

/* Whichever allocation fails while it is opened. */
static void test_a_store_opens_whole_or_not_at_all(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(7, JOB_POLLING);

    record.deadline_usec = REALTIME_USEC + USEC_PER_HOUR;
    record.deadline_boottime_usec = BOOTTIME_USEC + USEC_PER_HOUR;
    save(fixture, &record);
    close_store(fixture);
    fixture->virtual.realtime_usec += USEC_PER_DAY; /* moves nothing, within a boot */
    for (unsigned n = 1, failed = 1; failed; n++) {
        char *error = NULL;
        int r;

        allocations_to_go = n;
        r = store_open(fixture->directory, &fixture->clock, &fixture->store, &error);
        failed = allocations_to_go == 0;
        allocations_to_go = 0;
        if (r < 0) {
            if (r != -ENOMEM)
                fail_msg("allocation %u: %d, %s", n, r, error);
            free(error);
            continue;
        }
        assert_int_equal(store_last_number(fixture->store), 7);
        assert_int_equal(store_last_change(fixture->store), 7);
        assert_stored(fixture, &record);
        assert_in_use(fixture);
        close_store(fixture);
    }
}

/* ---- no room ---- */

/* A file system of its own that is soon full; nobody else sees it. Needs root. */
static bool mount_small(const char *directory)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", directory, "tmpfs", 0, "size=256k") == 0;
}

static void test_lives_through_a_full_disk(void **state)
{
    static char big[1000000];
    Fixture *fixture = *state;
    JobRecord small = plain_job(1, JOB_QUEUED), large = plain_job(2, JOB_QUEUED), stored;
    const JobRecord *both[] = {&small, &large};

    close_store(fixture);
    unlink(fixture->path);
    if (!mount_small(fixture->directory)) {
        print_message("no mounting here\n");
        skip();
    }
    open_store(fixture);
    memset(big, 'x', sizeof(big) - 1);
    large.reason = big;
    assert_int_equal(try_save(fixture, both, 2), -ENOSPC);

    assert_int_equal(store_get(fixture->store, small.id, &stored), -ENOENT);
    save(fixture, &small);
    reopen_store(fixture);
    assert_stored(fixture, &small);
    assert_int_equal(store_get(fixture->store, large.id, &stored), -ENOENT);
    close_store(fixture);
    assert_int_equal(umount(fixture->directory), 0);
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
        TEST(test_leaves_a_newer_store_untouched),
        TEST(test_leaves_a_foreign_database_untouched),
        TEST(test_leaves_a_damaged_header_untouched),
        TEST(test_leaves_damaged_pages_untouched),
        TEST(test_leaves_a_truncated_store_untouched),
        TEST(test_leaves_what_lacks_a_column_or_table_untouched),
        TEST(test_leaves_a_store_in_use_to_its_user),
        TEST(test_waits_for_a_reader_at_the_moment_of_a_start),
        TEST(test_notices_that_its_file_is_not_where_it_was),
        TEST(test_says_what_is_in_the_way_and_what_to_do),
        TEST(test_keeps_others_out),
        TEST(test_is_well_while_its_file_can_be_read),
        TEST(test_what_is_saved_has_reached_the_disk),
        TEST(test_a_sync_that_fails_for_lack_of_room_is_the_end),
        TEST(test_what_is_saved_does_not_stay_in_memory_too),
        TEST(test_a_store_opens_whole_or_not_at_all),
        TEST(test_lives_through_a_full_disk),
    };

    watch_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
