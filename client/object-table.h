/* SPDX-License-Identifier: Apache-2.0 */
/* An array of JSON objects as a table: each column shows one member of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <json-c/json.h>

#include "client/options.h"
#include "common/import-service.h"

typedef struct ObjectColumn {
    const char *name;
    const char *member; /* a string, or an array of strings, of which the first is shown */
    bool id;            /* see TableColumn, like spare */
    unsigned spare;
} ObjectColumn;

#define OBJECT_COLUMNS_MAX 8U

/* Shows parameters[key], or where there are none the sentence empty. 0, -EBADMSG (the parameters
 * are not like that) or -ENOMEM. */
int object_table_show(json_object *parameters, const char *key, const ObjectColumn *columns,
                      size_t n_columns, const char *empty, const Options *options);

/* The columns of an Import, or of an ImportTask. */
int object_table_show_imports(json_object *parameters, const Options *options);
