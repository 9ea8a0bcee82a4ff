/* SPDX-License-Identifier: Apache-2.0 */
/* UTF-8 (RFC 3629). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTF8_BYTE_ORDER_MARK "\xEF\xBB\xBF" /* at the start of a text, as some editors leave it */

/* Size of the character that the text begins with, 1 to 4 bytes. 0: the text is empty, or what it
 * begins with is not UTF-8: overlong, a surrogate, beyond U+10FFFF or cut short. */
size_t utf8_character_size(const char *text, size_t size);

/* The code point of the character of that size (1 to 4) that the text begins with. */
uint32_t utf8_decode(const char *text, size_t size);

/* What may make a terminal show another line, or other text, than there is: control characters,
 * line and paragraph separators, and the overrides of bidirectional text (Unicode Standard Annex
 * 9). */
bool utf8_is_deceptive(uint32_t code_point);

/* What leaves no mark, or a blank that is not U+0020 (Unicode Character Database): text with it
 * looks like other text. It may be wanted, as in some emoji and languages. */
bool utf8_is_invisible(uint32_t code_point);

bool utf8_is_valid(const char *text, size_t size);

/* A copy with U+FFFD in the place of each byte that belongs to no character. NULL: no memory. */
char *utf8_repair(const char *text);

/* As one line: also with a blank in the place of each line feed and tab, and U+FFFD in that of what
 * is deceptive besides. */
char *utf8_repair_line(const char *text);
