/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/user-counts.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <search.h>

typedef struct UserCount {
    uid_t uid;
    unsigned n;
} UserCount;

static int compare_users(const void *one, const void *other)
{
    const UserCount *a = one, *b = other;

    return a->uid < b->uid ? -1 : a->uid > b->uid;
}

static UserCount *find_user(const UserCounts *counts, uid_t uid)
{
    const UserCount key = {.uid = uid};
    UserCount **node = tfind(&key, &counts->by_uid, compare_users);

    return node ? *node : NULL;
}

unsigned user_counts_get(const UserCounts *counts, uid_t uid)
{
    const UserCount *user = find_user(counts, uid);

    return user ? user->n : 0;
}

int user_counts_add(UserCounts *counts, uid_t uid)
{
    UserCount *user = find_user(counts, uid);

    if (!user) {
        user = malloc(sizeof(*user));
        if (!user)
            return -ENOMEM;
        *user = (UserCount){.uid = uid};
        if (!tsearch(user, &counts->by_uid, compare_users)) {
            free(user);
            return -ENOMEM;
        }
    }
    user->n++;
    return 0;
}

void user_counts_remove(UserCounts *counts, uid_t uid)
{
    UserCount *user = find_user(counts, uid);

    assert(user && user->n > 0);
    if (--user->n > 0)
        return;
    tdelete(user, &counts->by_uid, compare_users);
    free(user);
}
