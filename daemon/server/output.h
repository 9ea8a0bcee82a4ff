/* SPDX-License-Identifier: Apache-2.0 */
/* What one client is to read: replies in the order of its calls.
 *
 * A client that does not read is sent no more once `high` bytes lie here: whoever makes
 * replies asks output_has_room() first. One that is gone takes everything and keeps nothing, so
 * that what it asked for is carried out to the end like any other call. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

struct evbuffer;

typedef struct Output Output;

/* The descriptor is borrowed. high: bytes, 64 KiB at most. */
int output_new(int fd, size_t high, Output **ret);
void output_free(Output *output); /* takes NULL */

/* Adds a message. 0 or -ENOMEM, after which the output is as it was. */
int output_add(Output *output, json_object *message);

/* Adds a piece of a message, of whose last piece a NUL is the end. Likewise. */
int output_add_text(Output *output, const char *text, size_t size);

/* Adds so many bytes of what others hold, which are taken out of there. Likewise. */
int output_move(Output *output, struct evbuffer *from, size_t size);

/* Whether the client has read enough to be sent more. */
bool output_has_room(const Output *output);

/* Writes what the client takes now; notes where it is gone. */
void output_write(Output *output);

size_t output_size(const Output *output);
bool output_is_empty(const Output *output);

/* Nobody reads this any more; what is there is dropped. */
void output_close(Output *output);
bool output_is_closed(const Output *output);
