/* SPDX-License-Identifier: Apache-2.0 */
/* JSON (RFC 8259), read strictly and typed exactly, into and out of json-c's objects.
 *
 * json-c's own parser lets through what RFC 8259 forbids (single quotes, NaN, lone surrogates,
 * control characters, the last of two members of one name) and its getters convert between types;
 * these functions do neither.
 *
 * Errors: negative errno. Strings handed out belong to the object and live as long as it does. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <json-c/json.h>

#include "common/memory.h"

/* Reads exactly one document; the document "null" is a NULL object. Refused with -EBADMSG: text
 * that is not an RFC 8259 document or not UTF-8, an object that names a member twice or by a name
 * with an embedded NUL (json-c cannot hold it), a lone surrogate, nesting deeper than max_depth
 * (the outermost object or array is the first level). -ENOMEM when memory runs out. Of a document
 * that is refused no string is left in memory.
 *
 * An integer beyond int64_t becomes a double, and a number beyond double an infinite one: no getter
 * for integers takes it. */
int json_read(const char *text, size_t size, unsigned max_depth, json_object **ret);

/* The same, for so much work; a document that takes more is refused with -EBADMSG as soon as that
 * shows. "{}," takes three bytes, and becomes two hundred times as much memory in a hundred times
 * the time that three bytes of a text take. So a value counts for one, an object or array for seven
 * more, a member's name for three and each 32 bytes of text for one, 16 where there are escapes.
 * All of JSON_WORK_MAX is a few milliseconds and megabytes; the longest page that AWS sends has
 * less than half of it. */
#define JSON_WORK_MAX 98304U
int json_read_within(const char *text, size_t size, unsigned max_depth, size_t max_work,
                     json_object **ret);

/* The same for what others write and we have to live with. What json_read() refuses does not spoil
 * the rest: a byte-order mark at the start is skipped; the last of two members of a name counts; a
 * lone surrogate, and a byte that is not UTF-8, becomes U+FFFD; a control character in a string
 * stands for itself; a member whose name has an embedded NUL is left out, and what nests deeper
 * than max_depth reads as null. Not more than JSON_WORK_MAX is done for it. */
int json_read_leniently(const char *text, size_t size, unsigned max_depth, json_object **ret);

/* Wipes the strings of a value and puts it: for one that holds secrets and has no other owner.
 * Takes NULL. */
void json_wipe(json_object *value);
DEFINE_CLEANUP(json_object, json_wipe)

/* The text of a string; NULL: another type, or one with an embedded NUL, which would end early in
 * everything that is to come. */
const char *json_string(json_object *value);

/* One member of an object, by its exact type. 1: there, and stored; 0: absent or null, nothing
 * stored; -EINVAL: there, but of another type. json_get_string() also refuses a string with an
 * embedded NUL. */
int json_get_string(json_object *object, const char *key, const char **ret);
int json_get_int64(json_object *object, const char *key, int64_t *ret);
int json_get_bool(json_object *object, const char *key, bool *ret);
int json_get_object(json_object *object, const char *key, json_object **ret);
int json_get_array(json_object *object, const char *key, json_object **ret);

/* Adds a member. 0 or -ENOMEM. json_add() takes ownership of value, also on failure, and treats a
 * NULL value as memory that ran out, so that json_add(o, k, json_object_new_...()) needs no check
 * of its own. json_add_string() with a NULL value adds nothing: a member that is not known is left
 * out. */
int json_add(json_object *object, const char *key, json_object *value);
int json_add_string(json_object *object, const char *key, const char *value);
int json_add_int64(json_object *object, const char *key, int64_t value);
int json_add_bool(json_object *object, const char *key, bool value);

/* Adds an element at the end of an array; value as json_add() takes it. 0 or -ENOMEM. */
int json_append(json_object *array, json_object *value);

/* The document as one line of text without white space; belongs to the object. NULL: no memory. */
const char *json_text(json_object *object, size_t *ret_size);

/* The same as a line for terminals as well: what is deceptive by utf8.h stands there as an escape.
 * 0 or -ENOMEM; whether it could be written, the file knows. */
int json_print(json_object *object, FILE *file);
