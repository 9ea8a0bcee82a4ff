/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/operators.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/explain.h"
#include "common/string.h"
#include "daemon/base/aside.h"
#include "daemon/base/text-set.h"

/* The kernel's overflow uid: somebody from a user namespace that is not ours, so nobody in
 * particular. */
#define UID_UNKNOWN 65534U

typedef struct OperatorList {
    char *target; /* NULL: the list is the daemon's */
    uid_t *uids;
    gid_t *gids;
    size_t n_uids, n_gids;
} OperatorList;

struct Operators {
    OperatorList *lists; /* the daemon's, then those of targets, by name */
    size_t n_lists;
};

/* What the system knows about one name. */
typedef struct Id {
    bool is_known;
    id_t id;
} Id;

/* A user or group without a name here still has a number; the last one stands for none. */
static Id read_id(const char *text)
{
    unsigned id;

    return string_to_number(text, 0, UINT32_MAX - 1, &id) ? (Id){true, id} : (Id){false, 0};
}

static Id look_up_group(const char *name)
{
    const struct group *group = getgrnam(name);

    return group ? (Id){true, group->gr_gid} : read_id(name);
}

static Id look_up_user(const char *name)
{
    const struct passwd *user = getpwnam(name);

    return user ? (Id){true, user->pw_uid} : read_id(name);
}

/* An Id for each name. */
static int look_up(Aside *aside, const void *userdata)
{
    const TextSet *names = userdata;
    Id *ids = (Id *)aside->data;

    for (size_t i = 0; i < text_set_count(names); i++) {
        const char *name = text_set_get(names, i);

        ids[i] = name[0] == '@' ? look_up_group(name + 1) : look_up_user(name);
        aside->size += sizeof(*ids);
    }
    return 0;
}

static int ask_system(const TextSet *names, Aside **ret, char **ret_error)
{
    int r = aside_run("operators", look_up, names, text_set_count(names) * sizeof(Id), ret);

    if (r >= 0)
        r = (*ret)->result;
    if (r == -ETIMEDOUT)
        return explain(
            ret_error, r,
            "operators: the system does not say in time which users they are; see whether the "
            "services that nsswitch.conf(5) names for passwd and group answer");
    return r < 0 && r != -ENOMEM
               ? explain(ret_error, r, "operators: cannot be looked up: %s", strerror(-r))
               : r;
}

static int add_names(TextSet *set, char *const *names)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && names && names[i]; i++)
        r = text_set_add(set, names[i]);
    return r;
}

/* Of every list, each name once. */
static int collect_names(const Config *config, TextSet **ret)
{
    CLEANUP(text_set_freep) TextSet *names = NULL;
    int r = text_set_new(&names);

    if (r >= 0)
        r = add_names(names, config->operators);
    for (size_t i = 0; r >= 0 && i < config->n_targets; i++)
        r = add_names(names, config->targets[i]->operators);
    if (r < 0)
        return r;
    *ret = TAKE(names);
    return 0;
}

/* What was looked up, while lists are made of it. */
typedef struct Directory {
    const TextSet *names;
    const Id *ids; /* one for each name */
} Directory;

/* 0 or -ENOMEM; the list is the set's to clear in either case. */
static int add_list(Operators *operators, const char *target, char *const *names,
                    const Directory *directory)
{
    OperatorList *list = &operators->lists[operators->n_lists++];
    size_t n = 0;

    while (names[n])
        n++;
    list->target = target ? strdup(target) : NULL;
    list->uids = calloc(n + 1, sizeof(uid_t));
    list->gids = calloc(n + 1, sizeof(gid_t));
    if ((target && !list->target) || !list->uids || !list->gids)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++) {
        const Id *id = &directory->ids[text_set_find(directory->names, names[i])];

        if (id->is_known && names[i][0] == '@')
            list->gids[list->n_gids++] = id->id;
        else if (id->is_known)
            list->uids[list->n_uids++] = id->id;
    }
    return 0;
}

static int compare_lists(const void *one, const void *other)
{
    return strcmp(((const OperatorList *)one)->target, ((const OperatorList *)other)->target);
}

static int add_lists(Operators *operators, const Config *config, const Directory *directory)
{
    int r;

    operators->lists = calloc(1 + config->n_targets, sizeof(operators->lists[0]));
    if (!operators->lists)
        return -ENOMEM;
    r = add_list(operators, NULL, config->operators, directory);
    for (size_t i = 0; r >= 0 && i < config->n_targets; i++) {
        const TargetConfig *target = config->targets[i];

        if (target->operators)
            r = add_list(operators, target->account.section.name, target->operators, directory);
    }
    if (r >= 0)
        qsort(operators->lists + 1, operators->n_lists - 1, sizeof(operators->lists[0]),
              compare_lists);
    return r;
}

int operators_new(const Config *config, Operators **ret, char **ret_error)
{
    CLEANUP(operators_freep) Operators *operators = calloc(1, sizeof(*operators));
    CLEANUP(text_set_freep) TextSet *names = NULL;
    CLEANUP(aside_freep) Aside *answer = NULL;
    Directory directory;
    int r;

    if (!operators)
        return -ENOMEM;
    r = collect_names(config, &names);
    if (r >= 0 && text_set_count(names) > 0)
        r = ask_system(names, &answer, ret_error);
    if (r < 0)
        return r;
    directory = (Directory){names, answer ? (const Id *)answer->data : NULL};
    r = add_lists(operators, config, &directory);
    if (r < 0)
        return r;
    *ret = TAKE(operators);
    return 0;
}

void operators_free(Operators *operators)
{
    if (!operators)
        return;
    for (size_t i = 0; i < operators->n_lists; i++) {
        free(operators->lists[i].target);
        free(operators->lists[i].uids);
        free(operators->lists[i].gids);
    }
    free(operators->lists);
    free(operators);
}

bool operators_know(uid_t uid)
{
    return uid != UID_UNKNOWN;
}

static bool list_includes(const OperatorList *list, const Peer *peer)
{
    for (size_t i = 0; i < list->n_uids; i++)
        if (list->uids[i] == peer->process.uid)
            return true;
    for (size_t i = 0; i < list->n_gids; i++) {
        if (list->gids[i] == peer->process.gid)
            return true;
        for (size_t j = 0; j < peer->n_groups; j++)
            if (list->gids[i] == peer->groups[j])
                return true;
    }
    return false;
}

/* The target's own, else the daemon's. */
static const OperatorList *find_list(const Operators *operators, const char *target)
{
    const OperatorList *own = NULL;

    if (target)
        own = bsearch(&(OperatorList){.target = (char *)target}, operators->lists + 1,
                      operators->n_lists - 1, sizeof(*own), compare_lists);
    return own ? own : operators->lists;
}

/* In whatever list. */
static bool is_always_included(const Peer *peer)
{
    return peer->process.uid == 0 || peer->process.uid == getuid();
}

bool operators_include(const Operators *operators, const char *target, const Peer *peer)
{
    return operators_know(peer->process.uid) &&
           (is_always_included(peer) || list_includes(find_list(operators, target), peer));
}

bool operators_include_any(const Operators *operators, const Peer *peer)
{
    bool included = is_always_included(peer);

    for (size_t i = 0; !included && i < operators->n_lists; i++)
        included = list_includes(&operators->lists[i], peer);
    return included && operators_know(peer->process.uid);
}
