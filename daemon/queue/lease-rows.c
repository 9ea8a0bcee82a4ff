/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/queue/lease-rows.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct StaleRow {
    SLIST_ENTRY(StaleRow) entry;
    StoredMessage message;
};

void lease_rows_init(LeaseRows *rows)
{
    *rows = (LeaseRows){.failing = false};
    TAILQ_INIT(&rows->changes);
    SLIST_INIT(&rows->stale);
}

static void free_stale(LeaseRows *rows)
{
    StaleRow *row;

    while ((row = SLIST_FIRST(&rows->stale))) {
        SLIST_REMOVE_HEAD(&rows->stale, entry);
        stored_message_clear(&row->message);
        free(row);
    }
}

void lease_rows_clear(LeaseRows *rows)
{
    assert(TAILQ_EMPTY(&rows->changes));
    free_stale(rows);
}

void lease_rows_change(LeaseRows *rows, Lease *lease)
{
    if (lease->changed)
        return;
    lease->changed = true;
    TAILQ_INSERT_TAIL(&rows->changes, lease, change_entry);
}

void lease_rows_forget(LeaseRows *rows, Lease *lease)
{
    if (lease->changed)
        TAILQ_REMOVE(&rows->changes, lease, change_entry);
    lease->changed = false;
}

int lease_rows_add_stale(LeaseRows *rows, StoredMessage *message)
{
    StaleRow *row = malloc(sizeof(*row));

    if (!row) {
        stored_message_clear(message);
        return -ENOMEM;
    }
    row->message = *message;
    *message = (StoredMessage){0};
    SLIST_INSERT_HEAD(&rows->stale, row, entry);
    return 0;
}

void lease_rows_each_stale(const LeaseRows *rows,
                           void (*each)(const StoredMessage *message, void *userdata),
                           void *userdata)
{
    const StaleRow *row;

    SLIST_FOREACH (row, &rows->stale, entry)
        each(&row->message, userdata);
}

bool lease_rows_have_changes(const LeaseRows *rows)
{
    return rows->failing || !TAILQ_EMPTY(&rows->changes) || !SLIST_EMPTY(&rows->stale);
}

static int put_lease(const Lease *lease, const Timers *timers, Store *store)
{
    uint64_t now_usec = timers_boottime_usec(timers), realtime_usec = timers_realtime_usec(timers);
    StoredMessage message = {
        .queue = lease->source->name,
        .id = lease->id,
        .receipt = lease->receipt,
        .receives = lease->receives,
        .asked_usec = realtime_usec - (now_usec - lease->time.asked_usec),
        .visible_usec = realtime_usec - (now_usec - lease->time.ends_usec),
        .visible_boottime_usec = lease->time.ends_usec,
    };

    strcpy(message.job, lease->job_id);
    return store_put_message(store, &message);
}

/* Writes something that is not there afterwards. */
static int probe(Store *store)
{
    static char none[] = "";
    static const StoredMessage message = {.queue = none, .id = none, .receipt = none};
    int r = store_put_message(store, &message);

    return r < 0 ? r : store_remove_message(store, none, none);
}

int lease_rows_save(const LeaseRows *rows, const Timers *timers, Store *store)
{
    const StaleRow *row;
    const Lease *lease;
    int r = rows->failing ? probe(store) : 0;

    SLIST_FOREACH (row, &rows->stale, entry)
        if (r >= 0)
            r = store_remove_message(store, row->message.queue, row->message.id);
    TAILQ_FOREACH (lease, &rows->changes, change_entry)
        if (r >= 0)
            r = lease->stage >= LEASE_RETURNING
                    ? store_remove_message(store, lease->source->name, lease->id)
                    : put_lease(lease, timers, store);
    return r;
}

Lease *lease_rows_first(const LeaseRows *rows)
{
    return TAILQ_FIRST(&rows->changes);
}

Lease *lease_rows_next(const Lease *lease)
{
    return TAILQ_NEXT(lease, change_entry);
}

Lease *lease_rows_take(LeaseRows *rows)
{
    Lease *lease = TAILQ_FIRST(&rows->changes);

    if (lease)
        lease_rows_forget(rows, lease);
    return lease;
}

void lease_rows_saved(LeaseRows *rows, int r)
{
    rows->failing = r < 0;
    if (r >= 0)
        free_stale(rows);
}
