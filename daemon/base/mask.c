/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/mask.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define SIGNATURE_LENGTH 64U   /* of SigV4, in hexadecimal digits */
#define SIGNATURE_PART_MIN 33U /* the same at the end of a text; ids of 128 bits have 32 */
#define SECRET_MIN 8U
#define SECRET_PART_MIN 12U /* so much of it is taken for a secret that was cut */
#define SECRET_END_MIN 4U   /* so much of its beginning at the end of a text, where we cut */
#define BASE64_MIN 6U       /* digits of SECRET_END_MIN characters */
#define ESCAPE_MAX 16U      /* the longest that is looked for at the end of a text */
#define LEVELS_MAX 7U       /* of escapes within escapes; a text of nothing else costs no more */
#define BLANKS_MAX 16U      /* where a line is folded */

#define DIGITS "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"
#define BASE64_DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" DIGITS "+/"
#define ESCAPES "%\\&" /* what they begin with */
#define BLANKS " \t\r\n"

/* ---- one character, in whatever writing ---- */

/* Of so many hexadecimal digits; -1: they are not there, or not ASCII. */
static int read_hex(const char *text, size_t n_digits)
{
    char digits[5] = "";
    long value;

    if (strspn(text, HEX_DIGITS) < n_digits)
        return -1;
    memcpy(digits, text, n_digits);
    value = strtol(digits, NULL, 16);
    return value <= SCHAR_MAX ? (int)value : -1;
}

/* "%2F", "%252F" and so on. These functions return how many bytes of the text stand for *ret, or
 * 0. */
static size_t read_percent(const char *text, int *ret)
{
    size_t size = 1;

    while (text[size] == '2' && text[size + 1] == '5')
        size += 2;
    *ret = read_hex(text + size, 2);
    return *ret >= 0 ? size + 2 : 0;
}

/* "\/", "\u002f", "\x2f", "\n", and with more backslashes where JSON is inside of JSON. */
static size_t read_backslash(const char *text, int *ret)
{
    size_t size = 1;

    while (size < LEVELS_MAX && text[size] == '\\')
        size++;
    if (text[size] == 'u' && (*ret = read_hex(text + size + 1, 4)) >= 0)
        return size + 5;
    if (text[size] == 'x' && (*ret = read_hex(text + size + 1, 2)) >= 0)
        return size + 3;
    if (text[size] == '\0')
        return 0;
    *ret = strchr("nrt", text[size]) ? '\n' : text[size];
    return size + 1;
}

/* Those that HTML has for what tokens are made of. -1: another. */
static int read_entity_name(const char *name)
{
    static const struct {
        const char *name;
        char character;
    } entities[] = {{"plus;", '+'}, {"sol;", '/'}, {"equals;", '='}, {"lowbar;", '_'}};

    for (size_t i = 0; i < sizeof(entities) / sizeof(*entities); i++)
        if (strncmp(name, entities[i].name, strlen(entities[i].name)) == 0)
            return entities[i].character;
    return -1;
}

/* "&#47;", "&#x2F;", "&sol;", "&amp;#47;" */
static size_t read_entity(const char *text, int *ret)
{
    const char *at = text + 1, *end;
    unsigned long value;
    bool hex;

    while (strncmp(at, "amp;", strlen("amp;")) == 0)
        at += strlen("amp;");
    if (*at != '#') {
        *ret = read_entity_name(at);
        return *ret >= 0 ? (size_t)(strchr(at, ';') + 1 - text) : 0;
    }
    hex = *++at == 'x' || *at == 'X';
    at += hex;
    end = at + strspn(at, hex ? HEX_DIGITS : DIGITS);
    value = strtoul(at, NULL, hex ? 16 : 10);
    *ret = (int)value;
    return end > at && *end == ';' && value <= SCHAR_MAX ? (size_t)(end + 1 - text) : 0;
}

static size_t read_escape(const char *text, int *ret)
{
    switch (*text) {
    case '%':
        return read_percent(text, ret);
    case '\\':
        return read_backslash(text, ret);
    case '&':
        return read_entity(text, ret);
    default:
        return 0;
    }
}

static size_t match_character(const char *text, char character)
{
    size_t size;
    int meant;

    if (*text == character || (*text == ' ' && character == '+'))
        return 1;
    size = read_escape(text, &meant);
    return size > 0 && meant == character ? size : 0;
}

/* The white space between two characters of a secret, where a line was folded. */
static size_t skip_blanks(const char *text)
{
    size_t size = 0;

    for (unsigned i = 0; i < BLANKS_MAX && text[size] != '\0'; i++) {
        int meant = text[size];
        size_t n = strchr(ESCAPES, meant) ? read_escape(text + size, &meant) : 1;

        if (n == 0 || meant == '\0' || !strchr(BLANKS, meant))
            break;
        size += n;
    }
    return size;
}

/* ---- a secret, or a part of it ---- */

/* Nothing but an escape that was cut short. */
static bool is_cut(const char *text)
{
    return *text == '\0' ||
           (strchr(ESCAPES, *text) && strnlen(text, ESCAPE_MAX + 1) <= ESCAPE_MAX &&
            text[strspn(text, ESCAPES HEX_DIGITS "amp;#uxX")] == '\0');
}

/* How many bytes of the text are the secret from this character of it on, or so much of it that it
 * is taken for one. */
static size_t match_plain(const char *text, const char *secret, const char *first)
{
    const char *next = first;
    size_t size = 0, n_matched;

    for (; *next != '\0'; next++) {
        size_t n_blanks = next > first ? skip_blanks(text + size) : 0;
        size_t n = n_blanks > 0 ? match_character(text + size + n_blanks, *next) : 0;

        if (n > 0)
            n += n_blanks;
        else
            n = match_character(text + size, *next);
        if (n == 0)
            break;
        size += n;
    }
    n_matched = (size_t)(next - first);
    if (first == secret && *next != '\0' && n_matched >= SECRET_END_MIN && is_cut(text + size))
        return strlen(text);
    return (first == secret && *next == '\0') || n_matched >= SECRET_PART_MIN ? size : 0;
}

/* What a digit of base64 stands for, in either of its alphabets; -1: it is not one. */
static int base64_value(int digit)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" DIGITS "+/";
    const char *found;

    if (digit == '-' || digit == '_')
        digit = digit == '-' ? '+' : '/';
    found = digit != '\0' ? strchr(digits, digit) : NULL;
    return found ? (int)(found - digits) : -1;
}

static size_t read_base64_digit(const char *text, int *ret)
{
    size_t n_blanks = skip_blanks(text), size = 1;
    int digit = text[n_blanks];

    if (strchr(ESCAPES, digit))
        size = read_escape(text + n_blanks, &digit);
    *ret = base64_value(digit);
    return size > 0 && *ret >= 0 ? n_blanks + size : 0;
}

/* Whether the low bits of a digit are those of the secret from there on, as far as it goes. */
static bool holds_bits(int value, unsigned n_bits, const char *secret, size_t at)
{
    for (; n_bits > 0 && secret[at / 8] != '\0'; n_bits--, at++)
        if ((value >> (n_bits - 1) & 1) != (secret[at / 8] >> (7 - at % 8) & 1))
            return false;
    return true;
}

/* The same as match_plain(). n_before: bits of the first digit that belong to what stands before.
 */
static size_t match_base64(const char *text, const char *secret, const char *first,
                           unsigned n_before)
{
    unsigned n_bits = 6 - n_before;
    size_t size = 0, matched = 0, n;
    int value;

    while (first[matched / 8] != '\0' && (n = read_base64_digit(text + size, &value)) > 0 &&
           holds_bits(value, n_bits, first, matched)) {
        matched += n_bits;
        n_bits = 6;
        size += n;
    }
    if ((first == secret && first[matched / 8] == '\0') || matched >= 8 * SECRET_PART_MIN)
        return size;
    return first == secret && text[size] == '\0' && matched >= 8 * SECRET_END_MIN ? size : 0;
}

/* The most that matches from any place of the secret which has this character. */
static size_t match_from(const char *text, const char *secret, int character)
{
    bool as_it_is = character == *text && isalnum((unsigned char)text[1]);
    size_t most = 0;

    if (character <= '\0')
        return 0;
    for (const char *at = strchr(secret, character); at; at = strchr(at + 1, character)) {
        /* Nearly all places are passed over by what comes next. */
        size_t size =
            as_it_is && text[1] != at[1] && at[1] != '\0' ? 0 : match_plain(text, secret, at);

        most = size > most ? size : most;
    }
    return most;
}

static size_t match_base64_from(const char *text, const char *secret)
{
    size_t n, most = 0;
    int one, two, character;

    if (strspn(text, BASE64_DIGITS "-_" ESCAPES) < BASE64_MIN) /* words of a sentence */
        return 0;
    n = read_base64_digit(text, &one);
    if (n == 0 || read_base64_digit(text + n, &two) == 0)
        return 0;
    for (unsigned n_before = 0; n_before < 6; n_before += 2) {
        character = (one << 6 | two) >> (4 - n_before) & 0xff;
        if (character == '\0' || character > SCHAR_MAX)
            continue;
        for (const char *at = strchr(secret, character); at; at = strchr(at + 1, character)) {
            size_t size = match_base64(text, secret, at, n_before);

            most = size > most ? size : most;
        }
    }
    return most;
}

static size_t match(const char *text, const char *secret)
{
    size_t size = match_from(text, secret, *text), other;
    int meant;

    if (*text == ' ' || read_escape(text, &meant) > 0) {
        other = match_from(text, secret, *text == ' ' ? '+' : meant);
        size = other > size ? other : size;
    }
    return size > 0 ? size : match_base64_from(text, secret);
}

void mask_secret(char *text, const char *secret)
{
    if (strlen(secret) < SECRET_MIN)
        return;
    while (*text != '\0') {
        size_t size = match(text, secret);

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

void mask_users(char *text)
{
    static const char mark[] = "://";

    while ((text = strstr(text, mark))) {
        size_t length;

        text += strlen(mark);
        length = strcspn(text, BLANKS "/?#\"'<>@");
        if (text[length] == '@')
            memset(text, '*', length);
    }
}

void mask_signatures(char *text)
{
    mask_marked_signatures(text);
    while (*text != '\0') {
        size_t n_digits = strspn(text, HEX_DIGITS);

        if (n_digits >= SIGNATURE_LENGTH ||
            (n_digits >= SIGNATURE_PART_MIN && text[n_digits] == '\0'))
            memset(text, '*', n_digits);
        text += n_digits > 0 ? n_digits : 1;
    }
}
