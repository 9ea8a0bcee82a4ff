/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl stop and wait: what becomes of imports that are named. */
#pragma once

#include "client/options.h"

int stop_run(const Options *options);
int wait_run(const Options *options);
