/* SPDX-License-Identifier: Apache-2.0 */
/* Commands that are one call: made, answered, printed. */
#pragma once

#include <stdbool.h>

#include <json-c/json.h>

#include "client/options.h"

/* Takes the parameters of a reply that is not an error. Returns 0 or a negative errno, -EBADMSG
 * where they do not match the interface. */
typedef int (*CallHandler)(const Options *options, json_object *parameters, void *userdata);

/* Takes ownership of parameters (NULL: memory ran out). With more, the handler is called for each
 * reply; it may be NULL. With --json they are printed here. Returns the exit status, after any
 * message. */
int call_run(const Options *options, const char *method, json_object *parameters, bool more,
             CallHandler handler, void *userdata);

/* The same for handlers that print, and so are not called with --json or --quiet. */
int call_print(const Options *options, const char *method, json_object *parameters, bool more,
               CallHandler handler, void *userdata);

/* A parameter of a call; one whose value is NULL is left out. */
typedef struct CallString {
    const char *key, *value;
} CallString;

/* Parameters of a call, of a list that ends with a NULL key. NULL: no memory. */
json_object *call_parameters(const CallString *strings);

/* The one target of a command that takes at most one, or NULL. */
const char *call_target(const Options *options);
