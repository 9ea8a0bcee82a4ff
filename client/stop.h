/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl stop. */
#pragma once

#include "client/options.h"

int stop_run(const Options *options);
