/* SPDX-License-Identifier: Apache-2.0 */
/* How many outcomes the store has for a destination. */
#pragma once

#include "daemon/jobs/store-outbox.h"

static inline unsigned count_outcomes(Store *store, const char *destination)
{
    StoredOutcome outcome = {0};
    unsigned n = 0;

    while (store_next_outcome(store, destination, outcome.sequence, &outcome) == 0) {
        free(TAKE(outcome.body));
        n++;
    }
    return n;
}
