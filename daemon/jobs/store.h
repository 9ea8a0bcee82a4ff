/* SPDX-License-Identifier: Apache-2.0 */
/* Jobs on disk, and what is saved with them, in one SQLite file: what is in it was synced before it
 * was shown or logged. The only user of sqlite3.h.
 *
 * All changes of one turn of the loop are saved in one transaction with one sync (group commit).
 * Errors of writing: -ENOSPC and -ENOMEM left the file as it was and are worth another try; -EIO
 * means that a sync or a write failed in a way after which nothing may be acknowledged: the daemon
 * has to end. -ENOENT, -ESTALE and their like: the file is not where it was, so that the next start
 * would not find what is written; worth another try as well, it may come back. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/time.h"
#include "daemon/base/timer.h"
#include "daemon/jobs/job-record.h"

/* After which a store that could not be read is asked again: as soon as after a save that failed,
 * since nearly always it was memory that ran out for a moment. */
#define STORE_AGAIN_USEC USEC_PER_SEC

typedef struct Store Store;

/* Opens or creates directory/jobs.sqlite3. A store that is damaged, of a newer version, not ours or
 * in use by another daemon is left as it is: negative errno and an owned sentence that says what to
 * do. The clock turns deadlines of an earlier boot into this one's. */
int store_open(const char *directory, const Clock *clock, Store **ret, char **ret_error);
void store_close(Store *store); /* takes NULL */
DEFINE_CLEANUP(Store, store_close)

uint64_t store_last_number(const Store *store); /* highest JobRecord.number there is; 0: none */
uint64_t store_last_change(const Store *store);

/* When that was, as of the start; CLOCK_REALTIME, 0: there is none. */
uint64_t store_last_update_usec(const Store *store);

/* A transaction: what is put and removed between begin and commit is saved as a whole, with one
 * sync, or not at all. There is one at a time, and it ends within its turn. Once something in it
 * has failed, whatever follows fails likewise, store_commit() too, which then has rolled back. A
 * caller that gives up itself calls store_rollback(). See store-message.h and store-outbox.h for
 * what is saved with jobs. */
int store_begin(Store *store);
int store_put_job(Store *store, const JobRecord *record); /* inserts or replaces */
int store_commit(Store *store);
void store_rollback(Store *store); /* takes a store without a transaction */

/* The record is the callback's to keep or clear; a negative return ends the listing with it. */
typedef int (*StoreEach)(JobRecord *record, void *userdata);

/* What is NULL, false or 0 leaves out none. */
typedef struct StoreFilter {
    const JobState *state;
    bool active; /* those that are not final */
    const char *target;
    const ImportService *service;
    const char *import_id;
    const char *id_prefix; /* whose id begins so */
    uint64_t since_usec;   /* requested then or later, CLOCK_REALTIME */
} StoreFilter;

/* A step of a listing: it ends when it has found `limit` jobs or looked at `max_rows`, whichever
 * comes first, so that it is short however many jobs there are and whatever the filter leaves out.
 * The next step goes on from where `before` is then. */
typedef struct StorePage {
    size_t limit, max_rows;
    uint64_t before; /* JobRecord.number; UINT64_MAX: begin with the newest */
    bool end;        /* set by store_each(): there are no more */
} StorePage;

int store_get(Store *store, const char *id, JobRecord *ret); /* -ENOENT where there is none */

/* The job with the earliest settle_usec. Errors likewise. */
int store_next_to_settle(Store *store, JobRecord *ret);

int store_each_active(Store *store, StoreEach each, void *userdata); /* oldest first */

/* Newest first. Filters by import, target and state are served by indexes: rows of other ones are
 * not looked at. */
int store_each(Store *store, const StoreFilter *filter, StorePage *page, StoreEach each,
               void *userdata);

/* Those changed after `change`, in the order of their last change. */
int store_each_changed(Store *store, uint64_t change, size_t limit, StoreEach each, void *userdata);

/* Forgets up to `limit` jobs that ended before; *ret_oldest_usec is when the oldest one left ended,
 * 0: none. 1: some were forgotten; 0: there were none. */
int store_purge(Store *store, uint64_t finished_before_usec, unsigned limit,
                uint64_t *ret_oldest_usec);

/* What the files of the store in this directory take, as far as they can be seen. */
uint64_t store_bytes(const char *directory);

/* Parts of the file that SQLite keeps in memory, up to 2 MiB, are read again when they are needed.
 */
void store_give_back_memory(Store *store);

/* Reads something from its file, to see that the store answers. */
bool store_is_well(Store *store);

const char *store_error(const Store *store); /* SQLite's words for what failed last */
