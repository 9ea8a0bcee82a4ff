/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json-write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/json.h"

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

/* The letter that stands for a character behind a backslash; 0: it has none. */
static char escape_of(char character)
{
    static const char plain[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    const char *found = memchr(plain, character, strlen(plain));

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

static void append_string(JsonWriter *writer, const char *string, size_t size)
{
    const char *end = string + size, *from = string;

    append_byte(writer, '"');
    for (; string < end; string++)
        if ((unsigned char)*string < 0x20 || *string == '"' || *string == '\\') {
            append(writer, from, (size_t)(string - from));
            append_escaped(writer, *string);
            from = string + 1;
        }
    append(writer, from, (size_t)(string - from));
    append_byte(writer, '"');
}

/* What goes before a value. */
static void begin_value(JsonWriter *writer, const char *key)
{
    if (writer->comma)
        append_byte(writer, ',');
    writer->comma = true;
    if (!key)
        return;
    append_string(writer, key, strlen(key));
    append_byte(writer, ':');
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

void json_write_string(JsonWriter *writer, const char *key, const char *value)
{
    if (!value)
        return;
    begin_value(writer, key);
    append_string(writer, value, strlen(value));
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

/* As json-c writes it. */
static void write_double(JsonWriter *writer, const char *key, json_object *value)
{
    const char *text = json_text(value, NULL);

    writer->failed |= !text;
    json_write_raw(writer, key, text);
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
        begin_value(writer, key);
        append_string(writer, json_object_get_string(value),
                      (size_t)json_object_get_string_len(value));
        break;
    case json_type_int:
        json_write_int64(writer, key, json_object_get_int64(value));
        break;
    case json_type_null:
        json_write_raw(writer, key, "null");
        break;
    case json_type_boolean:
        json_write_bool(writer, key, json_object_get_boolean(value));
        break;
    case json_type_double:
        write_double(writer, key, value);
        break;
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
