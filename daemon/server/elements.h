/* SPDX-License-Identifier: Apache-2.0 */
/* The elements of an array as text, for a reply that is made piece by piece and lies here until it
 * is sent, piece by piece as well: see call_list_elements(). As text a long list costs a tenth of
 * what it costs as JSON objects, and is forgotten at once. */
#pragma once

#include <stddef.h>

struct evbuffer;

typedef struct Elements {
    struct evbuffer *text; /* with commas between them; NULL: none so far */
} Elements;

void elements_clear(Elements *elements); /* takes an empty one */

/* NULL: memory ran out. 0 or -ENOMEM. */
int elements_add(Elements *elements, const char *element);
