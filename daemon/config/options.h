/* SPDX-License-Identifier: Apache-2.0 */
/* The options of the configuration as a table, made of options.def.
 *
 * Their values live in a Config or in one of its sections; see option-value.h. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef enum OptionType {
    /* Up to OPTION_QUEUE they are text. */
    OPTION_STRING, /* char *; NULL: unset */
    OPTION_PATH,   /* the same, absolute */
    OPTION_FILE,   /* the same, not as a directory is named */
    OPTION_URL,    /* the same, an endpoint as aws_endpoint_validate() takes it */
    OPTION_QUEUE,  /* the same, as queue_url_validate() takes it */
    OPTION_LIST, /* char **, ended by NULL; white space or commas between the items; NULL: unset */
    OPTION_CHOICE,   /* unsigned, the place among the words, from 0 */
    OPTION_LEVEL,    /* int, a priority of syslog(3) */
    OPTION_BOOL,     /* int: -1 unset, 0, 1 */
    OPTION_COUNT,    /* unsigned */
    OPTION_NUMBER,   /* uint64_t; 0: unset, where it may be */
    OPTION_SIZE,     /* size_t, bytes; K, M and G are powers of 1024; 0: unset likewise */
    OPTION_TIMESPAN, /* uint64_t, microseconds; 0: unset, where it may be */
    OPTION_REAL,     /* double */
} OptionType;

typedef struct Option {
    const char *section;
    const char *key;
    OptionType type;
    size_t offset; /* of the member in the Config, or in what its section is */
    const char *minimum, *maximum;
    const char *default_text; /* NULL: may be left unset */
    bool reloadable;
} Option;

enum {
    N_OPTIONS = 0
#define OPTION(...) +1
#include "daemon/config/options.def"
#undef OPTION
};

extern const Option options[N_OPTIONS]; /* in the order of options.def */

/* The sections of which there may be many, with a name each; their values live in a TargetConfig, a
 * GuardConfig, a QueueConfig or a NotifyConfig. */
#define OPTION_TARGET_SECTION "target"
#define OPTION_GUARD_SECTION "guard"
#define OPTION_QUEUE_SECTION "queue"
#define OPTION_NOTIFY_SECTION "notify"
#define N_NAMED_SECTIONS 4U
extern const char *const option_named_sections[N_NAMED_SECTIONS];

const Option *option_find(const char *section, const char *key); /* NULL: no such key */
bool option_is_of(const Option *option, const char *section);
bool option_is_of_named_section(const Option *option);
const char *option_find_section(const char *section); /* the same text, of the table */

/* The section, or the key of a section, that is spelled most like the text; NULL: none is near. */
const char *option_suggest_section(const char *text);
const char *option_suggest_key(const char *section, const char *text);
