/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl show, list and failures: straight from CloudTrail, no job. */
#pragma once

#include "client/options.h"

int imports_run_show(const Options *options);
int imports_run_list(const Options *options);
int imports_run_failures(const Options *options);
