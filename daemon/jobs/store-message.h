/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of queues that this host holds, on disk with the jobs they ask for. Transactions,
 * errors and what they mean: store.h. */
#pragma once

#include "daemon/jobs/store.h"

/* Strings are owned. */
typedef struct StoredMessage {
    char *queue; /* its name in the configuration */
    char *id;    /* SQS's MessageId; with the queue, the key */
    char *receipt;
    unsigned receives;
    char job[JOB_ID_SIZE]; /* the job that it asks for */
    /* Its visibility counts from when it was asked for, and then ends. CLOCK_REALTIME, and the end
       on CLOCK_BOOTTIME of this boot, which rules. */
    uint64_t asked_usec, visible_usec, visible_boottime_usec;
} StoredMessage;

void stored_message_clear(StoredMessage *message); /* frees what is inside; takes an empty one */

/* Parts of a transaction. Inserts it, or replaces the one of the same queue and id. */
int store_put_message(Store *store, const StoredMessage *message);
int store_remove_message(Store *store, const char *queue, const char *id); /* also where none is */

/* The message is the callback's to keep or clear; a negative return ends the listing with it. */
typedef int (*StoreEachMessage)(StoredMessage *message, void *userdata);

/* All of them, those of a queue together. -EUCLEAN: the store has something in it that no daemon
 * wrote. */
int store_each_message(Store *store, StoreEachMessage each, void *userdata);
