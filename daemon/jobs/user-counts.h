/* SPDX-License-Identifier: Apache-2.0 */
/* How many of something each user has, counted as they come and go; all zero: nobody has any. */
#pragma once

#include <sys/types.h>

typedef struct UserCounts {
    void *by_uid; /* tsearch(3) tree, of the users that have some */
} UserCounts;

unsigned user_counts_get(const UserCounts *counts, uid_t uid);
int user_counts_add(UserCounts *counts, uid_t uid); /* 0 or -ENOMEM */
void user_counts_remove(UserCounts *counts, uid_t uid);
