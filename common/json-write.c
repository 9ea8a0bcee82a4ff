/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json-write.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024 /* most jobs fit */

static bool grow(JsonWriter *writer, size_t size)
{
    size_t capacity = writer->capacity > 0 ? writer->capacity : FIRST_CAPACITY;
    char *text;

    while (capacity - writer->size < size)
        capacity *= 2;
    text = realloc(writer->text, capacity);
    if (!text) {
        writer->failed = true;
        return false;
    }
    writer->text = text;
    writer->capacity = capacity;
    return true;
}

/* Whether so many bytes more have room. */
static bool reserve(JsonWriter *writer, size_t size)
{
    return !writer->failed && (size <= writer->capacity - writer->size || grow(writer, size));
}

static void append(JsonWriter *writer, const char *text, size_t size)
{
    if (!reserve(writer, size))
        return;
    memcpy(writer->text + writer->size, text, size);
    writer->size += size;
}

static void append_byte(JsonWriter *writer, char byte)
{
    if (reserve(writer, 1))
        writer->text[writer->size++] = byte;
}

/* What goes before a value. */
static void begin_value(JsonWriter *writer, const char *key)
{
    if (writer->comma)
        append_byte(writer, ',');
    writer->comma = true;
    if (!key)
        return;
    append_byte(writer, '"');
    append(writer, key, strlen(key));
    append(writer, "\":", 2);
}

void json_write_begin(JsonWriter *writer, const char *key, char bracket)
{
    begin_value(writer, key);
    append_byte(writer, bracket);
    writer->comma = false;
}

void json_write_end(JsonWriter *writer, char bracket)
{
    append_byte(writer, bracket);
    writer->comma = true;
}

/* The letter that stands for a character (not NUL) behind a backslash; 0: it has none. */
static char escape_of(char character)
{
    static const char plain[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    const char *found = strchr(plain, character);

    return found ? letters[found - plain] : 0;
}

static void append_escaped(JsonWriter *writer, char character)
{
    char letter = escape_of(character);
    char text[sizeof("\\u001f")];
    int size = letter ? snprintf(text, sizeof(text), "\\%c", letter)
                      : snprintf(text, sizeof(text), "\\u%04x", (unsigned char)character);

    append(writer, text, (size_t)size);
}

void json_write_string(JsonWriter *writer, const char *key, const char *value)
{
    const char *from = value;

    if (!value)
        return;
    begin_value(writer, key);
    append_byte(writer, '"');
    for (; *value; value++)
        if ((unsigned char)*value < 0x20 || *value == '"' || *value == '\\') {
            append(writer, from, (size_t)(value - from));
            append_escaped(writer, *value);
            from = value + 1;
        }
    append(writer, from, (size_t)(value - from));
    append_byte(writer, '"');
}

void json_write_int64(JsonWriter *writer, const char *key, int64_t value)
{
    char text[sizeof("-9223372036854775808")], *end = text + sizeof(text), *at = end;
    uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

    do /* snprintf() would make this function four times as long to run */
        *--at = (char)('0' + left % 10);
    while ((left /= 10) > 0);
    if (value < 0)
        *--at = '-';
    begin_value(writer, key);
    append(writer, at, (size_t)(end - at));
}

void json_write_bool(JsonWriter *writer, const char *key, bool value)
{
    json_write_raw(writer, key, value ? "true" : "false");
}

void json_write_raw(JsonWriter *writer, const char *key, const char *value)
{
    if (!value)
        return;
    begin_value(writer, key);
    append(writer, value, strlen(value));
}

static void write_object(JsonWriter *writer, const char *key, json_object *object)
{
    struct json_object_iter member;

    json_write_begin(writer, key, '{');
    json_object_object_foreachC (object, member) {
        json_write_value(writer, member.key, member.val);
    }
    json_write_end(writer, '}');
}

static void write_array(JsonWriter *writer, const char *key, json_object *array)
{
    json_write_begin(writer, key, '[');
    for (size_t i = 0; i < json_object_array_length(array); i++)
        json_write_value(writer, NULL, json_object_array_get_idx(array, i));
    json_write_end(writer, ']');
}

void json_write_value(JsonWriter *writer, const char *key, json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_object:
        write_object(writer, key, value);
        break;
    case json_type_array:
        write_array(writer, key, value);
        break;
    case json_type_string:
        json_write_string(writer, key, json_object_get_string(value));
        break;
    case json_type_int:
        json_write_int64(writer, key, json_object_get_int64(value));
        break;
    case json_type_null:
    case json_type_boolean:
    case json_type_double:
        assert(false);
    }
}

char *json_writer_take(JsonWriter *writer, size_t *ret_size)
{
    JsonWriter done;

    append(writer, "", 1);
    done = *writer;
    *writer = (JsonWriter){0};
    if (done.failed) {
        free(done.text);
        return NULL;
    }
    *ret_size = done.size - 1;
    return done.text;
}
