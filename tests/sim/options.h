/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of trailstop-sim. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

typedef struct SimOptions {
    bool help, version;
    const char *listen;
    const char *certificate, *key; /* NULL: no TLS */
    int ready_fd;                  /* -1: standard output */
    bool log, print_calls;
    size_t log_size;
    json_object *scenarios; /* what is declared, then the scenario files: an array, owned */
} SimOptions;

/* 0; -EINVAL and an owned sentence; another negative errno and a sentence for a file; -ENOMEM. */
int sim_options_parse(int argc, char **argv, SimOptions *ret, char **ret_error);
void sim_options_clear(SimOptions *options);

void sim_options_print_help(void);
