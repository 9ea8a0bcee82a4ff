/* SPDX-License-Identifier: Apache-2.0 */
/* All that the simulator knows, put together; what declares it is a scenario (README.md,
 * "Control"). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <event2/event.h>
#include <json-c/json.h>

#include "tests/sim/account.h"
#include "tests/sim/delivery.h"
#include "tests/sim/fault.h"
#include "tests/sim/import.h"
#include "tests/sim/metadata.h"
#include "tests/sim/queues.h"
#include "tests/sim/quota.h"
#include "tests/sim/record.h"
#include "tests/sim/role.h"
#include "tests/sim/settings.h"

typedef struct Sim {
    Settings settings;
    Accounts *accounts;
    Roles *roles;
    Instance instance;
    Containers *containers;
    Imports *imports;
    Faults *faults;
    Quotas *quotas;
    Queues *queues;
    json_object *events; /* that were put: an array, the oldest first */
    Record *record;
    Deliveries *deliveries;
    struct LongPolls *long_polls;
    const char *url;            /* where the server listens; the server's */
    struct evbuffer *canonical; /* room for the verifier */
    json_object *start;         /* scenarios, in their order: what a reset goes back to */
} Sim;

/* start: an array of scenarios. 0; -EINVAL and an owned sentence; -ENOMEM. */
int sim_new(struct event_base *base, json_object *start, size_t log_size, bool log_to_stderr,
            Sim **ret, char **ret_error);
void sim_free(Sim *sim);

/* Back to what the start scenarios declare. */
int sim_reset(Sim *sim, char **ret_error);

/* Applies a scenario, or one part of it: an object, or an array of objects. ids (NULL: not wanted)
 * gets the ids of imports. What stands before an entry that is wrong stays applied. 0; -EINVAL and
 * an owned sentence that names the entry; -ENOMEM. */
int sim_apply(Sim *sim, json_object *scenario, json_object *ids, char **ret_error);
int sim_apply_part(Sim *sim, const char *name, json_object *part, json_object *ids,
                   char **ret_error);
