/* SPDX-License-Identifier: Apache-2.0 */
/* The value of an option: read from text, checked, stored, shown as JSON.
 *
 * Values live in an `object`, a Config or one of its sections, which owns the strings and lists
 * among them. An object begins with all bytes zero; option_set_default() for each of its options
 * puts sense into it, and option_clear() for each ends it. */
#pragma once

#include <json-c/json.h>

#include "daemon/config/options.h"

/* Stores a value as it is written in a file. An empty one unsets where the option may be
 * unset, and makes an empty list; else it is an error. 0; -EINVAL and an owned sentence, -ENOMEM:
 * the value is then what it was. */
int option_set(const Option *option, void *object, const char *text, char **ret_error);

/* 0 or -ENOMEM. */
int option_set_default(const Option *option, void *object);

/* Leaves it unset. */
void option_clear(const Option *option, void *object);

/* Times in seconds and sizes in bytes, as numbers. 1 and a value that the caller owns; 0: unset;
 * -ENOMEM. */
int option_to_json(const Option *option, const void *object, json_object **ret);
