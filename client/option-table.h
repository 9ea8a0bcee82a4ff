/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of options.def: as getopt_long(3) takes them, by name, as help, and for messages. */
#pragma once

#include <getopt.h>
#include <stdint.h>
#include <stdio.h>

typedef enum OptionRow {
#define OPTION(symbol, ...) OPTION_ROW_##symbol,
#define GENERAL_OPTION OPTION
#include "client/options.def"
    N_OPTION_ROWS
} OptionRow;

/* A bit each. */
typedef uint64_t OptionSet;

_Static_assert(N_OPTION_ROWS <= 64, "a bit each");

/* Beyond the 31st they do not fit an int, which GCC and Clang take, as C23 does. */
enum {
#define OPTION(symbol, ...) OPTION_##symbol = UINT64_C(1) << OPTION_ROW_##symbol,
#define GENERAL_OPTION OPTION
#include "client/options.def"
};

/* Those that go with every command. */
enum {
    OPTIONS_GENERAL = 0
#define OPTION(symbol, ...)
#define GENERAL_OPTION(symbol, ...) | OPTION_##symbol
#include "client/options.def"
};

/* As getopt_long(): the row; '?' or ':' plus OPTION_TABLE_WRONG after a fault; -1 at the end. */
#define OPTION_TABLE_WRONG 1024
int option_table_next(int argc, char **argv);

/* What getopt_long() would say itself about the fault that option_table_next() answered with,
 * without the path of the program, escaped, and with the option that may have been meant. */
void option_table_complain(int fault, char **argv);

/* "--dry-run". */
const char *option_table_name(OptionRow row);

/* A line for each. */
void option_table_print(FILE *file, OptionSet set);
