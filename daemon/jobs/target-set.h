/* SPDX-License-Identifier: Apache-2.0 */
/* The targets of the configuration, at work. */
#pragma once

#include "daemon/jobs/registry.h"
#include "daemon/jobs/target.h"

typedef struct TargetSet TargetSet;

int target_set_new(const AwsContext *context, const Config *config, TargetSet **ret);
void target_set_free(TargetSet *set); /* no call may be under way; takes NULL */
DEFINE_CLEANUP(TargetSet, target_set_free)

/* name NULL: the default. NULL: there is none of that name. */
Target *target_set_find(const TargetSet *set, const char *name);

size_t target_set_size(const TargetSet *set);
Target *target_set_get(const TargetSet *set, size_t i);

/* How many targets are in this state. */
unsigned target_set_count(const TargetSet *set, TargetState state);

/* What another configuration makes of the targets, built one by one beside those in force:
 * thousands take longer than a turn of the loop. The set and the configuration are borrowed. 0 or
 * negative errno. */
typedef struct TargetPlan TargetPlan;

int target_set_plan(const TargetSet *set, const Config *config, TargetPlan **ret);
void target_plan_free(TargetPlan *plan); /* one that is not adopted; takes NULL */
DEFINE_CLEANUP(TargetPlan, target_plan_free)

/* One target more. 1; 0: that was all; negative errno. */
int target_plan_step(TargetPlan *plan);

/* Makes the set what is planned, all of it: adds, changes and removes targets. Takes the plan.
 * Their jobs follow in target_set_review(). */
void target_set_adopt(TargetSet *set, TargetPlan *plan, Registry *registry);

/* For each turn: jobs call by the new clients, those of a target that was removed end as refused,
 * and what is not needed any more is freed. True: some are left, see registry_review(). */
bool target_set_review(TargetSet *set, Registry *registry);
