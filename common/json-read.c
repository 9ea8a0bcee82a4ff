/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of common/json.h: one pass over the text, recursive by nesting, straight into json-c's
 * objects. Functions named read_*() expect the reader before the first byte of what they read and
 * leave it after the last. */
#include "common/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json-reader.h"
#include "common/memory.h"
#include "common/utf8.h"

#define VALUE_WORK 1U
#define NESTED_WORK 7U /* besides that of a value */
#define NAME_WORK 3U

static int read_value(JsonReader *reader, json_object **ret);

static void skip_space(JsonReader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\r' || *reader->at == '\t'))
        reader->at++;
}

static int read_string(JsonReader *reader, json_object **ret)
{
    const char *text;
    size_t size;

    int r = json_reader_read_text(reader, &text, &size);
    if (r < 0)
        return r;
    *ret = json_object_new_string_len(text, (int)size);
    return *ret ? 0 : -ENOMEM;
}

/* Pushes a member's name on the stack, ended by NUL. *ret is NULL for a name that json-c cannot
 * hold. */
static int push_name(JsonReader *reader, const char **ret)
{
    const char *text;
    size_t size;
    char *name;

    int r = json_reader_spend(reader, NAME_WORK);
    if (r >= 0)
        r = json_reader_read_text(reader, &text, &size);
    if (r < 0)
        return r;
    if (memchr(text, '\0', size)) {
        *ret = NULL;
        return reader->lenient ? 0 : -EBADMSG;
    }
    r = json_reader_reserve_stack(reader);
    if (r < 0)
        return r;
    name = reader->stack + reader->stack_used;
    memmove(name, text, size);
    name[size] = '\0';
    reader->stack_used += size + 1;
    *ret = name;
    return 0;
}

/* Takes the value, except on failure. */
static int add_member(const JsonReader *reader, json_object *object, const char *name,
                      json_object *value)
{
    CLEANUP(json_wipep) json_object *former = NULL;
    bool twice = json_object_object_get_ex(object, name, &former);

    json_object_get(former); /* else json-c would free it without wiping it */
    if (twice && !reader->lenient)
        return -EBADMSG;
    if (json_object_object_add_ex(object, name, value, twice ? 0 : JSON_C_OBJECT_ADD_KEY_IS_NEW) <
        0)
        return -ENOMEM;
    return 0;
}

static int read_member(JsonReader *reader, json_object *object)
{
    CLEANUP(json_wipep) json_object *value = NULL;
    size_t stack_used = reader->stack_used;
    const char *name;
    int r;

    skip_space(reader);
    r = push_name(reader, &name);
    if (r < 0)
        return r;
    skip_space(reader);
    if (!json_reader_skip(reader, ':'))
        return -EBADMSG;
    r = read_value(reader, &value);
    if (r < 0)
        return r;
    if (name) {
        r = add_member(reader, object, name, value);
        if (r < 0)
            return r;
        value = NULL; /* the object's now */
    }
    reader->stack_used = stack_used;
    return 0;
}

static int read_object(JsonReader *reader, json_object **ret)
{
    CLEANUP(json_wipep) json_object *object = json_object_new_object();

    if (!object)
        return -ENOMEM;
    reader->at++;
    skip_space(reader);
    if (!json_reader_skip(reader, '}')) {
        do {
            int r = read_member(reader, object);
            if (r < 0)
                return r;
            skip_space(reader);
        } while (json_reader_skip(reader, ','));
        if (!json_reader_skip(reader, '}'))
            return -EBADMSG;
    }
    *ret = TAKE(object);
    return 0;
}

static int read_element(JsonReader *reader, json_object *array)
{
    CLEANUP(json_wipep) json_object *value = NULL;

    int r = read_value(reader, &value);
    if (r < 0)
        return r;
    if (json_object_array_add(array, value) < 0)
        return -ENOMEM;
    value = NULL; /* the array's now */
    return 0;
}

static int read_array(JsonReader *reader, json_object **ret)
{
    CLEANUP(json_wipep) json_object *array = json_object_new_array();

    if (!array)
        return -ENOMEM;
    reader->at++;
    skip_space(reader);
    if (!json_reader_skip(reader, ']')) {
        do {
            int r = read_element(reader, array);
            if (r < 0)
                return r;
            skip_space(reader);
        } while (json_reader_skip(reader, ','));
        if (!json_reader_skip(reader, ']'))
            return -EBADMSG;
    }
    *ret = TAKE(array);
    return 0;
}

/* Returns whether there was one. */
static bool skip_digits(JsonReader *reader)
{
    const char *start = reader->at;

    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return reader->at > start;
}

/* -ERANGE: int64_t does not hold it. */
static int convert_integer(const char *text, const char *end, json_object **ret)
{
    bool negative = *text == '-';
    int64_t value = 0;

    for (text += negative; text < end; text++) {
        int digit = *text - '0';
        if (__builtin_mul_overflow(value, INT64_C(10), &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return -ERANGE;
    }
    *ret = json_object_new_int64(value);
    return *ret ? 0 : -ENOMEM;
}

/* Infinite where double does not hold it either: then it is of the wrong type for everyone. */
static int convert_double(JsonReader *reader, const char *start, json_object **ret)
{
    size_t size = (size_t)(reader->at - start);
    char *text;

    int r = json_reader_reserve_stack(reader);
    if (r < 0)
        return r;
    text = reader->stack + reader->stack_used;
    memcpy(text, start, size);
    text[size] = '\0';
    *ret = json_object_new_double_s(strtod(text, NULL), text); /* as text it stays what was read */
    return *ret ? 0 : -ENOMEM;
}

static int read_number(JsonReader *reader, json_object **ret)
{
    const char *start = reader->at;
    bool integer = true;
    int r;

    json_reader_skip(reader, '-');
    if (!json_reader_skip(reader, '0') && !skip_digits(reader))
        return -EBADMSG;
    if (json_reader_skip(reader, '.')) {
        integer = false;
        if (!skip_digits(reader))
            return -EBADMSG;
    }
    if (json_reader_skip(reader, 'e') || json_reader_skip(reader, 'E')) {
        integer = false;
        if (!json_reader_skip(reader, '+'))
            json_reader_skip(reader, '-');
        if (!skip_digits(reader))
            return -EBADMSG;
    }
    r = integer ? convert_integer(start, reader->at, ret) : -ERANGE;
    return r == -ERANGE ? convert_double(reader, start, ret) : r;
}

static bool skip_word(JsonReader *reader, const char *word, size_t size)
{
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, word, size) != 0)
        return false;
    reader->at += size;
    return true;
}

static int read_word(JsonReader *reader, json_object **ret)
{
    bool value;

    if (skip_word(reader, "null", 4)) {
        *ret = NULL;
        return 0;
    }
    value = skip_word(reader, "true", 4);
    if (!value && !skip_word(reader, "false", 5))
        return -EBADMSG;
    *ret = json_object_new_boolean(value);
    return *ret ? 0 : -ENOMEM;
}

/* Steps over an object or array without a look at what is in it. */
static int skip_nested(JsonReader *reader)
{
    size_t depth = 0, size;
    const char *text;

    do {
        if (reader->at == reader->end)
            return -EBADMSG;
        if (*reader->at == '"') {
            int r = json_reader_read_text(reader, &text, &size);
            if (r < 0)
                return r;
            continue;
        }
        depth += *reader->at == '{' || *reader->at == '[';
        depth -= *reader->at == '}' || *reader->at == ']';
        reader->at++;
    } while (depth > 0);
    return 0;
}

static int read_nested(JsonReader *reader, json_object **ret)
{
    int r;

    if (reader->depth_left == 0) {
        *ret = NULL;
        return reader->lenient ? skip_nested(reader) : -EBADMSG;
    }
    r = json_reader_spend(reader, NESTED_WORK);
    if (r < 0)
        return r;
    reader->depth_left--;
    r = *reader->at == '{' ? read_object(reader, ret) : read_array(reader, ret);
    reader->depth_left++;
    return r;
}

static int read_value(JsonReader *reader, json_object **ret)
{
    skip_space(reader);
    if (reader->at == reader->end || json_reader_spend(reader, VALUE_WORK) < 0)
        return -EBADMSG;
    switch (*reader->at) {
    case '{':
    case '[':
        return read_nested(reader, ret);
    case '"':
        return read_string(reader, ret);
    case '-':
    case '0' ... '9':
        return read_number(reader, ret);
    default:
        return read_word(reader, ret);
    }
}

static int read_document(JsonReader *reader, json_object **ret)
{
    CLEANUP(json_wipep) json_object *document = NULL;
    int r;

    if (reader->stack_size > INT32_MAX) /* a string of that size is more than json-c takes */
        return -EBADMSG;
    r = read_value(reader, &document);
    if (r >= 0) {
        skip_space(reader);
        if (reader->at != reader->end)
            r = -EBADMSG;
    }
    if (reader->stack) /* the document may hold secrets */
        explicit_bzero(reader->stack, reader->stack_size);
    free(reader->stack);
    if (r < 0)
        return r;
    *ret = TAKE(document);
    return 0;
}

int json_read_within(const char *text, size_t size, unsigned max_depth, size_t max_work,
                     json_object **ret)
{
    return read_document(&(JsonReader){.at = text,
                                       .end = text + size,
                                       .depth_left = max_depth,
                                       .work_left = max_work,
                                       .stack_size = size + 1},
                         ret);
}

int json_read(const char *text, size_t size, unsigned max_depth, json_object **ret)
{
    return json_read_within(text, size, max_depth, SIZE_MAX, ret);
}

int json_read_leniently(const char *text, size_t size, unsigned max_depth, json_object **ret)
{
    const size_t mark = strlen(UTF8_BYTE_ORDER_MARK);

    if (size >= mark && memcmp(text, UTF8_BYTE_ORDER_MARK, mark) == 0) {
        text += mark;
        size -= mark;
    }
    return read_document(&(JsonReader){.at = text,
                                       .end = text + size,
                                       .depth_left = max_depth,
                                       .work_left = JSON_WORK_MAX,
                                       .lenient = true,
                                       .stack_size = 3 * size + 1},
                         ret);
}
