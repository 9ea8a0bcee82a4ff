/* The store's file: made, or found fit for use. Part of the store, which is the only user of
 * sqlite3.h. */
#pragma once

#include <stdint.h>

#include <sqlite3.h>

#include "daemon/timer.h"

/* See store_open(). */
int store_file_open(const char *directory, const Clock *clock, sqlite3 **ret, char **ret_error);

/* 0 for a result that is none, else negative errno: see store.h for what they mean. */
int store_file_errno(sqlite3 *db, int result);

/* The first column of the first row as a number; -1 where there is none or SQLite failed. */
int64_t store_file_query(sqlite3 *db, const char *sql);
