/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the store, whoever wrote them: a file that is damaged, or of another hand.
 *
 * Holds: a row is refused, or it is a job that can be shown, and that is the same after it was
 * written and read once more. */
#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/memory.h"
#include "daemon/jobs/store-row.h"
#include "tests/fuzz/fuzz.h"

#define SHOWN_DEPTH_MAX 16U

static sqlite3 *db;
static sqlite3_stmt *insert, *update, *query;

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *statement;

    REQUIRE(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK);
    return statement;
}

static void open_store(void)
{
    REQUIRE(sqlite3_open(":memory:", &db) == SQLITE_OK);
    REQUIRE(sqlite3_exec(db, store_tables, NULL, NULL, NULL) == SQLITE_OK);
    query = prepare(store_select);
    insert = prepare(store_insert);
    update = prepare(store_update);
}

/* One value of any kind in the place of a column's own: a byte for the column, one for the kind,
 * then the value as a part. */
static void bind_value(int column, uint8_t kind, const char *value, size_t size)
{
    sqlite3_int64 number = 0;

    memcpy(&number, value, size < sizeof(number) ? size : sizeof(number));
    switch (kind % 5U) {
    case 0:
        sqlite3_bind_null(insert, column);
        break;
    case 1:
        sqlite3_bind_int64(insert, column, number);
        break;
    case 2:
        sqlite3_bind_double(insert, column, (double)number / 7);
        break;
    case 3:
        sqlite3_bind_blob(insert, column, value, (int)size, SQLITE_TRANSIENT);
        break;
    default:
        sqlite3_bind_text(insert, column, value, (int)size, SQLITE_TRANSIENT);
    }
}

static void delete_rows(void)
{
    REQUIRE(sqlite3_exec(db, "DELETE FROM jobs", NULL, NULL, NULL) == SQLITE_OK);
}

/* False: the table does not take it. */
static bool write_row(sqlite3_stmt *statement)
{
    bool taken = sqlite3_step(statement) == SQLITE_DONE;

    sqlite3_reset(statement);
    return taken;
}

/* The only row, as it is shown; NULL: refused. */
static json_object *read_row(JobRecord *record)
{
    json_object *shown = NULL;
    CLEANUP(freep) char *text = NULL;
    size_t text_size;
    int r;

    REQUIRE(sqlite3_step(query) == SQLITE_ROW);
    r = store_read_record(query, record);
    sqlite3_reset(query);
    if (r < 0)
        return NULL;
    r = job_record_to_text(record, NULL, &text, &text_size);
    if (r >= 0)
        r = json_read(text, text_size, SHOWN_DEPTH_MAX, &shown);
    REQUIRE(r == 0 || r == -EUCLEAN);
    if (r < 0)
        return NULL;
    fuzz_require_document(shown, SHOWN_DEPTH_MAX);
    return shown;
}

/* The record is written again as its row was: as a new one, and over the one that is there. */
static void require_same_row(const JobRecord *record, json_object *shown)
{
    delete_rows();
    store_bind_insert(insert, record);
    store_bind_update(update, record);
    for (unsigned i = 0; i < 2; i++) {
        CLEANUP(json_object_putp) json_object *again = NULL;
        JobRecord copy = {.number = 0};

        REQUIRE(write_row(i == 0 ? insert : update));
        again = read_row(&copy);
        REQUIRE(again && strcmp(json_text(shown, NULL), json_text(again, NULL)) == 0);
        job_record_clear(&copy);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const JobRecord sound = {.number = 1,
                             .change = 1,
                             .id = "00112233445566778899aabbccddeeff",
                             .import_id = (char *)"01234567-89ab-cdef-0123-456789abcdef",
                             .target = (char *)"default",
                             .import = (char *)"{\"ImportStatus\":\"IN_PROGRESS\"}"};
    CLEANUP(json_object_putp) json_object *shown = NULL;
    JobRecord record = {.number = 0};

    if (!db)
        open_store();
    delete_rows();
    store_bind_insert(insert, &sound);
    while (size >= 2) {
        int column = 1 + data[0] % sqlite3_column_count(query);
        uint8_t kind = data[1];
        CLEANUP(freep) char *value = NULL;
        size_t length;

        data += 2;
        size -= 2;
        value = fuzz_take_part(&data, &size, &length);
        bind_value(column, kind, value, length);
    }
    if (!write_row(insert))
        return 0;
    shown = read_row(&record);
    if (shown)
        require_same_row(&record, shown);
    job_record_clear(&record);
    return 0;
}
