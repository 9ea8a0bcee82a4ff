/* SPDX-License-Identifier: Apache-2.0 */
/* That the other side of a socket has gone for good, not only shut down its writing side: for times
 * when nothing is read from it. */
#pragma once

#include <stdbool.h>

#include <event2/event.h>

typedef struct Hangup Hangup;

bool hangup_has_come(int fd);

/* Calls gone() when it comes, if it has not already. fd stays the caller's. 0 or negative errno. */
int hangup_new(struct event_base *base, int fd, void (*gone)(void *userdata), void *userdata,
               Hangup **ret);
void hangup_free(Hangup *hangup); /* takes NULL */
