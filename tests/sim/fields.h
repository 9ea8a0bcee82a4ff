/* SPDX-License-Identifier: Apache-2.0 */
/* Declarations of the simulator (imports, faults, accounts, settings): a JSON object read into a
 * struct by a table of its members, each with its type, so that all of them are checked and
 * explained alike. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

typedef struct Range {
    int64_t from, to;
} Range;

typedef enum FieldType {
    FIELD_STRING,  /* char *, owned */
    FIELD_BOOL,    /* bool */
    FIELD_COUNT,   /* uint64_t: an integer from 0 */
    FIELD_SECONDS, /* double: an integer or a fraction, negative too */
    FIELD_RANGE,   /* Range: an integer, or the text "FROM..TO" */
    FIELD_NAMES,   /* char *, owned: the text "A+B", or an array of strings */
    FIELD_OBJECT,  /* json_object *, a reference */
} FieldType;

typedef struct Field {
    const char *name;
    FieldType type;
    size_t offset; /* in the struct */
} Field;

/* Reads every member of the object, null like absent: a struct filled with defaults beforehand
 * keeps those of the members left out. 0; -EINVAL and an owned sentence (what was read before
 * stays); -ENOMEM. */
int fields_read(json_object *object, const Field *fields, size_t n_fields, void *ret_struct,
                char **ret_error);

/* Frees what the struct's fields own. */
void fields_clear(const Field *fields, size_t n_fields, void *structure);

/* Sets a string field to a copy of value. 0 or -ENOMEM. */
int fields_set_string(char **field, const char *value);

/* True: the name is one of a FIELD_NAMES. */
bool fields_names_have(const char *names, const char *name);

/* "name=value,name=value" as the object that it abbreviates. A value that looks like a number is
 * one. 0; -EINVAL and an owned sentence; -ENOMEM. */
int fields_from_text(const char *text, json_object **ret, char **ret_error);
