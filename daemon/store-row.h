/* A job as a row of the store: the columns, and the way there and back. Part of the store, which is
 * the only user of sqlite3.h. */
#pragma once

#include <sqlite3.h>

#include "daemon/job-record.h"

#define STORE_VERSION 1

extern const char
    store_schema[]; /* statements that make an empty database a store of STORE_VERSION */

/* Order and meaning as in JobRecord; *_boottime_usec count on the clock of the boot in table boot.
 */
#define COLUMNS                                                                                    \
    "number, change, id, import_id, target, reason, uid, gid, pid, state, already_stopped, "       \
    "attempts, polls, requested_usec, updated_usec, finished_usec, deadline_usec, "                \
    "requested_boottime_usec, deadline_boottime_usec, "                                            \
    "error_code, error_message, error_http_status, error_request_id, "                             \
    "refusal_code, refusal_message, refusal_http_status, refusal_request_id, import"
#define N_COLUMNS 28

/* Binds the record's members to parameters 1 to N_COLUMNS; they have to live until the statement
 * ran. */
void store_bind_record(sqlite3_stmt *statement, const JobRecord *record);

/* Reads COLUMNS of the current row into a record the caller owns. -EUCLEAN: not what a daemon
 * wrote. */
int store_read_record(sqlite3_stmt *statement, JobRecord *ret);
