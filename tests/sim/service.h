/* SPDX-License-Identifier: Apache-2.0 */
/* One call of any service, from the request to its answer: who is calling, quota, fault, operation.
 */
#pragma once

#include <event2/http.h>

#include "tests/sim/call.h"
#include "tests/sim/sim.h"

/* Takes the request over and answers it, now or later. */
void service_handle(Sim *sim, struct evhttp_request *request);

/* Decides on a call that was let in, and answers it; false: it has to wait. For long-poll.h. */
bool service_decide(SimCall *call);
