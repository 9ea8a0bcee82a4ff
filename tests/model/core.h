/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the daemon that works on jobs, as daemon.c puts it together, on the virtual clock: a
 * store, targets, a registry. It can be started, turned, stopped, and killed at any moment. */
#pragma once

#include "daemon/jobs/target-set.h"
#include "tests/model/model.h"

typedef struct CoreRules {
    unsigned n_targets;
    double stop_rates[8], read_rates[8]; /* of each target */
    PollingRules polling;
    uint64_t call_timeout_usec;
    unsigned max_attempts;
    unsigned max_jobs;
} CoreRules;

typedef struct Core Core;

#define CORE_TARGET_NAME_SIZE 16U
const char *core_target_name(unsigned target, char buffer[static CORE_TARGET_NAME_SIZE]);

Core *core_start(Model *model, HttpClient *http, const CoreRules *rules, const char *directory);
void core_stop(Core *core);

/* Leaves behind, in another directory, what is on disk at this moment. */
void core_kill(Core *core, const char *directory);

void core_reload(Core *core, const CoreRules *rules);

Timers *core_timers(Core *core);
Registry *core_registry(Core *core);
Store *core_store(Core *core);
Target *core_target(Core *core, unsigned target);
