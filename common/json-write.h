/* SPDX-License-Identifier: Apache-2.0 */
/* JSON written as text, for what is sent often: messages, and jobs member by member. It is the text
 * that json-c writes; json-c takes half as many instructions again for it, and ten times as many
 * where its objects are made for that alone.
 *
 *     JsonWriter writer = {0};
 *     json_write_begin(&writer, NULL, '{');
 *     json_write_string(&writer, "id", job->id);
 *     json_write_end(&writer, '}');
 *     text = json_writer_take(&writer, &size);
 *
 * Memory that runs out is noted, and json_writer_take() reports it: nothing else needs a check.
 * Strings have to be UTF-8. Inside an array keys are NULL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

typedef struct JsonWriter {
    char *text; /* owned, not ended by NUL */
    size_t size, capacity;
    bool comma; /* another value came before at this level */
    bool failed;
} JsonWriter;

void json_write_begin(JsonWriter *writer, const char *key, char bracket);
void json_write_end(JsonWriter *writer, char bracket);

void json_write_string(JsonWriter *writer, const char *key, const char *value); /* NULL: nothing */
void json_write_int64(JsonWriter *writer, const char *key, int64_t value);
void json_write_bool(JsonWriter *writer, const char *key, bool value);

void json_write_value(JsonWriter *writer, const char *key, json_object *value);
void json_write_raw(JsonWriter *writer, const char *key,
                    const char *value); /* JSON; NULL: nothing */

/* The text, ended by NUL, which the caller frees; the writer is empty again. NULL: no memory. */
char *json_writer_take(JsonWriter *writer, size_t *ret_size);
