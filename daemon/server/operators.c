/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/server/operators.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

/* The kernel's overflow uid: somebody from a user namespace that is not ours, so nobody in
 * particular. */
#define UID_UNKNOWN 65534U

struct Operators {
    uid_t *uids;
    gid_t *gids;
    size_t n_uids, n_gids;
};

int operators_new(char *const *names, Operators **ret)
{
    Operators *operators = calloc(1, sizeof(*operators));
    size_t n = 0;

    while (names[n])
        n++;
    if (operators) {
        operators->uids = calloc(n + 2, sizeof(uid_t));
        operators->gids = calloc(n + 1, sizeof(gid_t));
    }
    if (!operators || !operators->uids || !operators->gids) {
        operators_free(operators);
        return -ENOMEM;
    }
    operators->uids[operators->n_uids++] = 0;
    operators->uids[operators->n_uids++] = getuid();
    for (size_t i = 0; i < n; i++) {
        const struct group *group = names[i][0] == '@' ? getgrnam(names[i] + 1) : NULL;
        const struct passwd *user = names[i][0] == '@' ? NULL : getpwnam(names[i]);

        if (group)
            operators->gids[operators->n_gids++] = group->gr_gid;
        else if (user)
            operators->uids[operators->n_uids++] = user->pw_uid;
    }
    *ret = operators;
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
