/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/store-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-id128.h>

#include "common/explain.h"
#include "common/memory.h"
#include "common/string.h"
#include "common/time.h"
#include "daemon/jobs/store-row.h"
#include "daemon/jobs/store.h"

#define FILE_NAME "jobs.sqlite3"

/* Somebody may be reading the store just now: so often, this far apart, it is tried again. */
#define BUSY_TRIES 30U
#define BUSY_INTERVAL_USEC (100 * USEC_PER_MSEC)

int store_file_errno(sqlite3 *db, int result)
{
    int system_errno = sqlite3_system_errno(db);

    if (result == SQLITE_OK || result == SQLITE_DONE || result == SQLITE_ROW)
        return 0;
    if (result == SQLITE_FULL)
        return -ENOSPC;
    if (result == SQLITE_NOMEM || result == SQLITE_IOERR_NOMEM)
        return -ENOMEM;
    if ((result & 0xff) == SQLITE_IOERR && result != SQLITE_IOERR_FSYNC &&
        result != SQLITE_IOERR_DIR_FSYNC && (system_errno == ENOSPC || system_errno == EDQUOT))
        return -ENOSPC;
    return -EIO;
}

int store_file_explain(sqlite3 *db, char **ret_error)
{
    const char *path = sqlite3_db_filename(db, "main");
    int failure = sqlite3_extended_errcode(db);

    if (store_file_errno(db, failure) == -ENOMEM)
        return -ENOMEM;
    if ((failure & 0xff) == SQLITE_BUSY)
        return explain(ret_error, -EBUSY,
                       "%s is in use by another process, such as another trailstopd or sqlite3: "
                       "end that one, or give this one a state-directory of its own",
                       path);
    return explain(ret_error, -EUCLEAN,
                   "%s cannot be read (%s) and was left untouched: restore it from a backup, or "
                   "move it away to start with no jobs",
                   path, sqlite3_errmsg(db));
}

DEFINE_CLEANUP(sqlite3_stmt, sqlite3_finalize)

/* 1: the statement is at its first row; 0: there is none; negative errno. */
static int query(sqlite3 *db, const char *sql, sqlite3_stmt **ret)
{
    int result = sqlite3_prepare_v2(db, sql, -1, ret, NULL);

    if (result == SQLITE_OK)
        result = sqlite3_step(*ret);
    return result == SQLITE_ROW ? 1 : store_file_errno(db, result);
}

int store_file_query(sqlite3 *db, const char *sql, int64_t *ret)
{
    CLEANUP(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
    int r = query(db, sql, &statement);

    if (r < 0)
        return r;
    *ret = r > 0 ? sqlite3_column_int64(statement, 0) : 0;
    return 0;
}

/* A page that there is no memory for is among the findings of SQLite's checks, as if it were
 * damaged. 0 or -ENOMEM. */
static int read_finding(const char *text)
{
    static const char before_code[] = "error code=";
    const char *found = strstr(text, before_code);
    long code = found ? strtol(found + strlen(before_code), NULL, 10) : SQLITE_OK;

    return code == SQLITE_NOMEM || code == SQLITE_IOERR_NOMEM ? -ENOMEM : 0;
}

/* 1: the first column of the first row is this text; 0: it is not; negative errno. */
static int query_is(sqlite3 *db, const char *sql, const char *expected)
{
    CLEANUP(sqlite3_finalizep) sqlite3_stmt *statement = NULL;
    int r = query(db, sql, &statement);
    const char *text;

    if (r <= 0)
        return r;
    text = (const char *)sqlite3_column_text(statement, 0);
    if (!text)
        return store_file_errno(db, sqlite3_extended_errcode(db));
    return strcmp(text, expected) == 0 ? 1 : read_finding(text);
}

static int execute(sqlite3 *db, const char *sql)
{
    return store_file_errno(db, sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* Only reads, so that a store that is not ours to use stays as it is. */
static int examine(sqlite3 *db, const char *path, char **ret_error)
{
    int64_t version, tables, rows;
    int r;

    if (execute(db, "PRAGMA locking_mode = EXCLUSIVE") < 0 ||
        store_file_query(db, "PRAGMA user_version", &version) < 0 ||
        store_file_query(db, "SELECT count(*) FROM sqlite_master", &tables) < 0)
        return store_file_explain(db, ret_error);
    if (version > STORE_VERSION)
        return explain(
            ret_error, -EUCLEAN,
            "%s has version %lld, written by a newer trailstopd (this one knows %d), and "
            "was left untouched: install the newer one again, or move the file away",
            path, (long long)version, STORE_VERSION);
    if (version < 0 || (version == 0 && tables > 0))
        return explain(
            ret_error, -EUCLEAN,
            "%s is a database of another program and was left untouched: give trailstopd "
            "a state-directory of its own",
            path);
    r = query_is(db, "PRAGMA quick_check(1)", "ok");
    if (r == -ENOMEM)
        return r;
    if (r < 0 || (version > 0 && store_file_query(db, store_probe, &rows) < 0))
        return store_file_explain(db, ret_error);
    if (r == 0)
        return explain(ret_error, -EUCLEAN,
                       "%s is damaged and was left untouched: restore it from a backup, or move it "
                       "away to start with no jobs (sqlite3's .recover reads what is left)",
                       path);
    return 0;
}

/* A store of an earlier trailstopd gains what was added to its table since. */
static int add_columns(sqlite3 *db)
{
    for (const StoreAddition *addition = store_additions; addition->name; addition++) {
        CLEANUP(freep) char *sql = NULL;
        int64_t there;
        int r = string_format(&sql, "SELECT 1 FROM pragma_table_info('jobs') WHERE name = '%s'",
                              addition->name);

        if (r < 0 || (r = store_file_query(db, sql, &there)) < 0 ||
            (!there && (r = execute(db, addition->add)) < 0))
            return r;
    }
    return 0;
}

/* Pages of the store that are kept after a commit; a transaction may change 2 MiB of them before
 * any is written early, which would be in vain. Keeping more would save next to nothing, and leave
 * holes between the jobs when it is given back. */
static const char limit_cache[] = "PRAGMA cache_size = -512; PRAGMA cache_spill = -2048;"; /* KiB */

/* WAL with synchronous=FULL: a commit is on disk when it returns, with one sync. */
static int prepare(sqlite3 *db)
{
    int64_t version;
    int r;

    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    r = query_is(db, "PRAGMA journal_mode = WAL", "wal");
    if (r <= 0)
        return r < 0 ? r : -EIO;
    if ((r = execute(db, "PRAGMA synchronous = FULL")) < 0 || (r = execute(db, limit_cache)) < 0 ||
        (r = store_file_query(db, "PRAGMA user_version", &version)) < 0 ||
        (r = execute(db, "BEGIN IMMEDIATE")) < 0 ||
        (version == 0 && (r = execute(db, store_tables)) < 0) ||
        (r = execute(db, store_later_tables)) < 0 || (r = add_columns(db)) < 0 ||
        (r = execute(db, store_indexes)) < 0)
        return r;
    return execute(db, "COMMIT");
}

/* CLOCK_BOOTTIME begins at 0 with each boot: what an earlier one left is moved over by the wall
 * clock. That may be behind what it was then: no job was asked for in the future, and none has more
 * time left than it was given, nor has a message. */
static int adopt_boot(sqlite3 *db, const Clock *clock, sd_id128_t id)
{
    CLEANUP(freep) char *sql = NULL;
    char boot[SD_ID128_STRING_MAX];
    int64_t now, offset;
    int r;

    sd_id128_to_string(id, boot);
    r = sd_id128_is_null(id) ? 0 : query_is(db, "SELECT id FROM boot", boot);
    if (r != 0)
        return r < 0 ? r : 0;
    now = (int64_t)clock->boottime_usec(clock->userdata);
    offset = now - (int64_t)clock->realtime_usec(clock->userdata);
    r = string_format(
        &sql,
        "BEGIN IMMEDIATE;"
        "UPDATE jobs SET"
        " requested_boottime_usec = min(requested_usec + %1$lld, %2$lld),"
        " deadline_boottime_usec = CASE deadline_usec WHEN 0 THEN 0 ELSE"
        "  max(1, min(deadline_usec + %1$lld, %2$lld + deadline_usec - requested_usec)) END,"
        " accepted_boottime_usec = CASE accepted_boottime_usec WHEN 0 THEN 0 ELSE"
        "  max(1, min(requested_usec + %1$lld, %2$lld)"
        "   + max(0, accepted_boottime_usec - requested_boottime_usec)) END"
        " WHERE finished_usec = 0;"
        "UPDATE messages SET visible_boottime_usec ="
        " max(1, min(visible_usec + %1$lld, %2$lld + visible_usec - asked_usec));"
        "UPDATE boot SET id = '%3$s';"
        "COMMIT",
        (long long)offset, (long long)now, boot);
    return r < 0 ? r : execute(db, sql);
}

/* What keeps this user from the file or directory, and what to do about it. */
static int explain_obstacle(const char *path, int error, char **ret_error)
{
    struct stat status;

    if ((error == EACCES || error == EPERM) && stat(path, &status) == 0 &&
        status.st_uid != geteuid())
        return explain(ret_error, -error,
                       "%s cannot be used (%s): it belongs to uid %u, and trailstopd runs as uid "
                       "%u; give it to that user with chown(1), or set another state-directory",
                       path, strerror(error), (unsigned)status.st_uid, (unsigned)geteuid());
    if (error == EACCES || error == EPERM)
        return explain(ret_error, -error,
                       "%s cannot be used (%s): give its owner, uid %u, the permission to read and "
                       "write with chmod(1)",
                       path, strerror(error), (unsigned)geteuid());
    if (error == EROFS)
        return explain(ret_error, -error,
                       "%s cannot be used (%s): mount it writable, or set another state-directory",
                       path, strerror(error));
    if (error == ENOENT || error == ENOTDIR)
        return explain(ret_error, -error,
                       "%s cannot be made (%s): make the directory above it, or set another "
                       "state-directory",
                       path, strerror(error));
    return explain(ret_error, -error, "%s cannot be used: %s", path, strerror(error));
}

/* SQLite's own messages name neither the file that is in the way nor the reason. */
static int find_obstacle(const char *directory, const char *path, char **ret_error)
{
    static const char *const suffixes[] = {"", "-wal"};

    if (faccessat(AT_FDCWD, directory, R_OK | W_OK | X_OK, AT_EACCESS) < 0)
        return explain_obstacle(directory, errno, ret_error);
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        CLEANUP(freep) char *file = NULL;
        int r = string_format(&file, "%s%s", path, suffixes[i]);

        if (r < 0)
            return r;
        if (faccessat(AT_FDCWD, file, R_OK | W_OK, AT_EACCESS) < 0 && errno != ENOENT)
            return explain_obstacle(file, errno, ret_error);
    }
    return 0;
}

static int make_directory(const char *directory, char **ret_error)
{
    struct stat status;

    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return explain_obstacle(directory, errno, ret_error);
    if (stat(directory, &status) < 0 ||
        ((status.st_mode & 07777) != 0700 && chmod(directory, 0700) < 0))
        return explain_obstacle(directory, errno, ret_error);
    return 0;
}

static int connect(const char *path, sqlite3 **db, char **ret_error)
{
    int result = sqlite3_open_v2(path, db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);

    if (result == SQLITE_NOMEM)
        return -ENOMEM;
    if (result != SQLITE_OK)
        return explain_obstacle(path, sqlite3_system_errno(*db), ret_error);
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

    r = string_format(&log, "%s-wal", path);
    if (r < 0)
        return r;
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

static int open_once(const char *path, const Clock *clock, sqlite3 **ret, char **ret_error)
{
    CLEANUP(sqlite3_closep) sqlite3 *db = NULL;
    sd_id128_t boot;
    int r = attach(path, &db, ret_error);

    if (r < 0)
        return r;
    if (sd_id128_get_boot(&boot) < 0)
        boot = SD_ID128_NULL; /* some containers hide it: then each start counts as another boot */
    r = prepare(db);
    if (r >= 0)
        r = adopt_boot(db, clock, boot);
    if (r < 0 && (sqlite3_errcode(db) & 0xff) == SQLITE_BUSY)
        return store_file_explain(db, ret_error);
    if (r < 0)
        return explain(ret_error, r, "%s cannot be written: %s (%s)", path, sqlite3_errmsg(db),
                       strerror(sqlite3_system_errno(db)));
    *ret = TAKE(db);
    return 0;
}

/* SQLite takes this before its first use alone. There is one thread, and nobody asks how much
 * memory it uses: locks and counts at each of its allocations are a seventh of what saving a job
 * costs. Pages are allocated one by one: 20 at once, which is the default, would be kept for as
 * long as one of them is in use. */
static void configure_sqlite(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

int store_file_open(const char *directory, const Clock *clock, sqlite3 **ret, char **ret_error)
{
    static const struct timespec interval = {.tv_nsec = BUSY_INTERVAL_USEC * 1000};
    CLEANUP(freep) char *path = NULL;
    int r = string_format(&path, "%s/" FILE_NAME, directory);

    configure_sqlite();
    if (r < 0 || (r = make_directory(directory, ret_error)) < 0 ||
        (r = find_obstacle(directory, path, ret_error)) < 0)
        return r;
    r = open_once(path, clock, ret, ret_error);
    for (unsigned i = 0; r == -EBUSY && i < BUSY_TRIES; i++) {
        free(TAKE(*ret_error));
        (void)nanosleep(&interval, NULL);
        r = open_once(path, clock, ret, ret_error);
    }
    return r;
}

uint64_t store_bytes(const char *directory)
{
    static const char *const names[] = {FILE_NAME, FILE_NAME "-wal"};
    uint64_t sum = 0;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CLEANUP(freep) char *path = NULL;
        struct stat status;

        if (string_format(&path, "%s/%s", directory, names[i]) == 0 && stat(path, &status) == 0)
            sum += (uint64_t)status.st_size;
    }
    return sum;
}
