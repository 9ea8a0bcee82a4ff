/* SPDX-License-Identifier: Apache-2.0 */
/* config_load() in steps, for a daemon at work: a configuration of thousands of targets takes
 * longer than a turn of the loop. */
#pragma once

#include "daemon/config/config.h"

typedef struct ConfigLoader ConfigLoader;

/* As config_load(); path and predecessor are borrowed. The files are read here, so that all of them
 * are of one moment, as far as they fit into memory (see file_read_each()). */
int config_loader_new(const char *path, const Config *predecessor, ConfigWarn warn,
                      ConfigLoader **ret, char **ret_error);
void config_loader_free(ConfigLoader *loader); /* takes NULL */
DEFINE_CLEANUP(ConfigLoader, config_loader_free)

/* A line, or a target. 1; 0: all is loaded; errors as of config_load(). */
int config_loader_step(ConfigLoader *loader, char **ret_error);

/* The Config, for the caller; once, after all is loaded. */
Config *config_loader_take(ConfigLoader *loader);
