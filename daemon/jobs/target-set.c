/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/target-set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/base/loop.h"
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
    /* To be freed once every job has been looked at: those that were removed, and what others were
     * before they changed. */
    LIST_HEAD(, Target) left;
};

struct TargetPlan {
    const Config *config;
    AwsContext context;
    AwsMeters meters; /* what is not in force yet is not counted with what is */
    TargetList list;
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

/* So many in a turn. True: there are more. */
static bool set_free_left(TargetSet *set)
{
    Target *target;

    for (unsigned n = 0; n < LOOP_SHARE_MAX && (target = LIST_FIRST(&set->left)); n++) {
        LIST_REMOVE(target, left_entry);
        target_free(target);
    }
    return !LIST_EMPTY(&set->left);
}

void target_set_free(TargetSet *set)
{
    if (!set)
        return;
    list_free_targets(&set->list);
    while (set_free_left(set))
        ;
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

/* ---- a configuration ---- */

int target_set_plan(const TargetSet *set, const Config *config, TargetPlan **ret)
{
    CLEANUP(target_plan_freep) TargetPlan *plan = malloc(sizeof(*plan));

    if (!plan)
        return -ENOMEM;
    *plan = (TargetPlan){
        .config = config,
        .context = set->context,
        .meters = {.timers = set->context.timers},
        .list = {calloc(config->n_targets, sizeof(plan->list.in_order[0])),
                 calloc(config->n_targets, sizeof(plan->list.by_name[0])), 0},
    };
    plan->context.meters = &plan->meters;
    if (!plan->list.in_order || !plan->list.by_name)
        return -ENOMEM;
    *ret = TAKE(plan);
    return 0;
}

void target_plan_free(TargetPlan *plan)
{
    if (!plan)
        return;
    list_free_targets(&plan->list);
    free(plan);
}

int target_plan_step(TargetPlan *plan)
{
    TargetList *list = &plan->list;
    int r;

    if (list->n == plan->config->n_targets) {
        qsort(list->by_name, list->n, sizeof(list->by_name[0]), compare_targets);
        return 0;
    }
    r = target_new(&plan->context, plan->config, plan->config->targets[list->n],
                   &list->in_order[list->n]);
    if (r < 0)
        return r;
    list->by_name[list->n] = list->in_order[list->n];
    list->n++;
    return 1;
}

/* Those that the set has already become what the planned ones are, and take their place. */
static void list_succeed(TargetList *list, TargetSet *set)
{
    for (size_t i = 0; i < list->n; i++) {
        Target *planned = list->in_order[i], *known = target_set_find(set, planned->name);

        if (!known) {
            aws_meter_move(target_meter(planned), &set->meters);
            continue;
        }
        *list_find(list, known->name) = list->in_order[i] = known;
        target_succeed(known, planned);
        LIST_INSERT_HEAD(&set->left, planned, left_entry);
    }
}

static void set_take(TargetSet *set, TargetPlan *plan)
{
    list_succeed(&plan->list, set);
    for (size_t i = 0; i < set->list.n; i++) {
        Target *target = set->list.in_order[i];

        target->removed = !list_find(&plan->list, target->name);
        if (target->removed)
            LIST_INSERT_HEAD(&set->left, target, left_entry);
    }
    list_clear(&set->list);
    set->list = plan->list;
    plan->list = (TargetList){0};
    target_plan_free(plan);
}

void target_set_adopt(TargetSet *set, TargetPlan *plan, Registry *registry)
{
    set_take(set, plan);
    registry_begin_review(registry);
}

bool target_set_review(TargetSet *set, Registry *registry)
{
    return registry_review(registry) || set_free_left(set);
}

/* ---- the set ---- */

int target_set_new(const AwsContext *context, const Config *config, TargetSet **ret)
{
    CLEANUP(target_set_freep) TargetSet *set = calloc(1, sizeof(*set));
    CLEANUP(target_plan_freep) TargetPlan *plan = NULL;
    int r;

    if (!set)
        return -ENOMEM;
    set->context = *context;
    set->context.profiles = NULL;
    set->context.meters = &set->meters;
    set->meters.timers = context->timers;
    if ((r = aws_profile_share_new(context->timers, config->shared_files, &set->context.profiles)) <
            0 ||
        (r = target_set_plan(set, config, &plan)) < 0)
        return r;
    do
        r = target_plan_step(plan);
    while (r > 0);
    if (r < 0)
        return r;
    set_take(set, TAKE(plan));
    *ret = TAKE(set);
    return 0;
}
