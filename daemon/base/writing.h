/* SPDX-License-Identifier: Apache-2.0 */
/* One character of a text from outside, in whatever writing it may have there: as it is, in
 * percent-encoding, as an escape of JSON or HTML, or as one of these escaped again. A text ends
 * with its NUL; sizes are bytes of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define WRITING_ESCAPES "%\\&" /* what they begin with */

static inline bool writing_is_escape(int character)
{
    return character == '%' || character == '\\' || character == '&';
}

static inline bool writing_is_blank(int character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

/* How many bytes are an escape, which stands for *ret; 0: the text does not begin with one. */
size_t writing_read_escape(const char *text, int *ret);

/* How many bytes are this character, in any writing; a blank may stand for a '+'. 0: another is
 * there. */
size_t writing_match(const char *text, char character);

/* The white space where a line was folded. */
size_t writing_skip_blanks(const char *text);
