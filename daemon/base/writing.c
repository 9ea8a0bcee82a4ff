/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/writing.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define LEVELS_MAX 7U  /* of escapes within escapes; a text of nothing else costs no more */
#define BLANKS_MAX 16U /* where a line is folded */

#define DIGITS "0123456789"
#define HEX_DIGITS DIGITS "abcdefABCDEF"

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    digit |= 'a' - 'A';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Of so many hexadecimal digits; -1: they are not there, or not ASCII. */
static int read_hex(const char *text, size_t n_digits)
{
    int value = 0;

    for (size_t i = 0; i < n_digits; i++) {
        int digit = hex_value(text[i]);

        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value <= SCHAR_MAX ? value : -1;
}

/* "%2F", "%252F" and so on. Each of these functions is one of writing_read_escape(). */
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
    *ret = text[size] == 'n' || text[size] == 'r' || text[size] == 't' ? '\n' : text[size];
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

size_t writing_read_escape(const char *text, int *ret)
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

size_t writing_match(const char *text, char character)
{
    size_t size;
    int meant;

    if (*text == character || (*text == ' ' && character == '+'))
        return 1;
    size = writing_read_escape(text, &meant);
    return size > 0 && meant == character ? size : 0;
}

size_t writing_skip_blanks(const char *text)
{
    size_t size = 0;

    for (unsigned i = 0; i < BLANKS_MAX && text[size] != '\0'; i++) {
        int meant = text[size];
        size_t n = writing_is_escape(meant) ? writing_read_escape(text + size, &meant) : 1;

        if (n == 0 || !writing_is_blank(meant))
            break;
        size += n;
    }
    return size;
}
