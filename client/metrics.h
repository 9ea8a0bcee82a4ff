/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl metrics: what the daemon serves by io.systemd.Metrics as OpenMetrics 1.0 text, for
 * node_exporter's textfile collector and whatever else reads that. Returns the exit status,
 * after any message. */
#pragma once

#include "client/options.h"

int metrics_run(const Options *options);
