/* The reader of common/json.h: one pass over the text, recursive by nesting, straight into json-c's
 * objects. Functions named read_*() expect the reader before the first byte of what they read and
 * leave it after the last. */
#include "common/json.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "common/utf8.h"

struct reader {
    const char *at;
    const char *end;
    unsigned depth_left;
    /* A stack of texts that json-c wants ended by NUL or without escapes: the member names of the
     * objects around, and on top the string or number just read. As each is at most as long as its
     * source, and a name's quotes leave room for its NUL, the size of the document and one byte
     * more is enough for all. */
    char *stack;
    size_t stack_size;
    size_t stack_used;
};

static int read_value(struct reader *reader, json_object **ret);

static void skip_space(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

static bool skip_byte(struct reader *reader, char byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

static int reserve_stack(struct reader *reader)
{
    if (!reader->stack)
        reader->stack = malloc(reader->stack_size);
    return reader->stack ? 0 : -ENOMEM;
}

static int read_four_hex(struct reader *reader, unsigned *ret)
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

static int read_code_point(struct reader *reader, unsigned *ret)
{
    unsigned high, low;

    int r = read_four_hex(reader, &high);
    if (r < 0)
        return r;
    if (high < 0xD800 || high > 0xDFFF) {
        *ret = high;
        return 0;
    }
    if (high > 0xDBFF || !skip_byte(reader, '\\') || !skip_byte(reader, 'u'))
        return -EBADMSG;
    r = read_four_hex(reader, &low);
    if (r < 0)
        return r;
    if (low < 0xDC00 || low > 0xDFFF)
        return -EBADMSG;
    *ret = 0x10000 + ((high - 0xD800) << 10 | (low - 0xDC00));
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
static int read_escape(struct reader *reader, char **out)
{
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    unsigned code_point;

    if (reader->at == reader->end)
        return -EBADMSG;
    char name = *reader->at++;
    if (name == 'u') {
        int r = read_code_point(reader, &code_point);
        if (r < 0)
            return r;
        *out = encode_utf8(code_point, *out);
        return 0;
    }
    const char *found = memchr(names, name, sizeof(names) - 1);
    if (!found)
        return -EBADMSG;
    *(*out)++ = meanings[found - names];
    return 0;
}

/* Steps over characters that stand for themselves. */
static int skip_plain(struct reader *reader)
{
    while (reader->at < reader->end) {
        unsigned char byte = (unsigned char)*reader->at;
        if (byte == '"' || byte == '\\')
            return 0;
        if (byte < 0x20)
            return -EBADMSG;
        if (byte < 0x80) {
            reader->at++;
            continue;
        }
        size_t size = utf8_character_size(reader->at, (size_t)(reader->end - reader->at));
        if (size == 0)
            return -EBADMSG;
        reader->at += size;
    }
    return -EBADMSG;
}

/* The text of a string without its quotes: where it is in the document, or on top of the stack
 * where it has escapes. The stack does not grow: what is put there next writes over it. */
static int read_text(struct reader *reader, const char **ret, size_t *ret_size)
{
    if (!skip_byte(reader, '"'))
        return -EBADMSG;

    const char *start = reader->at;
    int r = skip_plain(reader);
    if (r < 0)
        return r;
    if (*reader->at == '"') {
        *ret = start;
        *ret_size = (size_t)(reader->at - start);
        reader->at++;
        return 0;
    }

    r = reserve_stack(reader);
    if (r < 0)
        return r;
    char *text = reader->stack + reader->stack_used, *out = text;
    for (;;) {
        size_t size = (size_t)(reader->at - start);
        memcpy(out, start, size);
        out += size;
        if (*reader->at++ == '"')
            break;
        r = read_escape(reader, &out);
        if (r < 0)
            return r;
        start = reader->at;
        r = skip_plain(reader);
        if (r < 0)
            return r;
    }
    *ret = text;
    *ret_size = (size_t)(out - text);
    return 0;
}

static int read_string(struct reader *reader, json_object **ret)
{
    const char *text;
    size_t size;

    int r = read_text(reader, &text, &size);
    if (r < 0)
        return r;
    if (size > INT32_MAX)
        return -EBADMSG;
    *ret = json_object_new_string_len(text, (int)size);
    return *ret ? 0 : -ENOMEM;
}

/* Pushes a member's name on the stack, ended by NUL. */
static int push_name(struct reader *reader, const char **ret)
{
    const char *text;
    size_t size;

    int r = read_text(reader, &text, &size);
    if (r < 0)
        return r;
    if (memchr(text, '\0', size))
        return -EBADMSG;
    r = reserve_stack(reader);
    if (r < 0)
        return r;
    char *name = reader->stack + reader->stack_used;
    memmove(name, text, size);
    name[size] = '\0';
    reader->stack_used += size + 1;
    *ret = name;
    return 0;
}

static int read_member(struct reader *reader, json_object *object)
{
    CLEANUP(json_object_putp) json_object *value = NULL;
    size_t stack_used = reader->stack_used;
    const char *name;

    skip_space(reader);
    int r = push_name(reader, &name);
    if (r < 0)
        return r;
    if (json_object_object_get_ex(object, name, NULL))
        return -EBADMSG;
    skip_space(reader);
    if (!skip_byte(reader, ':'))
        return -EBADMSG;
    r = read_value(reader, &value);
    if (r < 0)
        return r;
    if (json_object_object_add_ex(object, name, value, JSON_C_OBJECT_ADD_KEY_IS_NEW) < 0)
        return -ENOMEM;
    value = NULL; /* the object's now */
    reader->stack_used = stack_used;
    return 0;
}

static int read_object(struct reader *reader, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();

    if (!object)
        return -ENOMEM;
    reader->at++;
    skip_space(reader);
    if (!skip_byte(reader, '}')) {
        do {
            int r = read_member(reader, object);
            if (r < 0)
                return r;
            skip_space(reader);
        } while (skip_byte(reader, ','));
        if (!skip_byte(reader, '}'))
            return -EBADMSG;
    }
    *ret = TAKE(object);
    return 0;
}

static int read_element(struct reader *reader, json_object *array)
{
    json_object *value = NULL;

    int r = read_value(reader, &value);
    if (r < 0)
        return r;
    if (json_object_array_add(array, value) < 0) {
        json_object_put(value);
        return -ENOMEM;
    }
    return 0;
}

static int read_array(struct reader *reader, json_object **ret)
{
    CLEANUP(json_object_putp) json_object *array = json_object_new_array();

    if (!array)
        return -ENOMEM;
    reader->at++;
    skip_space(reader);
    if (!skip_byte(reader, ']')) {
        do {
            int r = read_element(reader, array);
            if (r < 0)
                return r;
            skip_space(reader);
        } while (skip_byte(reader, ','));
        if (!skip_byte(reader, ']'))
            return -EBADMSG;
    }
    *ret = TAKE(array);
    return 0;
}

/* Returns whether there was one. */
static bool skip_digits(struct reader *reader)
{
    const char *start = reader->at;

    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return reader->at > start;
}

static int convert_integer(const char *text, const char *end, json_object **ret)
{
    bool negative = *text == '-';
    int64_t value = 0;

    for (text += negative; text < end; text++) {
        int digit = *text - '0';
        if (__builtin_mul_overflow(value, INT64_C(10), &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return -EBADMSG;
    }
    *ret = json_object_new_int64(value);
    return *ret ? 0 : -ENOMEM;
}

static int convert_double(struct reader *reader, const char *start, json_object **ret)
{
    size_t size = (size_t)(reader->at - start);

    int r = reserve_stack(reader);
    if (r < 0)
        return r;
    char *text = reader->stack + reader->stack_used;
    memcpy(text, start, size);
    text[size] = '\0';
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return -EBADMSG;
    *ret = json_object_new_double_s(value, text); /* as text it stays what was read */
    return *ret ? 0 : -ENOMEM;
}

static int read_number(struct reader *reader, json_object **ret)
{
    const char *start = reader->at;
    bool integer = true;

    skip_byte(reader, '-');
    if (!skip_byte(reader, '0') && !skip_digits(reader))
        return -EBADMSG;
    if (skip_byte(reader, '.')) {
        integer = false;
        if (!skip_digits(reader))
            return -EBADMSG;
    }
    if (skip_byte(reader, 'e') || skip_byte(reader, 'E')) {
        integer = false;
        if (!skip_byte(reader, '+'))
            skip_byte(reader, '-');
        if (!skip_digits(reader))
            return -EBADMSG;
    }
    return integer ? convert_integer(start, reader->at, ret) : convert_double(reader, start, ret);
}

static bool skip_word(struct reader *reader, const char *word, size_t size)
{
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
        return false;
    reader->at += size;
    return true;
}

static int read_word(struct reader *reader, json_object **ret)
{
    if (skip_word(reader, "null", 4)) {
        *ret = NULL;
        return 0;
    }
    bool value = skip_word(reader, "true", 4);
    if (!value && !skip_word(reader, "false", 5))
        return -EBADMSG;
    *ret = json_object_new_boolean(value);
    return *ret ? 0 : -ENOMEM;
}

static int read_value(struct reader *reader, json_object **ret)
{
    skip_space(reader);
    if (reader->at == reader->end)
        return -EBADMSG;
    switch (*reader->at) {
    case '{':
    case '[':
        if (reader->depth_left == 0)
            return -EBADMSG;
        reader->depth_left--;
        int r = *reader->at == '{' ? read_object(reader, ret) : read_array(reader, ret);
        reader->depth_left++;
        return r;
    case '"':
        return read_string(reader, ret);
    case '-':
    case '0' ... '9':
        return read_number(reader, ret);
    default:
        return read_word(reader, ret);
    }
}

int json_read(const char *text, size_t size, unsigned max_depth, json_object **ret)
{
    struct reader reader = {
        .at = text,
        .end = text + size,
        .depth_left = max_depth,
        .stack_size = size + 1,
    };
    json_object *document = NULL;

    int r = read_value(&reader, &document);
    if (r >= 0) {
        skip_space(&reader);
        if (reader.at != reader.end)
            r = -EBADMSG;
    }
    free(reader.stack);
    if (r < 0) {
        json_object_put(document);
        return r;
    }
    *ret = document;
    return 0;
}
