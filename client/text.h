/* SPDX-License-Identifier: Apache-2.0 */
/* What is printed. Text from outside (CloudTrail, the daemon, other users' reasons, the command
 * line) is shown with its control characters escaped, so that none of it steers the terminal.
 *
 * Standard output is checked where it is flushed: when its reader has gone, the program ends
 * there. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <json-c/json.h>

#include "client/options.h"

/* Control characters, marks that turn the direction of writing, and bytes that are not UTF-8 as
 * \xNN or \uNNNN. NULL: no memory. */
char *text_escape(const char *text);

/* Number of columns, counting one for each character. */
size_t text_columns(const char *text);

/* A time of RFC 3339 in whole seconds: as "2026-11-22 13:23:45", local, or "2026-11-22T12:23:45Z".
 * False: it is not one. */
#define TEXT_TIME_SIZE 40U
bool text_format_time(const char *time, bool local, char buffer[static TEXT_TIME_SIZE]);

/* "trailstopctl: " and a sentence on standard error, escaped as a whole, invisible characters too:
 * they may be what is wrong with the text that it quotes. */
__attribute__((format(printf, 1, 2))) void text_complain(const char *format, ...);

/* The same for what is not an error, and so not printed with --quiet. */
__attribute__((format(printf, 2, 3))) void text_remark(const Options *options, const char *format,
                                                       ...);

/* One JSON document, one line; ends the program with EXIT_FAILURE where memory runs out. */
void text_print_json(json_object *document);

/* Flushes standard output and ends the program with EXIT_FAILURE where that fails: quietly where
 * the reader is gone (as in `| head`), else with the reason. */
void text_flush(void);

/* Whether output is UTF-8 according to the environment, without loading a locale. */
bool text_is_utf8(void);

/* Marks where text was cut, one column wide. */
const char *text_ellipsis(void);
