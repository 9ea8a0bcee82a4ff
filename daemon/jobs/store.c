/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/store.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/jobs/store-file.h"
#include "daemon/jobs/store-row.h"
#include "daemon/jobs/store-statement.h"

const char *store_error(const Store *store)
{
    return sqlite3_errmsg(store->db);
}

void store_close(Store *store)
{
    if (!store)
        return;
    store_finalize(store);
    sqlite3_close(store->db);
    free(store);
}

/* From where numbers and changes count on. */
static int store_count(Store *store)
{
    int64_t number, change, update;
    int r;

    if ((r = store_file_query(store->db, "SELECT max(number) FROM jobs", &number)) < 0 ||
        (r = store_file_query(store->db, "SELECT max(change) FROM jobs", &change)) < 0 ||
        (r = store_file_query(
             store->db, "SELECT updated_usec FROM jobs ORDER BY change DESC LIMIT 1", &update)) < 0)
        return r;
    store->last_number = (uint64_t)number;
    store->last_change = (uint64_t)change;
    store->last_update_usec = (uint64_t)update;
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
    if (stat(sqlite3_db_filename(store->db, "main"), &store->file) < 0)
        return -errno;
    *ret = TAKE(store);
    return 0;
}

/* Steps through a bound statement. */
static int store_each_row(Store *store, StoreStatement statement, StoreEach each, void *userdata)
{
    int r;

    while ((r = store_step(store, statement)) > 0) {
        JobRecord record;

        r = store_read_record(store->statements[statement], &record);
        if (r >= 0)
            r = each(&record, userdata);
        if (r < 0)
            break;
    }
    store_reset(store, statement);
    return r;
}

uint64_t store_last_number(const Store *store)
{
    return store->last_number;
}

uint64_t store_last_change(const Store *store)
{
    return store->last_change;
}

uint64_t store_last_update_usec(const Store *store)
{
    return store->last_update_usec;
}

/* A file that was removed takes everything, and the next start finds nothing of it. */
static int store_check_place(const Store *store)
{
    struct stat now;

    if (stat(sqlite3_db_filename(store->db, "main"), &now) < 0)
        return -errno;
    return now.st_dev == store->file.st_dev && now.st_ino == store->file.st_ino ? 0 : -ESTALE;
}

int store_begin(Store *store)
{
    int r = store_check_place(store);

    assert(!store->in_transaction && sqlite3_get_autocommit(store->db));
    if (r >= 0)
        r = store_run(store, SQL_BEGIN);
    store->in_transaction = r >= 0;
    store->failure = 0;
    return r;
}

static int store_insert_job(Store *store, const JobRecord *record)
{
    int r;

    store_bind_insert(store->statements[SQL_INSERT_JOB], record);
    r = store_write(store, SQL_INSERT_JOB);
    if (r >= 0 && store->last_number < record->number)
        store->last_number = record->number;
    return r;
}

static int store_update_job(Store *store, const JobRecord *record)
{
    if (job_state_is_final(record->state)) {
        store_bind_update(store->statements[SQL_UPDATE_JOB], record);
        return store_write(store, SQL_UPDATE_JOB);
    }
    store_bind_update_active(store->statements[SQL_UPDATE_ACTIVE_JOB], record);
    return store_write(store, SQL_UPDATE_ACTIVE_JOB);
}

/* Not an upsert, which takes far longer than an update: it looks for conflicts in each index first.
 */
int store_put_job(Store *store, const JobRecord *record)
{
    int r;

    if (record->number > store->last_number)
        return store_insert_job(store, record);
    r = store_update_job(store, record);
    return r < 0 || sqlite3_changes(store->db) > 0 ? r : store_insert_job(store, record);
}

int store_commit(Store *store)
{
    int r = store->failure;

    assert(store->in_transaction);
    if (r >= 0)
        r = store_run(store, SQL_COMMIT);
    if (r < 0)
        store_rollback(store);
    store->in_transaction = false;
    return r;
}

/* SQLite itself ends a transaction after some errors. */
void store_rollback(Store *store)
{
    if (store->in_transaction && !sqlite3_get_autocommit(store->db))
        (void)store_run(store, SQL_ROLLBACK);
    store->in_transaction = false;
}

static int take_record(JobRecord *record, void *userdata)
{
    *(JobRecord *)userdata = *record;
    return 0;
}

/* Of a bound statement that finds one at most. */
static int store_get_one(Store *store, StoreStatement statement, JobRecord *ret)
{
    JobRecord record = {0};
    int r = store_each_row(store, statement, take_record, &record);

    if (r < 0)
        return r;
    if (record.number == 0)
        return -ENOENT;
    *ret = record;
    return 0;
}

int store_get(Store *store, const char *id, JobRecord *ret)
{
    sqlite3_bind_text(store->statements[SQL_GET], 1, id, -1, SQLITE_STATIC);
    return store_get_one(store, SQL_GET, ret);
}

int store_next_to_settle(Store *store, JobRecord *ret)
{
    return store_get_one(store, SQL_NEXT_TO_SETTLE, ret);
}

int store_each_active(Store *store, StoreEach each, void *userdata)
{
    return store_each_row(store, SQL_EACH_ACTIVE, each, userdata);
}

/* The statement that looks at the fewest rows, with its parameter. */
static StoreStatement choose_each(const StoreFilter *filter, const char **ret_key)
{
    *ret_key = NULL;
    if (filter->import_id) {
        *ret_key = filter->import_id;
        return SQL_EACH_BY_IMPORT;
    }
    if (filter->active || (filter->state && !job_state_is_final(*filter->state)))
        return SQL_EACH_BY_ACTIVE;
    if (filter->target) {
        *ret_key = filter->target;
        return SQL_EACH_BY_TARGET;
    }
    if (filter->state) {
        *ret_key = job_state_name(*filter->state);
        return SQL_EACH_BY_STATE;
    }
    return SQL_EACH_BY_NUMBER;
}

static bool column_is(sqlite3_stmt *row, StoreColumn column, const char *text)
{
    const char *value = (const char *)sqlite3_column_text(row, (int)column);

    return value && strcmp(value, text) == 0;
}

static bool column_begins(sqlite3_stmt *row, StoreColumn column, const char *prefix)
{
    const char *value = (const char *)sqlite3_column_text(row, (int)column);

    return value && strncmp(value, prefix, strlen(prefix)) == 0;
}

/* A row that cannot be read matches as well, so that reading it says so. */
static bool row_matches(sqlite3_stmt *row, const StoreFilter *filter)
{
    return (!filter->state || column_is(row, COLUMN_state, job_state_name(*filter->state))) &&
           (!filter->active || sqlite3_column_int64(row, COLUMN_finished_usec) == 0) &&
           (!filter->target || column_is(row, COLUMN_target, filter->target)) &&
           (!filter->service ||
            column_is(row, COLUMN_service, import_service_name(*filter->service))) &&
           (!filter->import_id || column_is(row, COLUMN_import_id, filter->import_id)) &&
           (!filter->id_prefix || column_begins(row, COLUMN_id, filter->id_prefix)) &&
           (uint64_t)sqlite3_column_int64(row, COLUMN_requested_usec) >= filter->since_usec;
}

int store_each(Store *store, const StoreFilter *filter, StorePage *page, StoreEach each,
               void *userdata)
{
    const char *key;
    sqlite3_stmt *row = store->statements[choose_each(filter, &key)];
    size_t n_looked_at = 0, n_found = 0;
    int result = SQLITE_ROW, r = 0;

    sqlite3_bind_int64(row, 1, page->before > INT64_MAX ? INT64_MAX : (sqlite3_int64)page->before);
    sqlite3_bind_text(row, 2, key, -1, SQLITE_STATIC);
    while (r >= 0 && n_looked_at < page->max_rows && n_found < page->limit &&
           (result = sqlite3_step(row)) == SQLITE_ROW) {
        JobRecord record;

        n_looked_at++;
        page->before = (uint64_t)sqlite3_column_int64(row, COLUMN_number);
        if (!row_matches(row, filter))
            continue;
        n_found++;
        r = store_read_record(row, &record);
        if (r >= 0)
            r = each(&record, userdata);
    }
    if (r >= 0)
        r = store_file_errno(store->db, result);
    page->end = result == SQLITE_DONE;
    sqlite3_reset(row);
    return r < 0 ? r : 0;
}

int store_each_changed(Store *store, uint64_t change, size_t limit, StoreEach each, void *userdata)
{
    sqlite3_bind_int64(store->statements[SQL_EACH_CHANGED], 1, (sqlite3_int64)change);
    sqlite3_bind_int64(store->statements[SQL_EACH_CHANGED], 2, (sqlite3_int64)limit);
    return store_each_row(store, SQL_EACH_CHANGED, each, userdata);
}

int store_purge(Store *store, uint64_t finished_before_usec, unsigned limit,
                uint64_t *ret_oldest_usec)
{
    int r, forgotten;

    sqlite3_bind_int64(store->statements[SQL_PURGE], 1, (sqlite3_int64)finished_before_usec);
    sqlite3_bind_int64(store->statements[SQL_PURGE], 2, limit);
    r = store_run(store, SQL_PURGE);
    if (r < 0)
        return r;
    forgotten = sqlite3_changes(store->db);
    r = store_file_errno(store->db, sqlite3_step(store->statements[SQL_OLDEST]));
    if (r >= 0)
        *ret_oldest_usec = (uint64_t)sqlite3_column_int64(store->statements[SQL_OLDEST], 0);
    sqlite3_reset(store->statements[SQL_OLDEST]);
    return r < 0 ? r : forgotten > 0;
}

void store_give_back_memory(Store *store)
{
    sqlite3_db_release_memory(store->db);
}

bool store_is_well(Store *store)
{
    int64_t boots;

    store_give_back_memory(store); /* its pages would answer without the file */
    return store_file_query(store->db, "SELECT count(*) FROM boot", &boots) >= 0 && boots == 1;
}
