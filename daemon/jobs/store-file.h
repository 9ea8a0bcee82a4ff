/* SPDX-License-Identifier: Apache-2.0 */
/* The store's file: made, or found fit for use. Part of the store, which is the only user of
 * sqlite3.h. */
#pragma once

#include <stdint.h>

#include <sqlite3.h>

#include "daemon/base/timer.h"

/* See store_open(). */
int store_file_open(const char *directory, const Clock *clock, sqlite3 **ret, char **ret_error);

/* 0 for a result that is not an error, else negative errno: see store.h for what they mean. */
int store_file_errno(sqlite3 *db, int result);

/* The first column of the first row as a number, 0 where there is no row. 0 or negative errno. */
int store_file_query(sqlite3 *db, const char *sql, int64_t *ret);

/* Why a store cannot be used, after reading it failed: -EUCLEAN or -EBUSY and an owned sentence
 * that says what to do; -ENOMEM. */
int store_file_explain(sqlite3 *db, char **ret_error);
