/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/store-row.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/string.h"
#include "common/utf8.h"

/* ---- SQL ---- */

const char store_tables[] = "CREATE TABLE jobs ("
#define STORE_KEY(name, declaration, ...) #name " " declaration
#define STORE_COLUMN(name, declaration, ...) ", " #name " " declaration
#include "daemon/jobs/store-columns.def"
                            ");"
                            "CREATE TABLE boot (id TEXT NOT NULL);"
                            "INSERT INTO boot VALUES ('');"
                            "PRAGMA user_version = 1;";

const StoreAddition store_additions[] = {
#define STORE_COLUMN(...)
#define STORE_ADDED(name, declaration, ...)                                                        \
    {#name, "ALTER TABLE jobs ADD COLUMN " #name " " declaration},
#include "daemon/jobs/store-columns.def"
    {0},
};

const char store_later_tables[] =
    "CREATE TABLE IF NOT EXISTS messages (queue TEXT NOT NULL, message_id TEXT NOT NULL,"
    " receipt TEXT NOT NULL, receives INTEGER NOT NULL, job TEXT NOT NULL,"
    " asked_usec INTEGER NOT NULL, visible_usec INTEGER NOT NULL,"
    " visible_boottime_usec INTEGER NOT NULL, PRIMARY KEY (queue, message_id)) WITHOUT ROWID;"
    /* No sequence comes twice, also after the last row was removed. */
    "CREATE TABLE IF NOT EXISTS outbox (sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
    " destination TEXT NOT NULL, job TEXT NOT NULL, made_usec INTEGER NOT NULL,"
    " body TEXT NOT NULL);";

/* The key of each index is followed by the row's number, so that what it finds comes in that order.
 * Those of what changes are partial, for the states that last. */
const char store_indexes[] =
    "CREATE INDEX IF NOT EXISTS jobs_change ON jobs (change);"
    "CREATE INDEX IF NOT EXISTS jobs_active ON jobs (number) WHERE finished_usec = 0;"
    "CREATE INDEX IF NOT EXISTS jobs_finished ON jobs (finished_usec) WHERE finished_usec > 0;"
    "CREATE INDEX IF NOT EXISTS jobs_import ON jobs (import_id);"
    "CREATE INDEX IF NOT EXISTS jobs_target ON jobs (target);"
    "CREATE INDEX IF NOT EXISTS jobs_state ON jobs (state) WHERE finished_usec > 0;"
    "CREATE INDEX IF NOT EXISTS jobs_settle ON jobs (settle_usec) WHERE settle_usec > 0;"
    "CREATE INDEX IF NOT EXISTS outbox_destination ON outbox (destination);"
    "CREATE INDEX IF NOT EXISTS outbox_job ON outbox (job);";

const char store_probe[] = "SELECT count(*) FROM (SELECT "
#define STORE_KEY(name, ...) #name
#define STORE_COLUMN(name, ...) ", " #name
#define STORE_ADDED(...)
#include "daemon/jobs/store-columns.def"
                           " FROM jobs LIMIT 0), (SELECT id FROM boot LIMIT 0)";

const char store_select[] = "SELECT "
#define STORE_KEY(name, ...) #name
#define STORE_COLUMN(name, ...) ", " #name
#include "daemon/jobs/store-columns.def"
                            " FROM jobs ";

const char store_insert[] = "INSERT INTO jobs ("
#define STORE_KEY(name, ...) #name
#define STORE_COLUMN(name, ...) ", " #name
#include "daemon/jobs/store-columns.def"
                            ") VALUES ("
#define STORE_KEY(...) "?"
#define STORE_COLUMN(...) ", ?"
#include "daemon/jobs/store-columns.def"
                            ")";

const char store_update[] = "UPDATE jobs SET "
#define STORE_KEY(...)
#define STORE_FIXED(...)
#define STORE_CHANGE(name, ...) #name " = ?"
#define STORE_CHANGING(name, ...) ", " #name " = ?"
#define STORE_KEPT(name, ...) ", " #name " = coalesce(?, " #name ")"
#include "daemon/jobs/store-columns.def"
                            " WHERE number = ?";

const char store_update_active[] = "UPDATE jobs SET "
#define STORE_KEY(...)
#define STORE_FIXED(...)
#define STORE_ENDING(...)
#define STORE_CHANGE(name, ...) #name " = ?"
#define STORE_CHANGING(name, ...) ", " #name " = ?"
#define STORE_KEPT(name, ...) ", " #name " = coalesce(?, " #name ")"
#include "daemon/jobs/store-columns.def"
                                   " WHERE number = ?";

/* ---- a member of JobRecord for each column ---- */

typedef enum StoreKind {
    STORE_INTEGER, /* of 1, 4 or 8 bytes, unsigned */
    STORE_TEXT,    /* an owned string or NULL */
    STORE_NAME,    /* an array of char, never empty */
    STORE_STATE,   /* its name */
    STORE_KIND,    /* likewise */
    STORE_SERVICE, /* likewise */
} StoreKind;

typedef enum StoreRole { ROLE_FIXED, ROLE_CHANGING, ROLE_ENDING } StoreRole;

static const struct {
    StoreKind kind;
    size_t offset, size;
    StoreRole role;
} columns[] = {
#define MEMBER(kind, member, role)                                                                 \
    {STORE_##kind, offsetof(JobRecord, member), sizeof(((JobRecord *)NULL)->member), role},
#define STORE_FIXED(name, declaration, kind, member) MEMBER(kind, member, ROLE_FIXED)
#define STORE_CHANGING(name, declaration, kind, member) MEMBER(kind, member, ROLE_CHANGING)
#define STORE_ENDING(name, declaration, kind, member) MEMBER(kind, member, ROLE_ENDING)
#include "daemon/jobs/store-columns.def"
#undef MEMBER
};
_Static_assert(sizeof(columns) / sizeof(columns[0]) == N_STORE_COLUMNS, "a member each");

static uint64_t load_integer(const void *member, size_t size)
{
    switch (size) {
    case sizeof(bool):
        return *(const bool *)member;
    case sizeof(uint32_t):
        return *(const uint32_t *)member;
    default:
        assert(size == sizeof(uint64_t));
        return *(const uint64_t *)member;
    }
}

static void keep_integer(void *member, size_t size, uint64_t value)
{
    switch (size) {
    case sizeof(bool):
        *(bool *)member = value != 0;
        break;
    case sizeof(uint32_t):
        *(uint32_t *)member = (uint32_t)value;
        break;
    default:
        assert(size == sizeof(uint64_t));
        *(uint64_t *)member = value;
    }
}

/* Texts that are not copied and integers cannot fail to bind. */
static void bind_member(sqlite3_stmt *statement, int parameter, const JobRecord *record, int i)
{
    const void *member = (const char *)record + columns[i].offset;
    const char *text = NULL;

    switch (columns[i].kind) {
    case STORE_INTEGER:
        sqlite3_bind_int64(statement, parameter,
                           (sqlite3_int64)load_integer(member, columns[i].size));
        return;
    case STORE_TEXT:
        text = *(char *const *)member;
        break;
    case STORE_NAME:
        text = member;
        break;
    case STORE_STATE:
        text = job_state_name(*(const JobState *)member);
        break;
    case STORE_KIND:
        text = job_kind_name(*(const JobKind *)member);
        break;
    case STORE_SERVICE:
        text = import_service_name(*(const ImportService *)member);
        break;
    }
    sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC); /* NULL binds NULL */
}

void store_bind_insert(sqlite3_stmt *statement, const JobRecord *record)
{
    for (int i = 0; i < N_STORE_COLUMNS; i++)
        bind_member(statement, i + 1, record, i);
}

static void bind_changes(sqlite3_stmt *statement, const JobRecord *record, StoreRole last)
{
    int parameter = 0;

    for (int i = 0; i < N_STORE_COLUMNS; i++)
        if (columns[i].role >= ROLE_CHANGING && columns[i].role <= last)
            bind_member(statement, ++parameter, record, i);
    bind_member(statement, ++parameter, record, COLUMN_number);
}

void store_bind_update(sqlite3_stmt *statement, const JobRecord *record)
{
    bind_changes(statement, record, ROLE_ENDING);
}

void store_bind_update_active(sqlite3_stmt *statement, const JobRecord *record)
{
    assert(!job_state_is_final(record->state));
    bind_changes(statement, record, ROLE_CHANGING);
}

/* The column's own text, NULL where it has none. */
static int look_at_text(sqlite3_stmt *statement, int column, const char **ret)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);

    if (!text && sqlite3_column_type(statement, column) != SQLITE_NULL)
        return -ENOMEM;
    if (text && !utf8_is_valid(text, strlen(text)))
        return -EUCLEAN; /* no client could be shown it */
    *ret = text;
    return 0;
}

int store_read_text(sqlite3_stmt *statement, int column, char **ret)
{
    const char *text;
    int r = look_at_text(statement, column, &text);

    return r < 0 ? r : string_copy(text, ret);
}

int store_read_name(sqlite3_stmt *statement, int column, char *ret, size_t size)
{
    const char *text;
    int r = look_at_text(statement, column, &text);

    if (r < 0)
        return r;
    if (!text || strlen(text) >= size)
        return -EUCLEAN;
    strcpy(ret, text);
    return 0;
}

/* One of the words of an enum. 0 or -EINVAL. */
static int parse_word(StoreKind kind, const char *text, void *member)
{
    switch (kind) {
    case STORE_STATE:
        return job_state_parse(text, member);
    case STORE_KIND:
        return job_kind_parse(text, member);
    default:
        assert(kind == STORE_SERVICE);
        return import_service_parse(text, member);
    }
}

/* 0, -EUCLEAN or -ENOMEM. */
static int read_column(sqlite3_stmt *statement, int i, void *member)
{
    const char *text;
    int r;

    switch (columns[i].kind) {
    case STORE_INTEGER:
        keep_integer(member, columns[i].size, (uint64_t)sqlite3_column_int64(statement, i));
        return 0;
    case STORE_TEXT:
        return store_read_text(statement, i, member);
    case STORE_NAME:
        return store_read_name(statement, i, member, columns[i].size);
    case STORE_STATE:
    case STORE_KIND:
    case STORE_SERVICE:
        break;
    }
    r = look_at_text(statement, i, &text);
    if (r >= 0)
        r = text ? parse_word(columns[i].kind, text, member) : -EINVAL;
    return r == -EINVAL ? -EUCLEAN : r;
}

int store_read_record(sqlite3_stmt *statement, JobRecord *ret)
{
    JobRecord record = {0};

    for (int i = 0; i < N_STORE_COLUMNS; i++) {
        int r = read_column(statement, i, (char *)&record + columns[i].offset);

        if (r < 0) {
            job_record_clear(&record);
            return r;
        }
    }
    *ret = record;
    return 0;
}
