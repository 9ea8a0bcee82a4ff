/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/store-statement.h"

#include <assert.h>

#include "common/string.h"
#include "daemon/jobs/store-file.h"
#include "daemon/jobs/store-row.h"

/* Named, so that a store that has gained more of them can still be used. */
#define MESSAGE_COLUMNS                                                                            \
    "queue, message_id, receipt, receives, job, asked_usec, visible_usec, visible_boottime_usec"

#define NEWEST_FIRST " AND number < ?1 ORDER BY number DESC"

/* Each is all of the SQL, or what follows `before` in it. An index that a statement needs is named
 * in it, so that a store without it does not open. */
static const struct {
    const char *before, *sql;
} statements[] = {
    [SQL_BEGIN] = {"", "BEGIN IMMEDIATE"},
    [SQL_COMMIT] = {"", "COMMIT"},
    [SQL_ROLLBACK] = {"", "ROLLBACK"},
    [SQL_INSERT_JOB] = {store_insert, ""},
    [SQL_UPDATE_JOB] = {store_update, ""},
    [SQL_UPDATE_ACTIVE_JOB] = {store_update_active, ""},
    [SQL_GET] = {store_select, "WHERE id = ?1"},
    [SQL_EACH_ACTIVE] = {store_select, "WHERE finished_usec = 0 ORDER BY number"},
    [SQL_EACH_CHANGED] = {store_select, "WHERE change > ?1 ORDER BY change LIMIT ?2"},
    [SQL_EACH_BY_NUMBER] = {store_select, "WHERE ?2 IS NULL" NEWEST_FIRST},
    [SQL_EACH_BY_IMPORT] = {store_select,
                            "INDEXED BY jobs_import WHERE import_id = ?2" NEWEST_FIRST},
    [SQL_EACH_BY_TARGET] = {store_select, "INDEXED BY jobs_target WHERE target = ?2" NEWEST_FIRST},
    [SQL_EACH_BY_ACTIVE] = {store_select, "INDEXED BY jobs_active WHERE finished_usec = 0 AND "
                                          "?2 IS NULL" NEWEST_FIRST},
    [SQL_EACH_BY_STATE] = {store_select, "INDEXED BY jobs_state WHERE finished_usec > 0 AND "
                                         "state = ?2" NEWEST_FIRST},
    [SQL_NEXT_TO_SETTLE] = {store_select, "INDEXED BY jobs_settle WHERE settle_usec > 0 ORDER BY "
                                          "settle_usec LIMIT 1"},
    [SQL_PURGE] = {"", "DELETE FROM jobs WHERE number IN (SELECT number FROM jobs INDEXED BY "
                       "jobs_finished WHERE finished_usec > 0 AND finished_usec < ?1 LIMIT ?2)"},
    [SQL_OLDEST] = {"", "SELECT min(finished_usec) FROM jobs WHERE finished_usec > 0"},
    [SQL_PUT_MESSAGE] = {"", "REPLACE INTO messages (" MESSAGE_COLUMNS
                             ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
    [SQL_REMOVE_MESSAGE] = {"", "DELETE FROM messages WHERE queue = ?1 AND message_id = ?2"},
    [SQL_EACH_MESSAGE] = {"", "SELECT " MESSAGE_COLUMNS " FROM messages"},
    [SQL_PUT_OUTCOME] =
        {"", "INSERT INTO outbox (destination, job, made_usec, body) VALUES (?1, ?2, ?3, ?4)"},
    [SQL_REMOVE_OUTCOME] = {"", "DELETE FROM outbox WHERE sequence = ?1"},
    /* Looks at no more than it may remove. */
    [SQL_DROP_OUTCOMES] = {"", "DELETE FROM outbox WHERE sequence IN (SELECT sequence FROM ("
                               "SELECT sequence, made_usec FROM outbox INDEXED BY "
                               "outbox_destination WHERE destination = ?1 ORDER BY sequence "
                               "LIMIT ?3) WHERE made_usec < ?2)"},
    [SQL_NEXT_OUTCOME] = {"", "SELECT sequence, job, made_usec, body FROM outbox INDEXED BY "
                              "outbox_destination WHERE destination = ?1 AND sequence > ?2 "
                              "ORDER BY sequence LIMIT 1"},
    [SQL_NEXT_DESTINATION] = {"", "SELECT destination FROM outbox INDEXED BY outbox_destination "
                                  "WHERE destination > ?1 ORDER BY destination LIMIT 1"},
    [SQL_HAS_OUTCOME] = {"", "SELECT 1 FROM outbox INDEXED BY outbox_job WHERE job = ?2 AND "
                             "destination = ?1 LIMIT 1"},
};
_Static_assert(sizeof(statements) / sizeof(statements[0]) == N_STORE_STATEMENTS, "SQL for each");

int store_prepare(Store *store)
{
    for (StoreStatement i = 0; i < N_STORE_STATEMENTS; i++) {
        CLEANUP(freep) char *sql = NULL;
        int result, r = string_format(&sql, "%s%s", statements[i].before, statements[i].sql);

        if (r < 0)
            return r;
        result = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                    &store->statements[i], NULL);
        if (result != SQLITE_OK)
            return store_file_errno(store->db, result);
    }
    return 0;
}

void store_finalize(Store *store)
{
    for (StoreStatement i = 0; i < N_STORE_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
}

int store_step(Store *store, StoreStatement statement)
{
    int result = sqlite3_step(store->statements[statement]);

    return result == SQLITE_ROW ? 1 : store_file_errno(store->db, result);
}

void store_reset(Store *store, StoreStatement statement)
{
    sqlite3_reset(store->statements[statement]);
}

int store_run(Store *store, StoreStatement statement)
{
    int r = store_step(store, statement);

    assert(r <= 0);
    store_reset(store, statement);
    return r;
}

int store_write(Store *store, StoreStatement statement)
{
    int r = store->failure;

    assert(store->in_transaction);
    if (r >= 0)
        r = store->failure = store_run(store, statement);
    return r;
}
