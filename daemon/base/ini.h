/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of `key = value` lines: what the daemon's own configuration and the AWS shared files
 * have in common. The caller gives every name and value its meaning.
 *
 *     # a comment line, indented or not; so is one that begins with ';'
 *     [section]                    blanks inside are trimmed, a comment may follow at once
 *     key = value ; comment        a comment inside a value begins with a blank and '#' or ';'
 *       continued # not a comment  begins with a blank: continues the value above
 *
 * Blanks are spaces and tabs; lines end with LF or CRLF; a byte order mark at the start is skipped.
 * Source: the parser test suite of the AWS SDKs, and botocore for indented comments.
 *
 * The files may hold secrets: the parser wipes its working copy, and no sentence quotes a value. */
#pragma once

#include "common/memory.h"

/* Each returns 0, or a negative errno with an owned sentence (-ENOMEM without one) that ini_parse()
 * puts behind "name:line: ". Strings live for the duration of the call. */
typedef struct IniHandler {
    int (*section)(const char *name, unsigned line, void *userdata, char **ret_error);
    int (*property)(const char *key, const char *value, unsigned line, void *userdata,
                    char **ret_error);
    /* text is trimmed and never empty. NULL: no value of this file can be continued. */
    int (*continuation)(const char *text, unsigned line, void *userdata, char **ret_error);
} IniHandler;

/* Calls the handler for each line in order. 0; -EINVAL (or what the handler returned) and an owned
 * "name:line: what is wrong"; -ENOMEM. */
int ini_parse(const char *text, const char *name, const IniHandler *handler, void *userdata,
              char **ret_error);

/* The same line by line, for a text that takes longer than a turn of the loop. Copies the text and
 * borrows all else; 0 or -ENOMEM. */
typedef struct IniParser IniParser;

int ini_parser_new(const char *text, const char *name, const IniHandler *handler, void *userdata,
                   IniParser **ret);
void ini_parser_free(IniParser *parser); /* takes NULL */
DEFINE_CLEANUP(IniParser, ini_parser_free)

/* One line more. 1; 0: there is none; errors as of ini_parse(). */
int ini_parser_step(IniParser *parser, char **ret_error);

/* Cuts the text in place into key and value, as a `key = value` line is. 0, or -EINVAL and an owned
 * sentence; -ENOMEM. */
int ini_split(char *text, char **ret_key, char **ret_value, char **ret_error);
