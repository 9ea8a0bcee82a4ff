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

/* Makes the set what the new configuration says: adds, changes and removes targets. Jobs of a
 * target that is removed end as refused, see target_set_end_removed(). 0, or negative errno: the
 * set is as it was. */
int target_set_reload(TargetSet *set, const Config *config, Registry *registry);

/* For each commit: ends as many jobs of targets that were removed as the next one has room for, and
 * frees the targets after the last. */
void target_set_end_removed(TargetSet *set, Registry *registry);
