/* SPDX-License-Identifier: Apache-2.0 */
/* StopAll: lists what runs in each target, and requests a job for each import found.
 *
 * A target that fails is reported beside the others' results; a job is made as soon as its import
 * is listed, so that no target waits for another. With a filter, and where nothing is to be stopped
 * yet, each import that is listed is looked at first (see inspection.h). The call is answered when
 * all targets are through and all jobs are on disk. */
#pragma once

#include "daemon/server/call.h"

/* Whether the caller is an operator of each target that the call names. */
bool stop_all_is_allowed(const Call *call);

int stop_all_start(Call *call);
int stop_all_pump(Call *call, CallProgress *ret);
