/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json-write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024 /* most jobs fit */

/* Makes room for so many bytes more and returns it, or NULL. */
static char *reserve(JsonWriter *writer, size_t size)
{
    size_t capacity = writer->capacity > 0 ? writer->capacity : FIRST_CAPACITY;
    char *text;

    if (writer->failed)
        return NULL;
    while (capacity - writer->size < size)
        capacity *= 2;
    if (capacity > writer->capacity) {
        text = realloc(writer->text, capacity);
        if (!text) {
            writer->failed = true;
            return NULL;
        }
        writer->text = text;
        writer->capacity = capacity;
    }
    return writer->text + writer->size;
}

static void append(JsonWriter *writer, const char *text, size_t size)
{
    char *room = reserve(writer, size);

    if (!room)
        return;
    memcpy(room, text, size);
    writer->size += size;
}

static void append_byte(JsonWriter *writer, char byte)
{
    append(writer, &byte, 1);
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

/* The letter that stands for a character behind a backslash; 0: it has none. */
static char escape_of(char character)
{
    static const char plain[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    const char *found = character ? strchr(plain, character) : NULL;

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
    char text[sizeof("-9223372036854775808")];
    int size = snprintf(text, sizeof(text), "%lld", (long long)value);

    begin_value(writer, key);
    append(writer, text, (size_t)size);
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
