/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/target-set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/credentials/profile-share.h"

struct TargetSet {
    AwsContext context;
    AwsMeters meters;
    Target **targets; /* in the order of the configuration */
    size_t n_targets;
};

static void free_targets(Target **targets, size_t n_targets)
{
    for (size_t i = 0; i < n_targets; i++)
        target_free(targets[i]);
    free(targets);
}

void target_set_free(TargetSet *set)
{
    if (!set)
        return;
    free_targets(set->targets, set->n_targets);
    aws_profile_share_free(set->context.profiles);
    free(set);
}

Target *target_set_find(const TargetSet *set, const char *name)
{
    if (!name)
        name = CONFIG_DEFAULT_TARGET;
    for (size_t i = 0; i < set->n_targets; i++)
        if (strcmp(set->targets[i]->name, name) == 0)
            return set->targets[i];
    return NULL;
}

size_t target_set_size(const TargetSet *set)
{
    return set->n_targets;
}

Target *target_set_get(const TargetSet *set, size_t i)
{
    return set->targets[i];
}

unsigned target_set_count(const TargetSet *set, TargetState state)
{
    return set->meters.n_in_state[state];
}

/* All of the configuration, beside those of the set, which stay as they are. */
static int build_targets(const TargetSet *set, const Config *config, Target ***ret)
{
    Target **targets = calloc(config->n_targets, sizeof(targets[0]));

    if (!targets)
        return -ENOMEM;
    for (size_t i = 0; i < config->n_targets; i++) {
        int r = target_new(&set->context, config, config->targets[i], &targets[i]);

        if (r < 0) {
            free_targets(targets, i);
            return r;
        }
    }
    *ret = targets;
    return 0;
}

int target_set_new(const AwsContext *context, const Config *config, TargetSet **ret)
{
    CLEANUP(target_set_freep) TargetSet *set = calloc(1, sizeof(*set));
    int r;

    if (!set)
        return -ENOMEM;
    set->context = *context;
    set->context.profiles = NULL;
    set->context.meters = &set->meters;
    set->meters.timers = context->timers;
    if ((r = aws_profile_share_new(context->timers, config->shared_files, &set->context.profiles)) <
            0 ||
        (r = build_targets(set, config, &set->targets)) < 0)
        return r;
    set->n_targets = config->n_targets;
    *ret = TAKE(set);
    return 0;
}

int target_set_reload(TargetSet *set, const Config *config, Registry *registry)
{
    Target **targets;
    int r = build_targets(set, config, &targets);

    if (r < 0)
        return r;
    for (size_t i = 0; i < config->n_targets; i++) {
        Target *known = target_set_find(set, targets[i]->name);

        if (known) {
            target_succeed(known, targets[i]);
            targets[i] = known;
        }
    }
    for (size_t i = 0; i < set->n_targets; i++)
        if (!config_find_target(config, set->targets[i]->name)) {
            registry_remove_target(registry, set->targets[i]);
            target_free(set->targets[i]);
        }
    free(set->targets);
    set->targets = targets;
    set->n_targets = config->n_targets;
    registry_renew_calls(registry);
    return 0;
}
