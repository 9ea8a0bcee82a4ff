/* SPDX-License-Identifier: Apache-2.0 */
#include "common/utf8.h"

#include <stdlib.h>
#include <string.h>

static bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

size_t utf8_character_size(const char *text, size_t size)
{
    const unsigned char *byte = (const unsigned char *)text;

    if (size == 0)
        return 0;
    if (byte[0] < 0x80)
        return 1;
    if (byte[0] < 0xC2) /* a continuation, or an overlong form of U+0000 to U+007F */
        return 0;
    if (byte[0] < 0xE0)
        return size >= 2 && continues(byte[1]) ? 2 : 0;
    if (byte[0] < 0xF0) {
        if (size < 3 || !continues(byte[1]) || !continues(byte[2]))
            return 0;
        if (byte[0] == 0xE0 && byte[1] < 0xA0) /* overlong */
            return 0;
        if (byte[0] == 0xED && byte[1] > 0x9F) /* a surrogate */
            return 0;
        return 3;
    }
    if (byte[0] > 0xF4 || size < 4 || !continues(byte[1]) || !continues(byte[2]) ||
        !continues(byte[3]))
        return 0;
    if (byte[0] == 0xF0 && byte[1] < 0x90) /* overlong */
        return 0;
    if (byte[0] == 0xF4 && byte[1] > 0x8F) /* beyond U+10FFFF */
        return 0;
    return 4;
}

uint32_t utf8_decode(const char *text, size_t size)
{
    const unsigned char *byte = (const unsigned char *)text;

    switch (size) {
    case 1:
        return byte[0];
    case 2:
        return (uint32_t)(byte[0] & 0x1F) << 6 | (byte[1] & 0x3F);
    case 3:
        return (uint32_t)(byte[0] & 0x0F) << 12 | (uint32_t)(byte[1] & 0x3F) << 6 |
               (byte[2] & 0x3F);
    default:
        return (uint32_t)(byte[0] & 0x07) << 18 | (uint32_t)(byte[1] & 0x3F) << 12 |
               (uint32_t)(byte[2] & 0x3F) << 6 | (byte[3] & 0x3F);
    }
}

bool utf8_is_deceptive(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7F && code_point <= 0x9F) ||
           code_point == 0x061C || code_point == 0x200E || code_point == 0x200F ||
           (code_point >= 0x2028 && code_point <= 0x202E) ||
           (code_point >= 0x2066 && code_point <= 0x2069);
}

bool utf8_is_invisible(uint32_t code_point)
{
    /* Default_Ignorable_Code_Point and, without U+0020, White_Space; and BRAILLE PATTERN BLANK. */
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0x00A0, 0x00A0},   {0x00AD, 0x00AD}, {0x034F, 0x034F},   {0x061C, 0x061C},
        {0x115F, 0x1160},   {0x1680, 0x1680}, {0x17B4, 0x17B5},   {0x180B, 0x180F},
        {0x2000, 0x200F},   {0x2028, 0x202F}, {0x205F, 0x206F},   {0x2800, 0x2800},
        {0x3000, 0x3000},   {0x3164, 0x3164}, {0xFE00, 0xFE0F},   {0xFEFF, 0xFEFF},
        {0xFFA0, 0xFFA0},   {0xFFF0, 0xFFF8}, {0x1BCA0, 0x1BCA3}, {0x1D173, 0x1D17A},
        {0xE0000, 0xE0FFF},
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (code_point >= ranges[i].first && code_point <= ranges[i].last)
            return true;
    return false;
}

bool utf8_is_valid(const char *text, size_t size)
{
    while (size > 0) {
        size_t step = utf8_character_size(text, size);
        if (step == 0)
            return false;
        text += step;
        size -= step;
    }
    return true;
}

/* line: what is deceptive is repaired as well. */
static char *repair(const char *text, bool line)
{
    static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
    size_t left = strlen(text);
    char *copy, *to, *fitting;

    copy = to = malloc(strlen(replacement) * left + 1);
    while (copy && left > 0) {
        size_t step = utf8_character_size(text, left);

        if (line && (*text == '\n' || *text == '\t'))
            *to++ = ' ';
        else if (step == 0 || (line && utf8_is_deceptive(utf8_decode(text, step))))
            to = mempcpy(to, replacement, strlen(replacement));
        else
            to = mempcpy(to, text, step);
        step = step == 0 ? 1 : step;
        text += step;
        left -= step;
    }
    if (!copy)
        return NULL;
    *to++ = '\0';
    fitting = realloc(copy, (size_t)(to - copy)); /* some are kept for long */
    return fitting ? fitting : copy;
}

char *utf8_repair(const char *text)
{
    return utf8_is_valid(text, strlen(text)) ? strdup(text) : repair(text, false);
}

char *utf8_repair_line(const char *text)
{
    return repair(text, true);
}
