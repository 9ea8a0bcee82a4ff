/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/store-world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

void open_store(Fixture *fixture)
{
    char *error = NULL;

    if (store_open(fixture->directory, &fixture->clock, &fixture->store, &error) < 0)
        fail_msg("%s", error);
}

void close_store(Fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = NULL;
}

void reopen_store(Fixture *fixture)
{
    close_store(fixture);
    open_store(fixture);
}

int set_up_store(void **state)
{
    Fixture *fixture = calloc(1, sizeof(*fixture));

    assert_non_null(fixture);
    fixture->virtual = (VirtualClock){BOOTTIME_USEC, REALTIME_USEC, 0};
    fixture->clock = virtual_clock(&fixture->virtual);
    umask(0077); /* as the daemon does */
    strcpy(fixture->directory, "/tmp/trailstop-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    snprintf(fixture->path, sizeof(fixture->path), "%s/jobs.sqlite3", fixture->directory);
    open_store(fixture);
    *state = fixture;
    return 0;
}

int tear_down_store(void **state)
{
    Fixture *fixture = *state;

    store_close(fixture->store);
    unlink(fixture->path);
    strcat(fixture->path, "-wal"); /* of one that was looked at only */
    unlink(fixture->path);
    assert_int_equal(rmdir(fixture->directory), 0); /* nothing else was left there */
    free(fixture);
    return 0;
}

void execute(const Fixture *fixture, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

JobRecord plain_job(uint64_t number, JobState state)
{
    static char target[] = "default", import_id[] = "ee54f254-6d13-4ac7-b1e5-3e6f1a7f0b29";
    JobRecord record = {
        .number = number,
        .change = number,
        .import_id = import_id,
        .target = target,
        .state = state,
        .requested_usec = REALTIME_USEC,
        .updated_usec = REALTIME_USEC,
        .requested_boottime_usec = BOOTTIME_USEC,
    };

    snprintf(record.id, sizeof(record.id), "job%llu", (unsigned long long)number);
    if (job_state_is_final(state))
        record.finished_usec = REALTIME_USEC + number;
    return record;
}

int try_save(Fixture *fixture, const JobRecord *const records[], size_t n_records)
{
    int r = store_begin(fixture->store);

    if (r < 0)
        return r;
    for (size_t i = 0; i < n_records; i++)
        (void)store_put_job(fixture->store, records[i]);
    return store_commit(fixture->store);
}

void save(Fixture *fixture, const JobRecord *record)
{
    assert_int_equal(try_save(fixture, &record, 1), 0);
}

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

void assert_stored(Fixture *fixture, const JobRecord *expected)
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

void save_six(Fixture *fixture)
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
