/* SPDX-License-Identifier: Apache-2.0 */
/* trailstopctl job, jobs, watch and cancel. */
#pragma once

#include "client/options.h"

int jobs_run_show(const Options *options);
int jobs_run_list(const Options *options);
int jobs_run_watch(const Options *options);
int jobs_run_cancel(const Options *options);
