/* SPDX-License-Identifier: Apache-2.0 */
/* What stop --all would stop: shown as a table, and agreed to.
 *
 * An import does not say in which target it was found, so each target is asked by a call of its
 * own, all of them on one connection; what two of them find is shown once. */
#pragma once

#include <json-c/json.h>

#include "client/options.h"

/* Parameters of StopAll as the options have them; target: the only one to ask, or NULL: as the
 * options have it. NULL: no memory. */
json_object *rehearsal_parameters(const Options *options, const char *target, bool dry_run);

/* Complains about each TargetFailure of an array (NULL: none); *outcome, where it is OUTCOME_OK
 * yet, becomes that of the first. 0 or -EBADMSG. */
int rehearsal_take_failures(json_object *failures, int *outcome);

/* There is nothing to stop, as a line. */
const char *rehearsal_nothing(const Options *options);

/* --dry-run: shows the table on standard output. Returns the exit status, after any message. */
int rehearsal_run(const Options *options);

/* Somebody is at a terminal and can be asked. */
bool rehearsal_can_ask(void);

/* Shows the table on standard error and asks. True: go on. False: do not, with the exit status. */
bool rehearsal_ask(const Options *options, int *ret_outcome);
