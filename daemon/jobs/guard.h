/* SPDX-License-Identifier: Apache-2.0 */
/* The guards of the configuration, at work: each looks by itself, every so often, for imports that
 * are as its section says, and logs or stops them.
 *
 * The first look comes a second or so after the start and after each reload. A look surveys a few
 * targets at a time, and the next one waits for its end, so nothing piles up; all of it comes after
 * what jobs ask AWS. An import that matches is logged once while it goes on matching, however often
 * it is looked at: a guard remembers the ids of 10 000, and logs no further ones. A stop is asked
 * for at each look at which no job of that import is under way, so that what a refusal or a
 * deadline ended is tried again. Where the list of a target's imports fails, none of them is
 * stopped; that is logged once until a look succeeds. */
#pragma once

#include "daemon/config/config.h"
#include "daemon/jobs/target-set.h"

typedef struct Guards Guards;

/* What guards work with; outlives them. */
typedef struct GuardContext {
    Timers *timers;
    const Random *random;
    const TargetSet *targets;
    Registry *registry;
} GuardContext;

/* Those of the configuration, which outlives them. They begin by themselves. 0 or -ENOMEM. */
int guards_new(const GuardContext *context, const Config *config, Guards **ret);
void guards_free(Guards *guards); /* gives up looks under way; takes NULL */
DEFINE_CLEANUP(Guards, guards_free)

/* At a reload: what those of before have logged goes over to the guards of the same name. Frees
 * them. */
void guards_succeed(Guards *guards, Guards *former);
