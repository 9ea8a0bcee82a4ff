/* SPDX-License-Identifier: Apache-2.0 */
/* A job as a row of the store: its SQL, and the way there and back. What the columns are is in
 * store-columns.def alone. Part of the store, which is the only user of sqlite3.h. */
#pragma once

#include <sqlite3.h>

#include "daemon/jobs/job-record.h"

#define STORE_VERSION 1

/* Makes an empty database a store of STORE_VERSION. */
extern const char store_tables[];

/* Makes the tables that version 1 began without, where they are missing. */
extern const char store_later_tables[];

/* Makes the indexes that are missing: the store of an earlier trailstopd gains them here, and stays
 * one that it can use as well. */
extern const char store_indexes[];

/* Fails where a table or column that version 1 began with is missing. */
extern const char store_probe[];

/* What was added to table jobs since then; ends with a NULL name. */
typedef struct StoreAddition {
    const char *name, *add; /* SQL that adds it */
} StoreAddition;
extern const StoreAddition store_additions[];

/* The position of a column in what store_select reads, from 0. */
typedef enum StoreColumn {
#define STORE_COLUMN(name, ...) COLUMN_##name,
#include "daemon/jobs/store-columns.def"
    N_STORE_COLUMNS
} StoreColumn;

/* "SELECT" them all "FROM jobs", for a WHERE to follow. */
extern const char store_select[];

/* Inserts a row; writes what may have changed into the one that is there; the same for a job that
 * was and is active. */
extern const char store_insert[], store_update[], store_update_active[];

/* Bind the record's members to the parameters of these; they have to live until the statement ran.
 */
void store_bind_insert(sqlite3_stmt *statement, const JobRecord *record);
void store_bind_update(sqlite3_stmt *statement, const JobRecord *record);
void store_bind_update_active(sqlite3_stmt *statement, const JobRecord *record);

/* Reads the current row of a store_select into a record the caller owns. -EUCLEAN: not what a
 * daemon wrote; -ENOMEM. */
int store_read_record(sqlite3_stmt *statement, JobRecord *ret);

/* One column of a row: its text as an owned string (NULL of NULL), or in an array of that size.
 * Errors likewise. */
int store_read_text(sqlite3_stmt *statement, int column, char **ret);
int store_read_name(sqlite3_stmt *statement, int column, char *ret, size_t size);
