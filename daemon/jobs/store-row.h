/* SPDX-License-Identifier: Apache-2.0 */
/* A job as a row of the store: the columns, and the way there and back. Part of the store, which is
 * the only user of sqlite3.h. */
#pragma once

#include <sqlite3.h>

#include "daemon/jobs/job-record.h"

#define STORE_VERSION 1

/* Makes an empty database a store of STORE_VERSION. */
extern const char store_tables[];

/* Makes the indexes that are missing: the store of an earlier trailstopd gains them here, and stays
 * one that it can use as well. */
extern const char store_indexes[];

/* Fails where a table or column is missing. */
extern const char store_probe[];

/* Order and meaning as in JobRecord; *_boottime_usec count on the clock of the boot in table boot.
 */
#define COLUMNS                                                                                    \
    "number, change, id, import_id, target, reason, uid, gid, pid, state, already_stopped, "       \
    "attempts, polls, requested_usec, updated_usec, finished_usec, deadline_usec, "                \
    "requested_boottime_usec, deadline_boottime_usec, "                                            \
    "error_code, error_message, error_http_status, error_request_id, "                             \
    "refusal_code, refusal_message, refusal_http_status, refusal_request_id, import"

/* Binds the record's members to the parameters from 1, in the order of COLUMNS; they have to live
 * until the statement ran. */
void store_bind_record(sqlite3_stmt *statement, const JobRecord *record);

/* Reads COLUMNS of the current row into a record the caller owns. -EUCLEAN: not what a daemon
 * wrote. */
int store_read_record(sqlite3_stmt *statement, JobRecord *ret);
