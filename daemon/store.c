#include "daemon/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/explain.h"
#include "daemon/store-row.h"

#define STORE_FILE "jobs.sqlite3"

typedef enum Statement {
    BEGIN,
    COMMIT,
    ROLLBACK,
    SAVE,
    GET,
    EACH_ACTIVE,
    EACH,
    EACH_CHANGED,
    PURGE,
    OLDEST,
    N_STATEMENTS
} Statement;

static const char *const statements[N_STATEMENTS] = {
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
    [SAVE] = "INSERT OR REPLACE INTO jobs (" COLUMNS ") VALUES "
             "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, "
             "?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)",
    [GET] = "SELECT " COLUMNS " FROM jobs WHERE id = ?1",
    [EACH_ACTIVE] = "SELECT " COLUMNS " FROM jobs WHERE finished_usec = 0 ORDER BY number",
    [EACH] = "SELECT " COLUMNS " FROM jobs WHERE number < ?1 AND (?2 IS NULL OR state = ?2) "
             "AND (?3 IS NULL OR target = ?3) AND (?4 IS NULL OR import_id = ?4) "
             "ORDER BY number DESC LIMIT ?5",
    [EACH_CHANGED] = "SELECT " COLUMNS " FROM jobs WHERE change > ?1 ORDER BY change LIMIT ?2",
    [PURGE] = "DELETE FROM jobs WHERE finished_usec > 0 AND finished_usec < ?1",
    [OLDEST] = "SELECT min(finished_usec) FROM jobs WHERE finished_usec > 0",
};

struct Store {
    sqlite3 *db;
    sqlite3_stmt *statements[N_STATEMENTS];
    uint64_t last_number;
    uint64_t last_change;
};

static int store_errno(const Store *store, int result)
{
    int system_errno = sqlite3_system_errno(store->db);

    if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW)
        return 0;
    if (result == SQLITE_FULL)
        return -ENOSPC;
    if (result == SQLITE_NOMEM)
        return -ENOMEM;
    if ((result & 0xff) == SQLITE_IOERR && result != SQLITE_IOERR_FSYNC &&
        result != SQLITE_IOERR_DIR_FSYNC && (system_errno == ENOSPC || system_errno == EDQUOT))
        return -ENOSPC;
    return -EIO;
}

const char *store_error(const Store *store)
{
    return sqlite3_errmsg(store->db);
}

void store_close(Store *store)
{
    if (!store)
        return;
    for (Statement i = 0; i < N_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    free(store);
}

/* The first column of the first row as a number; -1 where there is none or SQLite failed. */
static int64_t query_int(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t value = -1;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static bool query_is(sqlite3 *db, const char *sql, const char *expected)
{
    sqlite3_stmt *statement = NULL;
    bool is = sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK &&
              sqlite3_step(statement) == SQLITE_ROW &&
              strcmp((const char *)sqlite3_column_text(statement, 0), expected) == 0;

    sqlite3_finalize(statement);
    return is;
}

/* Only reads, so that a store that is not ours to use stays as it is. */
static int store_examine(Store *store, const char *path, char **ret_error)
{
    int64_t version, tables;
    int failure;

    sqlite3_exec(store->db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    version = query_int(store->db, "PRAGMA user_version");
    tables = query_int(store->db, "SELECT count(*) FROM sqlite_master");
    failure = sqlite3_errcode(store->db);
    if (version < 0 || tables < 0) {
        if ((failure & 0xff) == SQLITE_BUSY)
            return explain(ret_error, -EBUSY,
                           "%s is in use by another trailstopd: stop that one, or give this one a "
                           "state-directory of its own",
                           path);
        return explain(
            ret_error, -EUCLEAN,
            "%s cannot be read (%s) and was left untouched: restore it from a backup, or "
            "move it away to start with no jobs",
            path, sqlite3_errmsg(store->db));
    }
    if (version > STORE_VERSION)
        return explain(
            ret_error, -EUCLEAN,
            "%s has version %lld, written by a newer trailstopd (this one knows %d), and "
            "was left untouched: install the newer one again, or move the file away",
            path, (long long)version, STORE_VERSION);
    if (version == 0 && tables > 0)
        return explain(
            ret_error, -EUCLEAN,
            "%s is a database of another program and was left untouched: give trailstopd "
            "a state-directory of its own",
            path);
    if (!query_is(store->db, "PRAGMA quick_check(1)", "ok"))
        return explain(ret_error, -EUCLEAN,
                       "%s is damaged and was left untouched: restore it from a backup, or move it "
                       "away to start with no jobs (sqlite3's .recover reads what is left)",
                       path);
    return 0;
}

/* WAL with synchronous=FULL: a commit is on disk when it returns, with one sync. */
static int store_prepare(Store *store)
{
    int r = 0;

    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (!query_is(store->db, "PRAGMA journal_mode = WAL", "wal"))
        return store_errno(store, sqlite3_extended_errcode(store->db)) < 0
                   ? store_errno(store, sqlite3_extended_errcode(store->db))
                   : -EIO;
    r = store_errno(store, sqlite3_exec(store->db, "PRAGMA synchronous = FULL", NULL, NULL, NULL));
    if (r >= 0 && query_int(store->db, "PRAGMA user_version") == 0) {
        r = store_errno(store, sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        if (r >= 0)
            r = store_errno(store, sqlite3_exec(store->db, store_schema, NULL, NULL, NULL));
        if (r >= 0)
            r = store_errno(store, sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL));
    }
    for (Statement i = 0; r >= 0 && i < N_STATEMENTS; i++)
        r = store_errno(store,
                        sqlite3_prepare_v3(store->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                           &store->statements[i], NULL));
    return r;
}

/* CLOCK_BOOTTIME begins anew with each boot: what an earlier one left is moved over by the wall
 * clock. */
static int store_adopt_boot(Store *store, const Clock *clock)
{
    CLEANUP(freep) char *sql = NULL;
    char boot[SD_ID128_STRING_MAX];
    sd_id128_t id;
    int64_t offset;
    int r = sd_id128_get_boot(&id);

    if (r < 0)
        return r;
    sd_id128_to_string(id, boot);
    if (query_is(store->db, "SELECT id FROM boot", boot))
        return 0;
    offset =
        (int64_t)(clock->boottime_usec(clock->userdata) - clock->realtime_usec(clock->userdata));
    if (asprintf(&sql,
                 "BEGIN IMMEDIATE;"
                 "UPDATE jobs SET"
                 " requested_boottime_usec = requested_usec + %1$lld,"
                 " deadline_boottime_usec ="
                 "  CASE deadline_usec WHEN 0 THEN 0 ELSE max(1, deadline_usec + %1$lld) END"
                 " WHERE finished_usec = 0;"
                 "UPDATE boot SET id = '%2$s';"
                 "COMMIT",
                 (long long)offset, boot) < 0) {
        sql = NULL;
        return -ENOMEM;
    }
    return store_errno(store, sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

int store_open(const char *directory, const Clock *clock, Store **ret, char **ret_error)
{
    CLEANUP(freep) char *path = NULL;
    CLEANUP(store_closep) Store *store = calloc(1, sizeof(*store));
    int r;

    if (!store || asprintf(&path, "%s/" STORE_FILE, directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return explain(ret_error, -errno, "state-directory %s cannot be made: %m", directory);
    if (chmod(directory, 0700) < 0)
        return explain(ret_error, -errno, "state-directory %s cannot be made private: %m",
                       directory);
    if (sqlite3_open_v2(path, &store->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return explain(ret_error, -EIO, "%s cannot be opened: %s", path,
                       store->db ? sqlite3_errmsg(store->db) : "out of memory");
    sqlite3_extended_result_codes(store->db, 1);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    r = store_examine(store, path, ret_error);
    if (r < 0)
        return r;
    r = store_prepare(store);
    if (r >= 0)
        r = store_adopt_boot(store, clock);
    if (r < 0)
        return explain(ret_error, r, "%s cannot be written: %s", path, sqlite3_errmsg(store->db));
    store->last_number = (uint64_t)query_int(store->db, "SELECT ifnull(max(number), 0) FROM jobs");
    store->last_change = (uint64_t)query_int(store->db, "SELECT ifnull(max(change), 0) FROM jobs");
    *ret = TAKE(store);
    return 0;
}

/* For a statement without rows. */
static int store_run(Store *store, Statement statement)
{
    sqlite3_stmt *prepared = store->statements[statement];
    int result = sqlite3_step(prepared);
    int r = store_errno(store, result);

    sqlite3_reset(prepared);
    return r;
}

/* Steps through a bound statement. */
static int store_each_row(Store *store, Statement statement, StoreEach each, void *userdata)
{
    sqlite3_stmt *prepared = store->statements[statement];
    int result, r = 0;

    while (r >= 0 && (result = sqlite3_step(prepared)) != SQLITE_DONE) {
        JobRecord record;

        r = result == SQLITE_ROW ? store_read_record(prepared, &record)
                                 : store_errno(store, result);
        if (r >= 0)
            r = each(&record, userdata);
    }
    sqlite3_reset(prepared);
    return r < 0 ? r : 0;
}

uint64_t store_last_number(const Store *store)
{
    return store->last_number;
}

uint64_t store_last_change(const Store *store)
{
    return store->last_change;
}

int store_save(Store *store, const JobRecord *const records[], size_t n_records)
{
    int r = store_run(store, BEGIN);

    if (r < 0)
        return r;
    for (size_t i = 0; r >= 0 && i < n_records; i++) {
        store_bind_record(store->statements[SAVE], records[i]);
        r = store_run(store, SAVE);
    }
    if (r >= 0)
        r = store_run(store, COMMIT);
    if (r < 0 && !sqlite3_get_autocommit(store->db))
        (void)store_run(store, ROLLBACK);
    return r;
}

static int take_record(JobRecord *record, void *userdata)
{
    *(JobRecord *)userdata = *record;
    return 0;
}

int store_get(Store *store, const char *id, JobRecord *ret)
{
    JobRecord record = {0};
    int r;

    sqlite3_bind_text(store->statements[GET], 1, id, -1, SQLITE_STATIC);
    r = store_each_row(store, GET, take_record, &record);
    if (r < 0)
        return r;
    if (record.number == 0)
        return -ENOENT;
    *ret = record;
    return 0;
}

int store_each_active(Store *store, StoreEach each, void *userdata)
{
    return store_each_row(store, EACH_ACTIVE, each, userdata);
}

int store_each(Store *store, const StoreFilter *filter, uint64_t before, size_t limit,
               StoreEach each, void *userdata)
{
    sqlite3_stmt *statement = store->statements[EACH];

    sqlite3_bind_int64(statement, 1, before > INT64_MAX ? INT64_MAX : (sqlite3_int64)before);
    sqlite3_bind_text(statement, 2, filter->state ? job_state_name(*filter->state) : NULL, -1,
                      SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, filter->target, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 4, filter->import_id, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 5, (sqlite3_int64)limit);
    return store_each_row(store, EACH, each, userdata);
}

int store_each_changed(Store *store, uint64_t change, size_t limit, StoreEach each, void *userdata)
{
    sqlite3_bind_int64(store->statements[EACH_CHANGED], 1, (sqlite3_int64)change);
    sqlite3_bind_int64(store->statements[EACH_CHANGED], 2, (sqlite3_int64)limit);
    return store_each_row(store, EACH_CHANGED, each, userdata);
}

int store_purge(Store *store, uint64_t finished_before_usec, uint64_t *ret_oldest_usec)
{
    int r;

    sqlite3_bind_int64(store->statements[PURGE], 1, (sqlite3_int64)finished_before_usec);
    r = store_run(store, PURGE);
    if (r < 0)
        return r;
    r = store_errno(store, sqlite3_step(store->statements[OLDEST]));
    if (r >= 0)
        *ret_oldest_usec = (uint64_t)sqlite3_column_int64(store->statements[OLDEST], 0);
    sqlite3_reset(store->statements[OLDEST]);
    return r;
}

bool store_is_well(Store *store)
{
    return query_int(store->db, "SELECT count(*) FROM boot") == 1;
}
