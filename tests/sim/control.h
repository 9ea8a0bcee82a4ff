/* SPDX-License-Identifier: Apache-2.0 */
/* The control endpoints below /_sim: README.md, "Control". */
#pragma once

#include <event2/http.h>

#include "tests/sim/sim.h"

#define CONTROL_PREFIX "/_sim/"

/* Answers the request. */
void control_handle(Sim *sim, struct evhttp_request *request);
