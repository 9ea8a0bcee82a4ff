/* SPDX-License-Identifier: Apache-2.0 */
/* What a section that leads to an account of AWS resolves to, and which line is to blame where it
 * resolves to nothing. */
#pragma once

#include "daemon/config/config.h"

/* Once all files and AWS's own are read. 0; -EINVAL and an owned "file:line: what is wrong";
 * -ENOMEM. */
int config_account_resolve(ConfigAccount *account, const AwsPurpose *purpose, const Config *config,
                           char **ret_error);

/* Whether its credentials can come from where they would, and its CA bundle holds certificates. As
 * above. */
int config_account_check(const ConfigAccount *account, char **ret_error);
