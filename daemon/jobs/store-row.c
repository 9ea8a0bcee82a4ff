/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/store-row.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

const char store_tables[] =
    "CREATE TABLE jobs ("
    " number INTEGER PRIMARY KEY, change INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,"
    " import_id TEXT NOT NULL, target TEXT NOT NULL, reason TEXT,"
    " uid INTEGER NOT NULL, gid INTEGER NOT NULL, pid INTEGER NOT NULL,"
    " state TEXT NOT NULL, already_stopped INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, polls INTEGER NOT NULL,"
    " requested_usec INTEGER NOT NULL, updated_usec INTEGER NOT NULL,"
    " finished_usec INTEGER NOT NULL, deadline_usec INTEGER NOT NULL,"
    " requested_boottime_usec INTEGER NOT NULL, deadline_boottime_usec INTEGER NOT NULL,"
    " error_code TEXT, error_message TEXT, error_http_status INTEGER, error_request_id TEXT,"
    " refusal_code TEXT, refusal_message TEXT, refusal_http_status INTEGER,"
    " refusal_request_id TEXT, import TEXT);"
    "CREATE TABLE boot (id TEXT NOT NULL);"
    "INSERT INTO boot VALUES ('');"
    "PRAGMA user_version = 1;";

const char store_indexes[] =
    "CREATE INDEX IF NOT EXISTS jobs_change ON jobs (change);"
    "CREATE INDEX IF NOT EXISTS jobs_active ON jobs (number) WHERE finished_usec = 0;"
    "CREATE INDEX IF NOT EXISTS jobs_finished ON jobs (finished_usec) WHERE finished_usec > 0;";

const char store_probe[] =
    "SELECT count(*) FROM (SELECT " COLUMNS " FROM jobs LIMIT 0), (SELECT id FROM boot LIMIT 0)";

static void bind_text(sqlite3_stmt *statement, int *column, const char *text)
{
    sqlite3_bind_text(statement, (*column)++, text, -1, SQLITE_STATIC); /* NULL binds NULL */
}

static void bind_int(sqlite3_stmt *statement, int *column, uint64_t value)
{
    sqlite3_bind_int64(statement, (*column)++, (sqlite3_int64)value);
}

static void bind_error(sqlite3_stmt *statement, int *column, const CallError *error)
{
    bind_text(statement, column, error->code);
    bind_text(statement, column, error->message);
    bind_int(statement, column, error->http_status);
    bind_text(statement, column, error->request_id);
}

/* Texts that are not copied and integers cannot fail to bind. */
void store_bind_record(sqlite3_stmt *statement, const JobRecord *record)
{
    int column = 1;

    bind_int(statement, &column, record->number);
    bind_int(statement, &column, record->change);
    bind_text(statement, &column, record->id);
    bind_text(statement, &column, record->import_id);
    bind_text(statement, &column, record->target);
    bind_text(statement, &column, record->reason);
    bind_int(statement, &column, record->requester.uid);
    bind_int(statement, &column, record->requester.gid);
    bind_int(statement, &column, (uint64_t)record->requester.pid);
    bind_text(statement, &column, job_state_name(record->state));
    bind_int(statement, &column, record->already_stopped);
    bind_int(statement, &column, record->attempts);
    bind_int(statement, &column, record->polls);
    bind_int(statement, &column, record->requested_usec);
    bind_int(statement, &column, record->updated_usec);
    bind_int(statement, &column, record->finished_usec);
    bind_int(statement, &column, record->deadline_usec);
    bind_int(statement, &column, record->requested_boottime_usec);
    bind_int(statement, &column, record->deadline_boottime_usec);
    bind_error(statement, &column, &record->last_error);
    bind_error(statement, &column, &record->refusal);
    bind_text(statement, &column, record->import);
}

typedef struct Row {
    sqlite3_stmt *statement;
    int column;
    int error; /* the first one met */
} Row;

static uint64_t row_int(Row *row)
{
    return (uint64_t)sqlite3_column_int64(row->statement, row->column++);
}

/* An owned copy; NULL where the column is NULL. What is not UTF-8 could be shown to nobody. */
static char *row_text(Row *row)
{
    int column = row->column++;
    const char *text = (const char *)sqlite3_column_text(row->statement, column);
    char *copy = NULL;

    if (text && !utf8_is_valid(text, strlen(text))) {
        row->error = -EUCLEAN;
        return NULL;
    }
    if (text)
        copy = strdup(text);
    if (!copy && sqlite3_column_type(row->statement, column) != SQLITE_NULL)
        row->error = -ENOMEM;
    return copy;
}

static void row_name(Row *row, char *buffer, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(row->statement, row->column++);

    if (!text || strlen(text) >= size || !utf8_is_valid(text, strlen(text)))
        row->error = -EUCLEAN;
    else
        strcpy(buffer, text);
}

static void row_state(Row *row, JobState *ret)
{
    const char *text = (const char *)sqlite3_column_text(row->statement, row->column++);

    if (!text || job_state_parse(text, ret) < 0)
        row->error = -EUCLEAN;
}

static void row_error(Row *row, CallError *ret)
{
    ret->code = row_text(row);
    ret->message = row_text(row);
    ret->http_status = (unsigned)row_int(row);
    ret->request_id = row_text(row);
}

int store_read_record(sqlite3_stmt *statement, JobRecord *ret)
{
    Row row = {.statement = statement};
    JobRecord record = {.number = row_int(&row), .change = 0};

    record.change = row_int(&row);
    row_name(&row, record.id, sizeof(record.id));
    row_name(&row, record.import_id, sizeof(record.import_id));
    record.target = row_text(&row);
    record.reason = row_text(&row);
    record.requester.uid = (uid_t)row_int(&row);
    record.requester.gid = (gid_t)row_int(&row);
    record.requester.pid = (pid_t)row_int(&row);
    row_state(&row, &record.state);
    record.already_stopped = row_int(&row);
    record.attempts = (unsigned)row_int(&row);
    record.polls = (unsigned)row_int(&row);
    record.requested_usec = row_int(&row);
    record.updated_usec = row_int(&row);
    record.finished_usec = row_int(&row);
    record.deadline_usec = row_int(&row);
    record.requested_boottime_usec = row_int(&row);
    record.deadline_boottime_usec = row_int(&row);
    row_error(&row, &record.last_error);
    row_error(&row, &record.refusal);
    record.import = row_text(&row);
    if (row.error < 0) {
        job_record_clear(&record);
        return row.error;
    }
    *ret = record;
    return 0;
}
