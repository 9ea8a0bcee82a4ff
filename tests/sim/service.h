/* SPDX-License-Identifier: Apache-2.0 */
/* One call of any service, from the request to its answer: who is calling, quota, fault, operation.
 */
#pragma once

#include <event2/http.h>

#include "tests/sim/sim.h"

/* Takes the request over and answers it, now or later. */
void service_handle(Sim *sim, struct evhttp_request *request);
