#include "daemon/store-file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-id128.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/store-row.h"

#define FILE_NAME "jobs.sqlite3"

int store_file_errno(sqlite3 *db, int result)
{
    int system_errno = sqlite3_system_errno(db);

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

int64_t store_file_query(sqlite3 *db, const char *sql)
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
static int examine(sqlite3 *db, const char *path, char **ret_error)
{
    int64_t version, tables;
    int failure;

    sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
    version = store_file_query(db, "PRAGMA user_version");
    tables = store_file_query(db, "SELECT count(*) FROM sqlite_master");
    failure = sqlite3_errcode(db);
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
            path, sqlite3_errmsg(db));
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
    if (!query_is(db, "PRAGMA quick_check(1)", "ok"))
        return explain(ret_error, -EUCLEAN,
                       "%s is damaged and was left untouched: restore it from a backup, or move it "
                       "away to start with no jobs (sqlite3's .recover reads what is left)",
                       path);
    return 0;
}

/* WAL with synchronous=FULL: a commit is on disk when it returns, with one sync. */
static int prepare(sqlite3 *db)
{
    int r = 0;

    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    if (!query_is(db, "PRAGMA journal_mode = WAL", "wal"))
        return store_file_errno(db, sqlite3_extended_errcode(db)) < 0
                   ? store_file_errno(db, sqlite3_extended_errcode(db))
                   : -EIO;
    r = store_file_errno(db, sqlite3_exec(db, "PRAGMA synchronous = FULL", NULL, NULL, NULL));
    if (r >= 0 && store_file_query(db, "PRAGMA user_version") == 0) {
        r = store_file_errno(db, sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL));
        if (r >= 0)
            r = store_file_errno(db, sqlite3_exec(db, store_schema, NULL, NULL, NULL));
        if (r >= 0)
            r = store_file_errno(db, sqlite3_exec(db, "COMMIT", NULL, NULL, NULL));
    }
    return r;
}

/* CLOCK_BOOTTIME begins anew with each boot: what an earlier one left is moved over by the wall
 * clock. */
static int adopt_boot(sqlite3 *db, const Clock *clock, sd_id128_t id)
{
    CLEANUP(freep) char *sql = NULL;
    char boot[SD_ID128_STRING_MAX];
    int64_t offset;

    sd_id128_to_string(id, boot);
    if (query_is(db, "SELECT id FROM boot", boot))
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
    return store_file_errno(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

static int connect(const char *path, sqlite3 **db, char **ret_error)
{
    if (sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return explain(ret_error, -EIO, "%s cannot be opened: %s", path,
                       *db ? sqlite3_errmsg(*db) : "out of memory");
    sqlite3_extended_result_codes(*db, 1);
    sqlite3_db_config(*db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return 0;
}

DEFINE_CLEANUP(sqlite3, sqlite3_close)

/* Connects to a store that is fit for use; one that is not stays exactly as it was. */
static int attach(const char *path, sqlite3 **db, char **ret_error)
{
    CLEANUP(freep) char *log = NULL;
    bool had_log;
    int r;

    if (asprintf(&log, "%s-wal", path) < 0) {
        log = NULL;
        return -ENOMEM;
    }
    had_log = access(log, F_OK) == 0;
    r = connect(path, db, ret_error);
    if (r >= 0)
        r = examine(*db, path, ret_error);
    if (r < 0 && r != -EBUSY && !had_log) { /* reading made an empty one */
        sqlite3_close(TAKE(*db));
        (void)unlink(log);
    }
    return r;
}

int store_file_open(const char *directory, const Clock *clock, sqlite3 **ret, char **ret_error)
{
    CLEANUP(freep) char *path = NULL;
    CLEANUP(sqlite3_closep) sqlite3 *db = NULL;
    sd_id128_t boot;
    int r;

    if (asprintf(&path, "%s/" FILE_NAME, directory) < 0) {
        path = NULL;
        return -ENOMEM;
    }
    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return explain(ret_error, -errno, "state-directory %s cannot be made: %m", directory);
    if (chmod(directory, 0700) < 0)
        return explain(ret_error, -errno, "state-directory %s cannot be made private: %m",
                       directory);
    r = attach(path, &db, ret_error);
    if (r < 0)
        return r;
    r = sd_id128_get_boot(&boot);
    if (r < 0)
        return explain(ret_error, r, "the id of this boot cannot be read: %s", strerror(-r));
    r = prepare(db);
    if (r >= 0)
        r = adopt_boot(db, clock, boot);
    if (r < 0)
        return explain(ret_error, r, "%s cannot be written: %s", path, sqlite3_errmsg(db));
    *ret = TAKE(db);
    return 0;
}
