/* SPDX-License-Identifier: Apache-2.0 */
/* Final statistics: AWS's lag behind right after a stop, so some time after a job ended as stopped
 * its import is looked at once more, and job and journal are brought up to date.
 *
 * What is to be looked at is in the store (JobRecord.settle_usec), so a restart loses none and
 * waiting costs no memory. One look at a time goes out, after what jobs need. */
#pragma once

#include "common/memory.h"
#include "daemon/jobs/registry.h"

typedef struct Settler Settler;

/* find gives the target of a name, or NULL. 0 or -ENOMEM. */
int settler_new(Timers *timers, Registry *registry, Store *store,
                Target *(*find)(const char *name, void *userdata), void *userdata, Settler **ret);
void settler_free(Settler *settler); /* gives up a look under way; takes NULL */

/* How long after the end, and after a look that failed. 0: nothing is looked at. */
void settler_configure(Settler *settler, uint64_t settle_usec);

/* The registry has saved something: there may be something to look at. */
void settler_wake(Settler *settler);
