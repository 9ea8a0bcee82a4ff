/* SPDX-License-Identifier: Apache-2.0 */
/* Something that waits for the changes of a job, or of all jobs, as registry.h announces them. It
 * lives inside what waits, all zero before the first time, and costs nothing while nothing changes.
 */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

typedef struct Follower Follower;

struct Follower {
    LIST_ENTRY(Follower) entry;
    bool listed;
    /* A change is on disk, or the job is gone. Only notes that: neither jobs nor followers may
     * change in it. */
    void (*news)(Follower *follower);
};

typedef LIST_HEAD(FollowerList, Follower) FollowerList;

void follower_add(FollowerList *list, Follower *follower);
void follower_remove(Follower *follower); /* takes one that is in no list */

void followers_notify(FollowerList *list);
void followers_release(FollowerList *list); /* notifies each and takes it off the list */
