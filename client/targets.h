/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about the daemon's targets. Each returns the exit status, after any message. */
#pragma once

#include "client/options.h"

int targets_run(const Options *options); /* what is known of them, or with --test asked for real */

/* For monitoring: each target is asked for a page of its imports, the daemon whether it can write
 * its store. A line for each that is not well, and OUTCOME_FAILURE. */
int targets_run_health(const Options *options);
