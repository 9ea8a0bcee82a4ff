/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/follower.h"

#include <assert.h>
#include <stddef.h>

void follower_add(FollowerList *list, Follower *follower)
{
    assert(!follower->listed && follower->news);
    LIST_INSERT_HEAD(list, follower, entry);
    follower->listed = true;
}

void follower_remove(Follower *follower)
{
    if (follower->listed)
        LIST_REMOVE(follower, entry);
    follower->listed = false;
}

void followers_notify(FollowerList *list)
{
    Follower *follower;

    LIST_FOREACH (follower, list, entry)
        follower->news(follower);
}

void followers_release(FollowerList *list)
{
    Follower *follower;

    while ((follower = LIST_FIRST(list))) {
        follower_remove(follower);
        follower->news(follower);
    }
}
