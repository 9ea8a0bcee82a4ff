/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the files of the configuration into a Config, one after the other and line by line; a later
 * value wins. */
#pragma once

#include <stdbool.h>
#include <sys/queue.h>

#include "daemon/base/ini.h"
#include "daemon/config/config.h"

typedef struct ConfigReader {
    Config *config;
    TAILQ_HEAD(, ConfigText) texts;  /* still to be read, or being read */
    IniParser *parser;               /* at the first of them; NULL: not yet */
    ConfigOrigin origins[N_OPTIONS]; /* by index in options[]; not those of sections with a name */

    /* What is being read: */
    const char *file;
    const char *section; /* as in options[] */
    void *object;        /* that has its options: the config, or a section with a name */
    ConfigOrigin *object_origins;
    unsigned n_values;
} ConfigReader;

/* The file, then those in the directory of the same name with ".d" that end in ".conf", in the
 * order of their names; the directory need not exist. 0; the errno of a file that cannot be read,
 * and an owned sentence that names it; -ENOMEM. It is to be ended all the same. */
int config_reader_begin(ConfigReader *reader, Config *config, const char *path, bool must_exist,
                        char **ret_error);

/* One line more. 1; 0: all is read; -EINVAL, or the errno of a file that cannot be read, and an
 * owned "file:line: what is wrong"; -ENOMEM. */
int config_reader_step(ConfigReader *reader, char **ret_error);
void config_reader_end(ConfigReader *reader);

const ConfigOrigin *config_find_origin(const ConfigReader *reader, const char *section,
                                       const char *key);
