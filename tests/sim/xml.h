/* SPDX-License-Identifier: Apache-2.0 */
/* XML answers, of elements alone. */
#pragma once

#include <stdbool.h>

#include <event2/buffer.h>
#include <json-c/json.h>

/* Writes a document: members of objects become elements of their name, in their order; anything
 * else becomes text, except for arrays, which become nothing. False: no memory. */
bool xml_write(struct evbuffer *out, json_object *document);
