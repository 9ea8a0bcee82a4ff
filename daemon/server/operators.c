/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/operators.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/explain.h"
#include "daemon/base/aside.h"

/* The kernel's overflow uid: somebody from a user namespace that is not ours, so nobody in
 * particular. */
#define UID_UNKNOWN 65534U

struct Operators {
    uid_t *uids;
    gid_t *gids;
    size_t n_uids, n_gids;
};

/* What the system knows about one name. */
typedef struct Id {
    bool is_known;
    id_t id;
} Id;

/* An Id for each name. */
static int look_up(Aside *aside, const void *userdata)
{
    char *const *names = userdata;
    Id *ids = (Id *)aside->data;

    for (size_t i = 0; names[i]; i++) {
        const struct group *group = names[i][0] == '@' ? getgrnam(names[i] + 1) : NULL;
        const struct passwd *user = names[i][0] == '@' ? NULL : getpwnam(names[i]);

        ids[i] = group  ? (Id){true, group->gr_gid}
                 : user ? (Id){true, user->pw_uid}
                        : (Id){false, 0};
        aside->size += sizeof(*ids);
    }
    return 0;
}

static int ask_system(char *const *names, size_t n, Aside **ret, char **ret_error)
{
    int r = aside_run("operators", look_up, names, n * sizeof(Id), ret);

    if (r >= 0)
        r = (*ret)->result;
    if (r == -ETIMEDOUT)
        return explain(ret_error, r,
                       "operators: the system does not say in time who they are; see whether the "
                       "services that nsswitch.conf(5) names for passwd and group answer");
    return r < 0 && r != -ENOMEM
               ? explain(ret_error, r, "operators: cannot be looked up: %s", strerror(-r))
               : r;
}

static Operators *allocate(size_t n)
{
    CLEANUP(operators_freep) Operators *operators = calloc(1, sizeof(*operators));

    if (!operators)
        return NULL;
    operators->uids = calloc(n + 2, sizeof(uid_t));
    operators->gids = calloc(n + 1, sizeof(gid_t));
    return operators->uids && operators->gids ? TAKE(operators) : NULL;
}

int operators_new(char *const *names, Operators **ret, char **ret_error)
{
    CLEANUP(operators_freep) Operators *operators = NULL;
    CLEANUP(aside_freep) Aside *answer = NULL;
    const Id *ids;
    size_t n = 0;
    int r = 0;

    while (names[n])
        n++;
    operators = allocate(n);
    if (!operators)
        return -ENOMEM;
    operators->uids[operators->n_uids++] = 0;
    operators->uids[operators->n_uids++] = getuid();
    if (n > 0)
        r = ask_system(names, n, &answer, ret_error);
    if (r < 0)
        return r;
    ids = answer ? (const Id *)answer->data : NULL;
    for (size_t i = 0; i < n; i++) {
        if (ids[i].is_known && names[i][0] == '@')
            operators->gids[operators->n_gids++] = ids[i].id;
        else if (ids[i].is_known)
            operators->uids[operators->n_uids++] = ids[i].id;
    }
    *ret = TAKE(operators);
    return 0;
}

void operators_free(Operators *operators)
{
    if (!operators)
        return;
    free(operators->uids);
    free(operators->gids);
    free(operators);
}

bool operators_know(uid_t uid)
{
    return uid != UID_UNKNOWN;
}

bool operators_include(const Operators *operators, const Peer *peer)
{
    if (!operators_know(peer->process.uid))
        return false;
    for (size_t i = 0; i < operators->n_uids; i++)
        if (operators->uids[i] == peer->process.uid)
            return true;
    for (size_t i = 0; i < operators->n_gids; i++) {
        if (operators->gids[i] == peer->process.gid)
            return true;
        for (size_t j = 0; j < peer->n_groups; j++)
            if (operators->gids[i] == peer->groups[j])
                return true;
    }
    return false;
}
