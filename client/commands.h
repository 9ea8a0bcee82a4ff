/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, each a row of one table: what it is called, takes and does. */
#pragma once

#include <stdio.h>

#include "client/options.h"

/* Checks the arguments against the command's row and runs it. Returns the exit status, after
 * any message. */
int commands_run(const Options *options);

/* Prints help about a command, NULL: about all of them. Likewise. */
int commands_help(const char *name);

void commands_print_help(FILE *file);
