/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of leases that are to be saved with the next transaction: part of the book of leases,
 * lease-book.h.
 *
 * While the store cannot be written there is always something to save, so that the book learns from
 * the next transaction that gets through when messages can be taken again. */
#pragma once

#include "daemon/jobs/store-message.h"
#include "daemon/queue/lease.h"

typedef struct StaleRow StaleRow;

typedef struct LeaseRows {
    TAILQ_HEAD(, Lease) changes;  /* in the order of the first change of each */
    SLIST_HEAD(, StaleRow) stale; /* of before a restart, to be removed */
    bool failing;                 /* the last transaction was not saved */
} LeaseRows;

void lease_rows_init(LeaseRows *rows);
void lease_rows_clear(LeaseRows *rows); /* no lease may be left */

void lease_rows_change(LeaseRows *rows, Lease *lease); /* takes one that is there */
void lease_rows_forget(LeaseRows *rows, Lease *lease); /* takes one that is not */

/* A row without a lease: takes what is in it, also on failure. 0 or -ENOMEM. */
int lease_rows_add_stale(LeaseRows *rows, StoredMessage *message);
void lease_rows_each_stale(const LeaseRows *rows,
                           void (*each)(const StoredMessage *message, void *userdata),
                           void *userdata);

bool lease_rows_have_changes(const LeaseRows *rows);

/* Puts all of it into the transaction. 0, or negative errno of the store. */
int lease_rows_save(const LeaseRows *rows, const Timers *timers, Store *store);

/* The leases among it; NULL: there is none further. lease_rows_take() takes the first one out. */
Lease *lease_rows_first(const LeaseRows *rows);
Lease *lease_rows_next(const Lease *lease);
Lease *lease_rows_take(LeaseRows *rows);

/* How the transaction went. */
void lease_rows_saved(LeaseRows *rows, int r);
