/* SPDX-License-Identifier: Apache-2.0 */
/* What the sections have in common of which there may be many, each with a name of its own:
 * [target NAME], [guard NAME], [queue NAME], [notify NAME]. */
#pragma once

#include "daemon/credentials/settings.h"

struct Config;

/* Where an option got its value; order counts values through all files, from 1. 0: no file names
 * it. */
typedef struct ConfigOrigin {
    const char *file; /* borrowed from the Config */
    unsigned line;
    unsigned order;
} ConfigOrigin;

/* The first member of each, so that a pointer to this is one to the whole. */
typedef struct ConfigSection {
    const char *kind; /* "target": as in options.def */
    char *name;
    const char *file; /* where the section first begins, for messages; borrowed from the Config.
                         NULL: no section names it */
    unsigned line;
    /* Where each option of it is set, by index in options[]; NULL once all is read. */
    ConfigOrigin *origins;
} ConfigSection;

/* A section that leads to an account of AWS; the first member of each such. */
typedef struct ConfigAccount {
    ConfigSection section;
    AwsSection aws;
    unsigned max_attempts; /* the configuration's, else the environment's, else the profile's */
    AwsSettings *settings; /* what all this resolves to; borrows from aws */
} ConfigAccount;

/* Puts every option at its default. kind lives as long as the section. 0 or -ENOMEM; the section is
 * to be ended all the same. */
int config_section_begin(ConfigSection *section, const char *kind, const char *name,
                         const char *file, unsigned line);
void config_section_end(ConfigSection *section); /* what it owns, options included, not itself */

/* All is read: where its options are set is not needed any more. */
void config_section_forget_origins(ConfigSection *section);

/* Where the option with this key is set (NULL: none is to blame), else where the section begins. */
void config_section_find_line(const ConfigSection *section, const char *key, const char **ret_file,
                              unsigned *ret_line);

/* -EINVAL and "file:line: target NAME: cause", with the line as above; -ENOMEM. */
int config_section_blame(const ConfigSection *section, const char *key, const char *cause,
                         char **ret_error);

/* The same with a line that is known; file NULL: none is to blame. */
int config_section_blame_line(const ConfigSection *section, const char *file, unsigned line,
                              const char *cause, char **ret_error);

/* An option "targets": each is the name of a target, or CONFIG_ALL_TARGETS. As above. */
int config_section_check_targets(const ConfigSection *section, const struct Config *config,
                                 char *const *targets, char **ret_error);
