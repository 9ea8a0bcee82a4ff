/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl stop --all: every import of some targets that still runs. */
#pragma once

#include "client/options.h"

int stop_all_run(const Options *options);
