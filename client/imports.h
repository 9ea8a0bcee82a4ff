/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl show, list, failures and restart: straight from AWS, no job. */
#pragma once

#include "client/options.h"

int imports_run_show(const Options *options);
int imports_run_list(const Options *options);
int imports_run_failures(const Options *options);
int imports_run_restart(const Options *options);
