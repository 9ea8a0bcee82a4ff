/* SPDX-License-Identifier: Apache-2.0 */
/* The command line: which command, with which options and arguments. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/option-table.h"
#include "common/import-service.h"
#include "common/names.h"
#include "common/time.h"

/* What the command line asks for besides a command: the first such option counts, and of what
 * follows it only the arguments. */
typedef enum OptionsQuestion {
    OPTIONS_NO_QUESTION,
    OPTIONS_HELP,
    OPTIONS_VERSION,
} OptionsQuestion;

typedef enum OutputFormat {
    OUTPUT_TABLE, /* as wide as the terminal, where there is one */
    OUTPUT_WIDE,
    OUTPUT_JSON,
    OUTPUT_IDS,
} OutputFormat;

typedef struct Options {
    OptionsQuestion question;
    const char *socket_path; /* --socket, else $TRAILSTOP_SOCKET, else the default */
    bool socket_given;       /* by --socket */
    OutputFormat format;
    bool no_legend, no_pager, quiet;
    bool json;       /* the format */
    bool for_people; /* tables, details, sentences and progress are printed */
    bool silent;     /* neither these nor ids: of standard output there is JSON at most */
    bool color;      /* standard output is a terminal, and colours are not switched off */
    bool live;       /* standard output is a terminal that can be redrawn, and for people */
    OptionSet given; /* OPTION_* of those that not every command takes */
    const char **targets;
    size_t n_targets;
    int64_t timeout_sec;
    const char *reason;
    const char *destination;
    /* Filters of stop --all, where they were given. */
    int64_t older_than_sec, min_failed_entries, min_events, min_bytes;
    const char *source;
    const char *state;
    char import_id[IMPORT_ID_SIZE]; /* empty: not given */
    const char *import_service;     /* of that id; NULL: either */
    char since[RFC3339_SIZE];       /* likewise */
    int64_t limit;                  /* 0: not given */
    ImportService service;          /* cloudtrail, unless --service names another one */
    char **arguments;               /* the command and what follows it; borrowed from argv */
    size_t n_arguments;
} Options;

/* Which imports stop --all means, and all that goes with it only. */
#define OPTIONS_OF_FILTERS                                                                         \
    (OPTION_DESTINATION | OPTION_OLDER_THAN | OPTION_MIN_FAILED_ENTRIES | OPTION_MIN_EVENTS |      \
     OPTION_MIN_BYTES | OPTION_SOURCE)
#define OPTIONS_OF_ALL (OPTIONS_OF_FILTERS | OPTION_ALL_TARGETS | OPTION_DRY_RUN | OPTION_YES)

/* Reads the command line in any order of options and arguments. Where there are arguments,
 * ret->arguments[0] is the command; which commands there are is not looked at here. Returns 0;
 * -EINVAL after a message; -ENOMEM. */
int options_parse(int argc, char **argv, Options *ret);
void options_clear(Options *options);

/* The service as a parameter of a call; NULL: it was not given. */
const char *options_service(const Options *options);

/* The name of the first of these options that was given, e.g. "--dry-run", or NULL. */
const char *options_first_given(const Options *options, OptionSet set);
