/* SPDX-License-Identifier: Apache-2.0 */
/* The part of the daemon that works on jobs, as daemon.c puts it together, on the virtual clock: a
 * store, targets, a registry. It can be started, turned, stopped, and killed at any moment. */
#pragma once

#include "daemon/jobs/target-set.h"
#include "tests/model/answer.h"
#include "tests/model/model.h"

/* A guard that matches what has this many events (CloudTrail) or bytes (CloudWatch Logs). */
typedef struct GuardRules {
    ImportService service;
    unsigned target; /* N_TARGETS_MAX: all */
    uint64_t every_usec;
    uint64_t at_least; /* from 1 */
    bool stops;        /* else it reports */
} GuardRules;

#define N_GUARDS_MAX 2U

/* Of a queue that requests come through, and of what gets their outcomes. */
typedef struct QueueRules {
    bool there;
    uint64_t visibility_usec, wait_usec;
    unsigned max_jobs;
    bool outcome, notify;
} QueueRules;

typedef struct CoreRules {
    unsigned n_targets;
    double stop_rates[8], read_rates[8]; /* of each target */
    PollingRules polling;
    uint64_t call_timeout_usec;
    unsigned max_attempts;
    unsigned max_jobs;
    unsigned n_guards;
    GuardRules guards[N_GUARDS_MAX];
    uint64_t guard_timeout_usec; /* of the jobs that they make; 0: none */
    QueueRules queue;
} CoreRules;

typedef struct Core Core;

/* What it runs in; the first two outlive it. */
typedef struct CoreWorld {
    const Clock *clock;
    const Random *random;
    HttpClient *http;
} CoreWorld;

#define CORE_TARGET_NAME_SIZE 16U
const char *core_target_name(unsigned target, char buffer[static CORE_TARGET_NAME_SIZE]);
const char *core_guard_name(unsigned guard, char buffer[static CORE_TARGET_NAME_SIZE]);

Core *core_start(const CoreWorld *world, const CoreRules *rules, const char *directory);
void core_stop(Core *core);

/* Leaves behind, in another directory, what is on disk at this moment. */
void core_kill(Core *core, const char *directory);

void core_reload(Core *core, const CoreRules *rules);

/* Guards look no further. */
void core_stop_guards(Core *core);

/* The beginning of a shutdown, and each turn of it, before the commit. True: something is still
 * under way. */
void core_shut_down(Core *core);
bool core_finish(Core *core);
bool core_is_busy(const Core *core); /* its next turn comes at once */

Timers *core_timers(Core *core);
Registry *core_registry(Core *core);
Store *core_store(Core *core);
Target *core_target(Core *core, unsigned target);
