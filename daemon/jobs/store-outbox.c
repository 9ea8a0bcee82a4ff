/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/store-outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/jobs/store-row.h"
#include "daemon/jobs/store-statement.h"

void stored_outcome_clear(StoredOutcome *outcome)
{
    free(outcome->body);
    *outcome = (StoredOutcome){0};
}

/* Texts that are not copied and integers cannot fail to bind. */
int store_put_outcome(Store *store, const char *destination, const char *job, uint64_t made_usec,
                      const char *body)
{
    sqlite3_stmt *statement = store->statements[SQL_PUT_OUTCOME];

    sqlite3_bind_text(statement, 1, destination, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, job, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 3, (sqlite3_int64)made_usec);
    sqlite3_bind_text(statement, 4, body, -1, SQLITE_STATIC);
    return store_write(store, SQL_PUT_OUTCOME);
}

int store_remove_outcome(Store *store, uint64_t sequence)
{
    sqlite3_bind_int64(store->statements[SQL_REMOVE_OUTCOME], 1, (sqlite3_int64)sequence);
    return store_write(store, SQL_REMOVE_OUTCOME);
}

int store_drop_outcomes(Store *store, const char *destination, uint64_t made_before_usec,
                        unsigned limit)
{
    sqlite3_stmt *statement = store->statements[SQL_DROP_OUTCOMES];
    int r;

    sqlite3_bind_text(statement, 1, destination, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 2,
                       made_before_usec > INT64_MAX ? INT64_MAX : (sqlite3_int64)made_before_usec);
    sqlite3_bind_int64(statement, 3, limit);
    r = store_write(store, SQL_DROP_OUTCOMES);
    return r < 0 ? r : sqlite3_changes(store->db);
}

static int read_outcome(sqlite3_stmt *row, StoredOutcome *ret)
{
    StoredOutcome outcome = {
        .sequence = (uint64_t)sqlite3_column_int64(row, 0),
        .made_usec = (uint64_t)sqlite3_column_int64(row, 2),
    };
    int r = store_read_name(row, 1, outcome.job, sizeof(outcome.job));

    if (r >= 0)
        r = store_read_text(row, 3, &outcome.body);
    if (r >= 0)
        *ret = outcome;
    return r;
}

int store_next_outcome(Store *store, const char *destination, uint64_t after_sequence,
                       StoredOutcome *ret)
{
    sqlite3_stmt *row = store->statements[SQL_NEXT_OUTCOME];
    int r;

    sqlite3_bind_text(row, 1, destination, -1, SQLITE_STATIC);
    sqlite3_bind_int64(row, 2, (sqlite3_int64)after_sequence);
    r = store_step(store, SQL_NEXT_OUTCOME);
    if (r == 0)
        r = -ENOENT;
    if (r > 0)
        r = read_outcome(row, ret);
    store_reset(store, SQL_NEXT_OUTCOME);
    return r;
}

int store_next_destination(Store *store, const char *after, char **ret)
{
    sqlite3_stmt *row = store->statements[SQL_NEXT_DESTINATION];
    int r;

    sqlite3_bind_text(row, 1, after, -1, SQLITE_STATIC);
    r = store_step(store, SQL_NEXT_DESTINATION);
    if (r == 0)
        r = -ENOENT;
    if (r > 0)
        r = store_read_text(row, 0, ret);
    store_reset(store, SQL_NEXT_DESTINATION);
    return r;
}

int store_has_outcome(Store *store, const char *destination, const char *job)
{
    int r;

    sqlite3_bind_text(store->statements[SQL_HAS_OUTCOME], 1, destination, -1, SQLITE_STATIC);
    sqlite3_bind_text(store->statements[SQL_HAS_OUTCOME], 2, job, -1, SQLITE_STATIC);
    r = store_step(store, SQL_HAS_OUTCOME);
    store_reset(store, SQL_HAS_OUTCOME);
    return r;
}
