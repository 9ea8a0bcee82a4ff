/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of a guard's section that need more than one option of it, or the names of targets. */
#pragma once

#include "daemon/config/config.h"

/* Once all files are read. 0; -EINVAL and an owned
 * "file:line: what is wrong"; -ENOMEM. */
int guard_configs_check(const Config *config, char **ret_error);
