/* SPDX-License-Identifier: Apache-2.0 */
/* What the sections of notifications resolve to: account, region and endpoint, and the checks that
 * need more than one option of them. */
#pragma once

#include "daemon/config/config.h"

/* Once all files are read and the queues are known. 0; -EINVAL and an owned
 * "file:line: what is wrong"; -ENOMEM. */
int notify_configs_resolve(Config *config, char **ret_error);
