/* SPDX-License-Identifier: Apache-2.0 */
/* Outcomes on their way: a row for each job that ended and each destination that is still to be
 * sent it, written in the transaction that saves the end. Transactions, errors and what they mean:
 * store.h. */
#pragma once

#include "daemon/jobs/store.h"

typedef struct StoredOutcome {
    uint64_t sequence;     /* order of the rows, from 1; none comes twice */
    char job[JOB_ID_SIZE]; /* that ended */
    uint64_t made_usec;    /* CLOCK_REALTIME */
    char *body;            /* owned */
} StoredOutcome;

void stored_outcome_clear(StoredOutcome *outcome); /* frees what is inside; takes an empty one */

/* Parts of a transaction. */
int store_put_outcome(Store *store, const char *destination, const char *job, uint64_t made_usec,
                      const char *body);
int store_remove_outcome(Store *store, uint64_t sequence); /* also where there is none */

/* Likewise: looks at the destination's oldest outcomes, `limit` at most, and removes those that
 * were made before. How many that were, or negative errno. */
int store_drop_outcomes(Store *store, const char *destination, uint64_t made_before_usec,
                        unsigned limit);

/* The destination's first one after this sequence (0: of all). -ENOENT: there is none; -EUCLEAN:
 * it is not one that a daemon wrote. */
int store_next_outcome(Store *store, const char *destination, uint64_t after_sequence,
                       StoredOutcome *ret);

/* The first destination with outcomes whose name comes after this one ("" before all), owned.
 * Errors likewise. */
int store_next_destination(Store *store, const char *after, char **ret);

/* 1: one of the job is there for the destination; 0: none. */
int store_has_outcome(Store *store, const char *destination, const char *job);
