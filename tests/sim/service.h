/* One call of CloudTrail, from the request to its answer: signature, quota, fault, operation. */
#pragma once

#include <event2/http.h>

#include "tests/sim/sim.h"

/* Takes the request over and answers it, now or later. */
void service_handle(Sim *sim, struct evhttp_request *request);
