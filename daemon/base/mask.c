/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/mask.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>

#include "daemon/base/writing.h"

#define SIGNATURE_LENGTH 64U   /* of SigV4, in hexadecimal digits */
#define SIGNATURE_PART_MIN 33U /* the same at the end of a text; ids of 128 bits have 32 */
#define SECRET_MIN 8U
#define SECRET_PART_MIN 12U /* so much of it is taken for a secret that was cut */
#define SECRET_END_MIN 4U   /* so much of its beginning at the end of a text, where we cut */
#define BASE64_MIN 6U       /* digits of SECRET_END_MIN characters */
#define BEGINNINGS_BITS 17U /* of their hash */
#define ESCAPE_MAX 16U      /* the longest that is looked for at the end of a text */

#define HEX_DIGITS "0123456789abcdefABCDEF"

/* What a digit of base64 stands for, in either of its alphabets; -1: it is not one. */
static int base64_value(int digit)
{
    static const signed char values['z' - '+' + 1] = {
        62, -1, 62, -1, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, -1, -1, -1, -1, -1,
        -1, -1, 0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17,
        18, 19, 20, 21, 22, 23, 24, 25, -1, -1, -1, -1, 63, -1, 26, 27, 28, 29, 30, 31,
        32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51};

    return digit >= '+' && digit <= 'z' ? values[digit - '+'] : -1;
}

/* ---- what parts of a secret begin with ---- */

/* Of every part the first one to SECRET_END_MIN characters, as a Bloom filter (1970) of one hash:
 * nearly all places of a text are passed over by it, however long the secret is. */
typedef struct Beginnings {
    uint64_t bits[(1U << BEGINNINGS_BITS) / 64];
} Beginnings;

/* Fibonacci hashing (Knuth, The Art of Computer Programming, 6.4). */
static uint32_t hash_beginning(uint32_t characters)
{
    return (characters * 0x9e3779b1U) >> (32 - BEGINNINGS_BITS);
}

static bool beginnings_have(const Beginnings *beginnings, uint32_t characters)
{
    uint32_t hash = hash_beginning(characters);

    return beginnings->bits[hash / 64] >> hash % 64 & 1;
}

static void beginnings_init(Beginnings *beginnings, const char *secret)
{
    memset(beginnings, 0, sizeof(*beginnings));
    for (const char *part = secret; *part != '\0'; part++) {
        uint32_t characters = 0;

        for (unsigned i = 0; i < SECRET_END_MIN && part[i] != '\0'; i++) {
            uint32_t hash;

            characters = characters << 8 | (unsigned char)part[i];
            hash = hash_beginning(characters);
            beginnings->bits[hash / 64] |= UINT64_C(1) << hash % 64;
        }
    }
}

static bool may_begin(const Beginnings *beginnings, const char *text, uint32_t characters,
                      unsigned n);

/* One more character, of which so many bytes of the text stand. */
static bool may_go_on(const Beginnings *beginnings, const char *text, uint32_t characters,
                      unsigned n, int character, size_t size)
{
    characters = characters << 8 | (unsigned char)character;
    return beginnings_have(beginnings, characters) &&
           (n + 1 == SECRET_END_MIN || may_begin(beginnings, text + size, characters, n + 1));
}

static bool may_go_on_here(const Beginnings *beginnings, const char *text, uint32_t characters,
                           unsigned n)
{
    size_t size;
    int meant;

    if (*text == '\0')
        return false;
    if (may_go_on(beginnings, text, characters, n, *text, 1) ||
        (*text == ' ' && may_go_on(beginnings, text, characters, n, '+', 1)))
        return true;
    size = writing_read_escape(text, &meant);
    return size > 0 && may_go_on(beginnings, text, characters, n, meant, size);
}

/* Whether match_plain() may find something, where so many characters before the text are these. */
static bool may_begin(const Beginnings *beginnings, const char *text, uint32_t characters,
                      unsigned n)
{
    size_t n_blanks = n > 0 ? writing_skip_blanks(text) : 0;

    return (n_blanks > 0 && may_go_on_here(beginnings, text + n_blanks, characters, n)) ||
           may_go_on_here(beginnings, text, characters, n);
}

/* These characters, and all but the last of them. */
static bool beginnings_have_all(const Beginnings *beginnings, uint32_t characters)
{
    return beginnings_have(beginnings, characters) && beginnings_have(beginnings, characters >> 8);
}

/* Whether match_plain_from() may find something. */
static bool may_match(const Beginnings *beginnings, const char *text)
{
    uint32_t characters = 0;

    for (unsigned i = 0; i < SECRET_END_MIN; i++) {
        bool is_digit = base64_value(text[i]) >= 0; /* nearly all are: one look at a table */

        if (!is_digit &&
            (text[i] == '\0' || writing_is_blank(text[i]) || writing_is_escape(text[i])))
            return may_begin(beginnings, text, 0, 0);
        characters = characters << 8 | (unsigned char)text[i];
    }
    return beginnings_have_all(beginnings, characters);
}

/* ---- a secret, or a part of it ---- */

/* Nothing but an escape that was cut short. */
static bool is_cut(const char *text)
{
    return *text == '\0' ||
           (writing_is_escape(*text) && strnlen(text, ESCAPE_MAX + 1) <= ESCAPE_MAX &&
            text[strspn(text, WRITING_ESCAPES HEX_DIGITS "amp;#uxX")] == '\0');
}

/* How many bytes of the text are the secret from this character of it on, or so much of it that it
 * is taken for one. */
static size_t match_plain(const char *text, const char *secret, const char *first)
{
    const char *next = first;
    size_t size = 0, n_matched;

    for (; *next != '\0'; next++) {
        size_t n_blanks = next > first ? writing_skip_blanks(text + size) : 0;
        size_t n = n_blanks > 0 ? writing_match(text + size + n_blanks, *next) : 0;

        if (n > 0)
            n += n_blanks;
        else
            n = writing_match(text + size, *next);
        if (n == 0)
            break;
        size += n;
    }
    n_matched = (size_t)(next - first);
    if (first == secret && *next != '\0' && n_matched >= SECRET_END_MIN && is_cut(text + size))
        return strlen(text);
    return (first == secret && *next == '\0') || n_matched >= SECRET_PART_MIN ? size : 0;
}

/* One digit, behind white space where a line was folded. */
static size_t read_base64_digit(const char *text, int *ret)
{
    size_t n_blanks = 0, size = 1;
    int digit = *text;

    if (writing_is_escape(digit) || writing_is_blank(digit)) {
        n_blanks = writing_skip_blanks(text);
        digit = text[n_blanks];
        if (writing_is_escape(digit))
            size = writing_read_escape(text + n_blanks, &digit);
    }
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
    size_t most = 0;

    if (character <= '\0')
        return 0;
    for (const char *at = strchr(secret, character); at; at = strchr(at + 1, character)) {
        size_t size = match_plain(text, secret, at);

        most = size > most ? size : most;
    }
    return most;
}

static size_t match_plain_from(const char *text, const char *secret)
{
    size_t size = match_from(text, secret, *text), other;
    int meant;

    if (*text == ' ' || writing_read_escape(text, &meant) > 0) {
        other = match_from(text, secret, *text == ' ' ? '+' : meant);
        size = other > size ? other : size;
    }
    return size;
}

/* The bits of so many digits as SECRET_END_MIN characters are written with. 0: there are less. */
static bool read_base64_beginning(const char *text, uint64_t *ret)
{
    uint64_t bits = 0;
    size_t size = 0;
    bool as_they_are = true;

    for (unsigned i = 0; i < BASE64_MIN; i++) {
        int value = base64_value(text[i]);

        if (value < 0 && !writing_is_escape(text[i])) /* words of a sentence */
            return false;
        bits = bits << 6 | (unsigned)value;
        as_they_are = as_they_are && value >= 0;
    }
    for (unsigned i = 0; !as_they_are && i < BASE64_MIN; i++) {
        int value;
        size_t n = read_base64_digit(text + size, &value);

        if (n == 0)
            return false;
        bits = bits << 6 | (unsigned)value;
        size += n;
    }
    *ret = bits;
    return true;
}

static size_t match_base64_from(const char *text, const char *secret, const Beginnings *beginnings)
{
    size_t most = 0;
    uint64_t bits;

    if (!read_base64_beginning(text, &bits))
        return 0;
    for (unsigned n_before = 0; n_before < 6; n_before += 2) {
        uint32_t characters = (uint32_t)(bits >> (4 - n_before));
        int character = (int)(characters >> 24);

        if (!beginnings_have_all(beginnings, characters) || character == '\0' ||
            character > SCHAR_MAX)
            continue;
        for (const char *at = strchr(secret, character); at; at = strchr(at + 1, character)) {
            size_t size = match_base64(text, secret, at, n_before);

            most = size > most ? size : most;
        }
    }
    return most;
}

void mask_secret(char *text, const char *secret)
{
    Beginnings beginnings;

    if (strlen(secret) < SECRET_MIN)
        return;
    beginnings_init(&beginnings, secret);
    while (*text != '\0') {
        size_t size = may_match(&beginnings, text) ? match_plain_from(text, secret) : 0;

        if (size == 0)
            size = match_base64_from(text, secret, &beginnings);
        if (size == 0) {
            text++;
            continue;
        }
        memset(text, '*', size);
        text += size;
    }
    OPENSSL_cleanse(&beginnings, sizeof(beginnings));
}

static void mask_marked_signatures(char *text)
{
    static const char mark[] = "Signature";

    while ((text = strstr(text, mark))) {
        size_t separator;

        text += strlen(mark);
        separator = writing_match(text, '=');
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
        length = strcspn(text, " \t\r\n/?#\"'<>@");
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
