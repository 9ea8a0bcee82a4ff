/* SPDX-License-Identifier: Apache-2.0 */
/* What the sections of queues resolve to: account, region and endpoints, and the checks that need
 * more than one option of them. */
#pragma once

#include "daemon/config/config.h"

/* Once all files are read and the names of targets are known. 0; -EINVAL and an owned
 * "file:line: what is wrong"; -ENOMEM. */
int queue_configs_resolve(Config *config, char **ret_error);

/* The queue that requests come through by this URL; NULL: there is none. */
const QueueConfig *queue_config_find_url(const Config *config, const char *url);

/* Where a queue is called: at the section's endpoint-url, else at the host of its URL. 0 or
 * -ENOMEM. */
int queue_config_choose_endpoint(const ConfigAccount *account, const char *url, char **ret);

/* An option with the URL of a queue that outcomes of jobs go to: it is not one of those above,
 * which would take that for a request. As queue_configs_resolve(). */
int queue_config_check_outcome(const Config *config, const ConfigAccount *account, const char *key,
                               const char *url, char **ret_error);
