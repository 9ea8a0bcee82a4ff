/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/jobs/store.h: the file of the store. What is not ours stays as it is, and what keeps the
 * store from being read or written has a name. */
#include <errno.h>
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
    overwrite(fixture, 0, "this is not a database any more");
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

/* What was written before may be lost with it: this is not a passing lack of room. */
static void test_a_sync_that_fails_for_lack_of_room_is_the_end(void **state)
{
    Fixture *fixture = *state;
    JobRecord record = plain_job(1, JOB_QUEUED);
    const JobRecord *records[] = {&record};

    syncs_fail = true;
    assert_int_equal(try_save(fixture, records, 1), -EIO);
    syncs_fail = false;
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
        TEST(test_a_store_opens_whole_or_not_at_all),
        TEST(test_lives_through_a_full_disk),
    };

    watch_memory();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
