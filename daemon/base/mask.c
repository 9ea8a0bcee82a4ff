/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/mask.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_LENGTH 64 /* of SigV4, in hexadecimal digits */
#define SECRET_MIN 8U
#define SECRET_PART_MIN 12U /* so much of its beginning is taken for a secret that was cut */
#define SECRET_END_MIN 4U   /* the same at the end of a text, where we cut */
#define ESCAPE_MAX 16U      /* the longest that is looked for at the end of a text */
#define BACKSLASHES_MAX 7U  /* of JSON three levels deep; a text of nothing else costs no more */

#define HEX_DIGITS "0123456789abcdefABCDEF"
#define ESCAPES "%\\&" /* what they begin with */

/* Whether so many hexadecimal digits stand for the character. */
static bool is_in_hex(const char *text, size_t n_digits, char character)
{
    char digits[5] = "";

    if (strspn(text, HEX_DIGITS) < n_digits)
        return false;
    memcpy(digits, text, n_digits);
    return strtoul(digits, NULL, 16) == (unsigned char)character;
}

/* "%2F", "%252F" and so on. These functions return how many bytes of the text stand for the
 * character, or 0. */
static size_t match_percent(const char *text, char character)
{
    size_t size = 1;

    while (text[size] == '2' && text[size + 1] == '5')
        size += 2;
    return is_in_hex(text + size, 2, character) ? size + 2 : 0;
}

/* "\/", "\u002f", and with more backslashes where JSON is inside of JSON. */
static size_t match_backslash(const char *text, char character)
{
    size_t size = 1;

    while (size < BACKSLASHES_MAX && text[size] == '\\')
        size++;
    if (text[size] == 'u' && is_in_hex(text + size + 1, 4, character))
        return size + 5;
    return text[size] == character ? size + 1 : 0;
}

/* "&#47;", "&#x2F;", "&amp;#47;" */
static size_t match_entity(const char *text, char character)
{
    const char *at = text + 1, *digits = "0123456789";
    char *end;
    int base = 10;

    while (strncmp(at, "amp;", strlen("amp;")) == 0)
        at += strlen("amp;");
    if (*at++ != '#')
        return 0;
    if (*at == 'x' || *at == 'X') {
        base = 16;
        digits = HEX_DIGITS;
        at++;
    }
    if (*at == '\0' || !strchr(digits, *at) ||
        strtoul(at, &end, base) != (unsigned char)character || *end != ';')
        return 0;
    return (size_t)(end + 1 - text);
}

static size_t match_character(const char *text, char character)
{
    if (*text == character || (*text == ' ' && character == '+'))
        return 1;
    switch (*text) {
    case '%':
        return match_percent(text, character);
    case '\\':
        return match_backslash(text, character);
    case '&':
        return match_entity(text, character);
    default:
        return 0;
    }
}

/* Nothing but an escape that was cut short. */
static bool is_cut(const char *text)
{
    return *text == '\0' ||
           (strchr(ESCAPES, *text) && strnlen(text, ESCAPE_MAX + 1) <= ESCAPE_MAX &&
            text[strspn(text, ESCAPES HEX_DIGITS "amp;#uxX")] == '\0');
}

/* How many bytes of the text are the secret, or the beginning of one that was cut. */
static size_t match_plain(const char *text, const char *secret)
{
    size_t matched = 0, size = 0, n;

    while (secret[matched] != '\0' && (n = match_character(text + size, secret[matched])) > 0) {
        size += n;
        matched++;
    }
    if (secret[matched] != '\0' && matched >= SECRET_END_MIN && is_cut(text + size))
        return strlen(text);
    return secret[matched] == '\0' || matched >= SECRET_PART_MIN ? size : 0;
}

/* What a digit of base64 stands for, in either of its alphabets; -1: it is not one. */
static int base64_value(char digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *found;

    if (digit == '-' || digit == '_')
        digit = digit == '-' ? '+' : '/';
    found = digit != '\0' ? strchr(digits, digit) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* Whether the low bits of a digit are those of the secret from there on, as far as it goes. */
static bool holds_bits(int value, unsigned n_bits, const char *secret, size_t at)
{
    for (; n_bits > 0 && secret[at / 8] != '\0'; n_bits--, at++)
        if ((value >> (n_bits - 1) & 1) != (secret[at / 8] >> (7 - at % 8) & 1))
            return false;
    return true;
}

/* The same for base64. n_before: bits of the first digit that belong to what stands before the
 * secret. */
static size_t match_base64(const char *text, const char *secret, unsigned n_before)
{
    unsigned n_bits = 6 - n_before;
    size_t size = 0, matched = 0;
    int value;

    while (secret[matched / 8] != '\0' && (value = base64_value(text[size])) >= 0 &&
           holds_bits(value, n_bits, secret, matched)) {
        matched += n_bits;
        n_bits = 6;
        size++;
    }
    if (secret[matched / 8] == '\0' || matched >= 8 * SECRET_PART_MIN)
        return size;
    return text[size] == '\0' && matched >= 8 * SECRET_END_MIN ? size : 0;
}

void mask_secret(char *text, const char *secret)
{
    if (strlen(secret) < SECRET_MIN)
        return;
    while (*text != '\0') {
        size_t size = match_plain(text, secret);

        for (unsigned n_before = 0; size == 0 && n_before < 6; n_before += 2)
            size = match_base64(text, secret, n_before);
        memset(text, '*', size);
        text += size > 0 ? size : 1;
    }
}

static void mask_marked_signatures(char *text)
{
    static const char mark[] = "Signature";

    while ((text = strstr(text, mark))) {
        size_t separator;

        text += strlen(mark);
        separator = match_character(text, '=');
        if (separator == 0)
            continue;
        text += separator;
        for (size_t i = 0; i < SIGNATURE_LENGTH && *text != '\0'; i++)
            *text++ = '*';
        while (((unsigned char)*text & 0xc0) == 0x80) /* half a character is not UTF-8 */
            *text++ = '*';
    }
}

void mask_signatures(char *text)
{
    mask_marked_signatures(text);
    while (*text != '\0') {
        size_t n_digits = strspn(text, HEX_DIGITS);

        if (n_digits >= SIGNATURE_LENGTH)
            memset(text, '*', n_digits);
        text += n_digits > 0 ? n_digits : 1;
    }
}
