/* SPDX-License-Identifier: Apache-2.0 */
/* Standard input, output and error, also where they do not block.
 *
 * O_NONBLOCK belongs to an open file that other programs may share, so it is not this program's to
 * clear: a pipe from a program that set it is read and written by waiting where read(2) and
 * write(2) would not. */
#pragma once

#include <stddef.h>

/* Puts streams that wait in place of stdin, stdout and stderr; to be called before any is used.
 * 0 or -ENOMEM. */
int streams_open(void);

/* The width of the terminal that standard output is, or standard error; 0: it is not one. */
size_t streams_output_columns(void);
size_t streams_error_columns(void);

/* Likewise the height of standard output. */
size_t streams_output_rows(void);

/* The errno of the first write to standard output that failed; 0: none did. */
int streams_output_error(void);
