/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/store-message.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/jobs/store-row.h"
#include "daemon/jobs/store-statement.h"

void stored_message_clear(StoredMessage *message)
{
    free(message->queue);
    free(message->id);
    free(message->receipt);
    *message = (StoredMessage){0};
}

/* Texts that are not copied and integers cannot fail to bind. */
int store_put_message(Store *store, const StoredMessage *message)
{
    sqlite3_stmt *statement = store->statements[SQL_PUT_MESSAGE];

    sqlite3_bind_text(statement, 1, message->queue, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, message->id, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 3, message->receipt, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 4, message->receives);
    sqlite3_bind_text(statement, 5, message->job, -1, SQLITE_STATIC);
    sqlite3_bind_int64(statement, 6, (sqlite3_int64)message->asked_usec);
    sqlite3_bind_int64(statement, 7, (sqlite3_int64)message->visible_usec);
    sqlite3_bind_int64(statement, 8, (sqlite3_int64)message->visible_boottime_usec);
    return store_write(store, SQL_PUT_MESSAGE);
}

int store_remove_message(Store *store, const char *queue, const char *id)
{
    sqlite3_bind_text(store->statements[SQL_REMOVE_MESSAGE], 1, queue, -1, SQLITE_STATIC);
    sqlite3_bind_text(store->statements[SQL_REMOVE_MESSAGE], 2, id, -1, SQLITE_STATIC);
    return store_write(store, SQL_REMOVE_MESSAGE);
}

static int read_message(sqlite3_stmt *row, StoredMessage *ret)
{
    StoredMessage message = {
        .receives = (unsigned)sqlite3_column_int64(row, 3),
        .asked_usec = (uint64_t)sqlite3_column_int64(row, 5),
        .visible_usec = (uint64_t)sqlite3_column_int64(row, 6),
        .visible_boottime_usec = (uint64_t)sqlite3_column_int64(row, 7),
    };
    int r;

    if ((r = store_read_text(row, 0, &message.queue)) < 0 ||
        (r = store_read_text(row, 1, &message.id)) < 0 ||
        (r = store_read_text(row, 2, &message.receipt)) < 0 ||
        (r = store_read_name(row, 4, message.job, sizeof(message.job))) < 0) {
        stored_message_clear(&message);
        return r;
    }
    *ret = message;
    return 0;
}

int store_each_message(Store *store, StoreEachMessage each, void *userdata)
{
    int r;

    while ((r = store_step(store, SQL_EACH_MESSAGE)) > 0) {
        StoredMessage message;

        r = read_message(store->statements[SQL_EACH_MESSAGE], &message);
        if (r >= 0)
            r = each(&message, userdata);
        if (r < 0)
            break;
    }
    store_reset(store, SQL_EACH_MESSAGE);
    return r;
}
