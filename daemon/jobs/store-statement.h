/* SPDX-License-Identifier: Apache-2.0 */
/* The statements of a store, compiled once when it opens, and the store that holds them. Part of
 * the store, which is the only user of sqlite3.h. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "daemon/jobs/store.h"

typedef enum StoreStatement {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_INSERT_JOB,
    SQL_UPDATE_JOB,
    SQL_UPDATE_ACTIVE_JOB,
    SQL_GET,
    SQL_EACH_ACTIVE,
    SQL_EACH_CHANGED,
    SQL_EACH_BY_NUMBER, /* these in the order of store_each()'s choice */
    SQL_EACH_BY_IMPORT,
    SQL_EACH_BY_TARGET,
    SQL_EACH_BY_ACTIVE,
    SQL_EACH_BY_STATE,
    SQL_NEXT_TO_SETTLE,
    SQL_PURGE,
    SQL_OLDEST,
    SQL_PUT_MESSAGE,
    SQL_REMOVE_MESSAGE,
    SQL_EACH_MESSAGE,
    SQL_PUT_OUTCOME,
    SQL_REMOVE_OUTCOME,
    SQL_DROP_OUTCOMES,
    SQL_NEXT_OUTCOME,
    SQL_NEXT_DESTINATION,
    SQL_HAS_OUTCOME,
    N_STORE_STATEMENTS
} StoreStatement;

struct Store {
    sqlite3 *db;
    sqlite3_stmt *statements[N_STORE_STATEMENTS];
    struct stat file; /* which one it is */
    bool in_transaction;
    int failure;          /* of the transaction: what failed first in it */
    uint64_t last_number; /* no row has a higher one */
    uint64_t last_change;
    uint64_t last_update_usec;
};

/* 0 or negative errno. */
int store_prepare(Store *store);
void store_finalize(Store *store); /* takes one that is half prepared */

/* Runs a bound statement that has no rows. Errors as of store_file_errno(). */
int store_run(Store *store, StoreStatement statement);

/* The same as a part of the transaction, which fails with it. */
int store_write(Store *store, StoreStatement statement);

/* 1: the bound statement is at a row, the next one; 0: there are no more; negative errno. To be
 * ended with store_reset(). */
int store_step(Store *store, StoreStatement statement);
void store_reset(Store *store, StoreStatement statement);
