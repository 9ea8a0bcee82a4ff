/* SPDX-License-Identifier: Apache-2.0 */
/* Following jobs: the stream of Watch, and of Stop with `more`.
 *
 * A watch remembers for each job the change that it sent last, nothing else: a client that does not
 * read costs no memory, and gets the latest state of each job when it reads again. */
#pragma once

#include "daemon/server/call.h"

/* Follows one job, which ends the call as Stop does: with the error of its state. 0 or -ENOMEM. */
int watch_start_stop(Call *call, const char *id);

/* Follows these until all are final; NULL: every job, for ever. -ENOENT with *ret_id the one not
 * known. */
int watch_start(Call *call, json_object *ids, const char **ret_id);

/* Sends what changed. -ENOENT with call->job_id the job that is gone. */
int watch_pump(Call *call, CallProgress *ret);
