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

/* Makes the set what the new configuration says: adds, changes and removes targets. Their jobs
 * follow in target_set_review(). 0, or negative errno: the set is as it was. */
int target_set_reload(TargetSet *set, const Config *config, Registry *registry);

/* For each turn: jobs call by the new clients, those of a target that was removed end as refused,
 * and it is freed after the last. True: some are left, see registry_review(). */
bool target_set_review(TargetSet *set, Registry *registry);
