/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json-reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/utf8.h"

#define REPLACEMENT_CHARACTER 0xFFFDU
#define PLAIN_BYTES 32U /* of a text, for one unit of work */
#define OTHER_BYTES 16U /* the same, where there are escapes */

int json_reader_spend(JsonReader *reader, size_t work)
{
    if (work > reader->work_left)
        return -EBADMSG;
    reader->work_left -= work;
    return 0;
}

int json_reader_reserve_stack(JsonReader *reader)
{
    if (!reader->stack)
        reader->stack = malloc(reader->stack_size);
    return reader->stack ? 0 : -ENOMEM;
}

static int read_four_hex(JsonReader *reader, unsigned *ret)
{
    unsigned value = 0;

    if (reader->end - reader->at < 4)
        return -EBADMSG;
    for (int i = 0; i < 4; i++) {
        char digit = *reader->at++;
        if (digit >= '0' && digit <= '9')
            value = value << 4 | (unsigned)(digit - '0');
        else if (digit >= 'a' && digit <= 'f')
            value = value << 4 | (unsigned)(digit - 'a' + 10);
        else if (digit >= 'A' && digit <= 'F')
            value = value << 4 | (unsigned)(digit - 'A' + 10);
        else
            return -EBADMSG;
    }
    *ret = value;
    return 0;
}

static int read_code_point(JsonReader *reader, unsigned *ret)
{
    unsigned high, low = 0;
    const char *after;
    int r;

    r = read_four_hex(reader, &high);
    if (r < 0)
        return r;
    if (high < 0xD800 || high > 0xDFFF) {
        *ret = high;
        return 0;
    }
    after = reader->at;
    if (high <= 0xDBFF && json_reader_skip(reader, '\\') && json_reader_skip(reader, 'u')) {
        r = read_four_hex(reader, &low);
        if (r < 0)
            return r;
    }
    if (low >= 0xDC00 && low <= 0xDFFF) {
        *ret = 0x10000 + ((high - 0xD800) << 10 | (low - 0xDC00));
        return 0;
    }
    if (!reader->lenient)
        return -EBADMSG;
    reader->at = after; /* what follows the lone surrogate is a character of its own */
    *ret = REPLACEMENT_CHARACTER;
    return 0;
}

static char *encode_utf8(unsigned code_point, char *out)
{
    if (code_point < 0x80) {
        *out++ = (char)code_point;
    } else if (code_point < 0x800) {
        *out++ = (char)(0xC0 | code_point >> 6);
        *out++ = (char)(0x80 | (code_point & 0x3F));
    } else if (code_point < 0x10000) {
        *out++ = (char)(0xE0 | code_point >> 12);
        *out++ = (char)(0x80 | (code_point >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code_point & 0x3F));
    } else {
        *out++ = (char)(0xF0 | code_point >> 18);
        *out++ = (char)(0x80 | (code_point >> 12 & 0x3F));
        *out++ = (char)(0x80 | (code_point >> 6 & 0x3F));
        *out++ = (char)(0x80 | (code_point & 0x3F));
    }
    return out;
}

/* After the backslash. */
static int read_escape(JsonReader *reader, char **out)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    unsigned code_point;
    char name;
    const char *found;

    if (reader->at == reader->end)
        return -EBADMSG;
    name = *reader->at++;
    if (name == 'u') {
        int r = read_code_point(reader, &code_point);
        if (r < 0)
            return r;
        *out = encode_utf8(code_point, *out);
        return 0;
    }
    found = memchr(names, name, sizeof(names) - 1);
    if (!found)
        return -EBADMSG;
    *(*out)++ = meanings[found - names];
    return 0;
}

/* An escape, or a byte that a lenient reader replaces. */
static int read_unplain(JsonReader *reader, char **out)
{
    if (json_reader_skip(reader, '\\'))
        return read_escape(reader, out);
    reader->at++;
    *out = encode_utf8(REPLACEMENT_CHARACTER, *out);
    return 0;
}

/* Where a text has to end at the latest. */
static const char *find_text_end(const JsonReader *reader)
{
    size_t left = (size_t)(reader->end - reader->at);

    return left / PLAIN_BYTES > reader->work_left ? reader->at + reader->work_left * PLAIN_BYTES
                                                  : reader->end;
}

/* Steps over characters that stand for themselves. A lenient reader takes control characters for
 * such, and stops before a byte that is not UTF-8. */
static int skip_plain(JsonReader *reader)
{
    const char *at = reader->at, *end = find_text_end(reader);

    while (at < end && *at != '"' && *at != '\\') {
        unsigned char byte = (unsigned char)*at;
        size_t size = byte < 0x80 ? 1 : utf8_character_size(at, (size_t)(reader->end - at));

        if (!reader->lenient && (byte < 0x20 || size == 0))
            return -EBADMSG;
        if (size == 0)
            break;
        at += size;
    }
    reader->at = at;
    return at < end ? 0 : -EBADMSG;
}

int json_reader_read_text(JsonReader *reader, const char **ret, size_t *ret_size)
{
    const char *start;
    char *text, *out;
    int r;

    if (!json_reader_skip(reader, '"'))
        return -EBADMSG;
    start = reader->at;
    r = skip_plain(reader);
    if (r < 0)
        return r;
    if (*reader->at == '"') {
        *ret = start;
        *ret_size = (size_t)(reader->at - start);
        reader->at++;
        return json_reader_spend(reader, *ret_size / PLAIN_BYTES);
    }

    r = json_reader_reserve_stack(reader);
    if (r < 0)
        return r;
    text = out = reader->stack + reader->stack_used;
    for (;;) {
        size_t size = (size_t)(reader->at - start);
        memcpy(out, start, size);
        out += size;
        if (json_reader_skip(reader, '"'))
            break;
        if ((size_t)(out - text) / OTHER_BYTES > reader->work_left)
            return -EBADMSG;
        r = read_unplain(reader, &out);
        if (r < 0)
            return r;
        start = reader->at;
        r = skip_plain(reader);
        if (r < 0)
            return r;
    }
    *ret = text;
    *ret_size = (size_t)(out - text);
    return json_reader_spend(reader, *ret_size / OTHER_BYTES);
}
