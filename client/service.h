/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl targets, statistics and version: about the daemon itself. */
#pragma once

#include "client/options.h"

int service_run_statistics(const Options *options);
int service_run_version(const Options *options);
