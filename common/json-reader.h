/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the reader of common/json.h: where it is in the text, and what it needs memory for.
 * Functions expect the reader before the first byte of what they read and leave it after the last;
 * they return 0, -EBADMSG or -ENOMEM. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

typedef struct JsonReader {
    const char *at;
    const char *end;
    unsigned depth_left;
    size_t work_left; /* see json_read_within() */
    bool lenient;     /* see json_read_leniently() */
    /* A stack of texts that json-c wants ended by NUL or without escapes: the member names of the
     * objects around, and on top the string or number just read. As each is at most as long as its
     * source, and a name's quotes leave room for its NUL, the size of the document and one byte
     * more is enough for all. A lenient reader writes three bytes for one that is not UTF-8. */
    char *stack;
    size_t stack_size;
    size_t stack_used;
} JsonReader;

static inline bool json_reader_skip(JsonReader *reader, char byte)
{
    if (reader->at == reader->end || *reader->at != byte)
        return false;
    reader->at++;
    return true;
}

/* -EBADMSG: so much is more than is left. */
int json_reader_spend(JsonReader *reader, size_t work);

/* Makes the stack, where it was not needed before. */
int json_reader_reserve_stack(JsonReader *reader);

/* The text of a string without its quotes: where it is in the document, or on top of the stack
 * where it has escapes. The stack does not grow: what is put there next writes over it. */
int json_reader_read_text(JsonReader *reader, const char **ret, size_t *ret_size);
