/* SPDX-License-Identifier: Apache-2.0 */
/* The queues that requests come through. */
#pragma once

#include "client/options.h"

/* Runs the command queues and returns its exit status. */
int queues_run(const Options *options);
