/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of a core, as the files would have given it. */
#pragma once

#include "daemon/config/config.h"
#include "tests/model/core.h"

Config *core_make_config(const CoreRules *rules);
