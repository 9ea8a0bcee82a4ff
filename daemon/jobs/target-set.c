/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/target-set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/credentials/profile-share.h"

typedef struct TargetList {
    Target **in_order; /* of the configuration */
    Target **by_name;  /* the same, sorted */
    size_t n;
} TargetList;

struct TargetSet {
    AwsContext context;
    AwsMeters meters;
    TargetList list;
    LIST_HEAD(, Target) removed; /* some of their jobs have not ended yet */
};

static void list_clear(TargetList *list)
{
    free(list->in_order);
    free(list->by_name);
    *list = (TargetList){0};
}

static void list_free_targets(TargetList *list)
{
    for (size_t i = 0; i < list->n; i++)
        target_free(list->in_order[i]);
    list_clear(list);
}

static int compare_targets(const void *a, const void *b)
{
    return strcmp((*(Target *const *)a)->name, (*(Target *const *)b)->name);
}

static int compare_name(const void *name, const void *target)
{
    return strcmp(name, (*(Target *const *)target)->name);
}

static Target **list_find(const TargetList *list, const char *name)
{
    return list->n == 0
               ? NULL
               : bsearch(name, list->by_name, list->n, sizeof(list->by_name[0]), compare_name);
}

static void set_free_removed(TargetSet *set)
{
    Target *target;

    while ((target = LIST_FIRST(&set->removed))) {
        LIST_REMOVE(target, removed_entry);
        target_free(target);
    }
}

void target_set_free(TargetSet *set)
{
    if (!set)
        return;
    list_free_targets(&set->list);
    set_free_removed(set);
    aws_profile_share_free(set->context.profiles);
    free(set);
}

Target *target_set_find(const TargetSet *set, const char *name)
{
    Target *const *found = list_find(&set->list, name ? name : CONFIG_DEFAULT_TARGET);

    return found ? *found : NULL;
}

size_t target_set_size(const TargetSet *set)
{
    return set->list.n;
}

Target *target_set_get(const TargetSet *set, size_t i)
{
    return set->list.in_order[i];
}

unsigned target_set_count(const TargetSet *set, TargetState state)
{
    return set->meters.n_in_state[state];
}

/* All of the configuration, beside those of the set, which stay as they are. */
static int list_build(const TargetSet *set, const Config *config, TargetList *ret)
{
    TargetList list = {calloc(config->n_targets, sizeof(list.in_order[0])),
                       calloc(config->n_targets, sizeof(list.by_name[0])), 0};
    int r = list.in_order && list.by_name ? 0 : -ENOMEM;

    for (; r >= 0 && list.n < config->n_targets; list.n++) {
        r = target_new(&set->context, config, config->targets[list.n], &list.in_order[list.n]);
        if (r < 0)
            break;
        list.by_name[list.n] = list.in_order[list.n];
    }
    if (r < 0) {
        list_free_targets(&list);
        return r;
    }
    qsort(list.by_name, list.n, sizeof(list.by_name[0]), compare_targets);
    *ret = list;
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
        (r = list_build(set, config, &set->list)) < 0)
        return r;
    *ret = TAKE(set);
    return 0;
}

/* Those that the set has already become what the new ones are, and take their place. */
static void list_succeed(TargetList *list, const TargetSet *set)
{
    for (size_t i = 0; i < list->n; i++) {
        Target *known = target_set_find(set, list->in_order[i]->name);

        if (known) {
            *list_find(list, known->name) = known;
            target_succeed(known, list->in_order[i]);
            list->in_order[i] = known;
        }
    }
}

bool target_set_review(TargetSet *set, Registry *registry)
{
    if (registry_review(registry))
        return true;
    set_free_removed(set);
    return false;
}

int target_set_reload(TargetSet *set, const Config *config, Registry *registry)
{
    TargetList list;
    int r = list_build(set, config, &list);

    if (r < 0)
        return r;
    list_succeed(&list, set);
    for (size_t i = 0; i < set->list.n; i++) {
        Target *target = set->list.in_order[i];

        target->removed = !list_find(&list, target->name);
        if (target->removed)
            LIST_INSERT_HEAD(&set->removed, target, removed_entry);
    }
    list_clear(&set->list);
    set->list = list;
    registry_begin_review(registry);
    (void)target_set_review(set, registry);
    return 0;
}
