/* SPDX-License-Identifier: Apache-2.0 */
/* Following jobs until they are final: asks for stops or waits, watches what comes of them, shows
 * it, and goes on when the daemon restarts meanwhile. */
#pragma once

#include <stddef.h>

#include <json-c/json.h>

#include "client/call.h"
#include "client/options.h"
#include "common/memory.h"

typedef struct Follow Follow;

/* The options are borrowed, and so is the method that asks for imports: "Stop", "Wait", or
 * NULL where none are added. */
int follow_new(const Options *options, const char *method, Follow **ret);
void follow_free(Follow *follow);
DEFINE_CLEANUP(Follow, follow_free)

/* What to follow: imports that are still to be asked for, jobs by their id (one that is there
 * already is not added again), or jobs as the daemon answered with. With none of these all jobs are
 * followed for ever. 0 or -ENOMEM. */
int follow_add_import(Follow *follow, const char *import_id);
int follow_add_id(Follow *follow, const char *job_id);
int follow_add_job(Follow *follow, json_object *job);

/* One call that is made first; the handler adds what its answer says to follow. Takes ownership of
 * parameters (NULL: memory ran out). 0 or -ENOMEM. */
int follow_add_call(Follow *follow, const char *method, json_object *parameters,
                    CallHandler handler, void *userdata);

/* Follows to the end, or with --no-wait until all requests are accepted. What was asked is asked
 * again where the daemon restarts before it answers. Signals are not looked at earlier. Returns the
 * exit status. */
int follow_run(Follow *follow);
