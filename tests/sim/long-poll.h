/* SPDX-License-Identifier: Apache-2.0 */
/* Calls that are not answered yet because what they wait for may still come, in the order they
 * came.
 *
 * Each is tried again when something has changed and when its time has come; a client that goes
 * away takes its call along. */
#pragma once

#include <event2/event.h>

#include "tests/sim/call.h"

typedef struct LongPolls LongPolls;

/* retry decides on a call again: false, and call->again_usec, where it has to wait on. Else the
 * call is retry's. */
int long_polls_new(struct event_base *base, bool (*retry)(SimCall *call), LongPolls **ret);
void long_polls_free(LongPolls *polls); /* the calls too; their requests end with the server */

/* Takes the call over, to be tried again at call->again_usec at the latest. 0; -ENOMEM: it is still
 * the caller's. */
int long_polls_add(LongPolls *polls, SimCall *call);

/* Something has changed. */
void long_polls_retry(LongPolls *polls);
