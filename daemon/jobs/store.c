/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/jobs/store-file.h"
#include "daemon/jobs/store-row.h"

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

static int store_prepare(Store *store)
{
    for (Statement i = 0; i < N_STATEMENTS; i++) {
        int result = sqlite3_prepare_v3(store->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &store->statements[i], NULL);

        if (result != SQLITE_OK)
            return store_file_errno(store->db, result);
    }
    return 0;
}

/* From where numbers and changes count on. */
static int store_count(Store *store)
{
    int64_t number, change;
    int r;

    if ((r = store_file_query(store->db, "SELECT max(number) FROM jobs", &number)) < 0 ||
        (r = store_file_query(store->db, "SELECT max(change) FROM jobs", &change)) < 0)
        return r;
    store->last_number = (uint64_t)number;
    store->last_change = (uint64_t)change;
    return 0;
}

int store_open(const char *directory, const Clock *clock, Store **ret, char **ret_error)
{
    CLEANUP(store_closep) Store *store = calloc(1, sizeof(*store));
    int r;

    if (!store)
        return -ENOMEM;
    r = store_file_open(directory, clock, &store->db, ret_error);
    if (r < 0)
        return r;
    if (store_prepare(store) < 0 || store_count(store) < 0)
        return store_file_explain(store->db, ret_error);
    *ret = TAKE(store);
    return 0;
}

/* For a statement without rows. */
static int store_run(Store *store, Statement statement)
{
    sqlite3_stmt *prepared = store->statements[statement];
    int result = sqlite3_step(prepared);
    int r = store_file_errno(store->db, result);

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
                                 : store_file_errno(store->db, result);
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
    int r, forgotten;

    sqlite3_bind_int64(store->statements[PURGE], 1, (sqlite3_int64)finished_before_usec);
    r = store_run(store, PURGE);
    if (r < 0)
        return r;
    forgotten = sqlite3_changes(store->db);
    r = store_file_errno(store->db, sqlite3_step(store->statements[OLDEST]));
    if (r >= 0)
        *ret_oldest_usec = (uint64_t)sqlite3_column_int64(store->statements[OLDEST], 0);
    sqlite3_reset(store->statements[OLDEST]);
    return r < 0 ? r : forgotten > 0;
}

bool store_is_well(Store *store)
{
    int64_t boots;

    sqlite3_db_release_memory(store->db); /* its pages would answer without the file */
    return store_file_query(store->db, "SELECT count(*) FROM boot", &boots) >= 0 && boots == 1;
}
