/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/sim/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/json.h"
#include "common/memory.h"

int fields_set_string(char **field, const char *value)
{
    char *copy = strdup(value);
    if (!copy)
        return -ENOMEM;
    free(*field);
    *field = copy;
    return 0;
}

static int read_string(json_object *value, char **field)
{
    const char *text;

    if (!json_object_is_type(value, json_type_string))
        return -EINVAL;
    text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value))
        return -EINVAL;
    return fields_set_string(field, text);
}

static int read_bool(json_object *value, bool *field)
{
    if (!json_object_is_type(value, json_type_boolean))
        return -EINVAL;
    *field = json_object_get_boolean(value);
    return 0;
}

static int read_count(json_object *value, uint64_t *field)
{
    if (!json_object_is_type(value, json_type_int) || json_object_get_int64(value) < 0)
        return -EINVAL;
    *field = json_object_get_uint64(value);
    return 0;
}

static int read_seconds(json_object *value, double *field)
{
    if (!json_object_is_type(value, json_type_int) && !json_object_is_type(value, json_type_double))
        return -EINVAL;
    *field = json_object_get_double(value);
    return 0;
}

static int read_range(json_object *value, Range *field)
{
    Range range;
    int end = -1;
    const char *text;

    if (json_object_is_type(value, json_type_int)) {
        field->from = field->to = json_object_get_int64(value);
        return 0;
    }
    if (!json_object_is_type(value, json_type_string))
        return -EINVAL;
    text = json_object_get_string(value);
    if (sscanf(text, "%" SCNd64 "..%" SCNd64 "%n", &range.from, &range.to, &end) != 2 || end < 0 ||
        text[end])
        return -EINVAL;
    *field = range;
    return 0;
}

static int read_names(json_object *value, char **field)
{
    CLEANUP(freep) char *joined = NULL;
    size_t size;
    FILE *out;
    bool valid;

    if (!json_object_is_type(value, json_type_array))
        return read_string(value, field);
    out = open_memstream(&joined, &size);
    if (!out)
        return -ENOMEM;
    valid = true;
    for (size_t i = 0; i < json_object_array_length(value); i++) {
        json_object *name = json_object_array_get_idx(value, i);
        valid &= json_object_is_type(name, json_type_string);
        fprintf(out, "%s%s", i > 0 ? "+" : "", valid ? json_object_get_string(name) : "");
    }
    if (fclose(out) != 0)
        return -ENOMEM;
    if (!valid)
        return -EINVAL;
    free(*field);
    *field = TAKE(joined);
    return 0;
}

bool fields_names_have(const char *names, const char *name)
{
    size_t length = strlen(name);

    for (const char *at = names; *at; at += strcspn(at, "+"), at += *at == '+')
        if (strcspn(at, "+") == length && strncmp(at, name, length) == 0)
            return true;
    return false;
}

static int read_object(json_object *value, json_object **field)
{
    if (!json_object_is_type(value, json_type_object))
        return -EINVAL;
    json_object_put(*field);
    *field = json_object_get(value);
    return 0;
}

static int read_field(json_object *value, FieldType type, void *field)
{
    switch (type) {
    case FIELD_STRING:
        return read_string(value, field);
    case FIELD_BOOL:
        return read_bool(value, field);
    case FIELD_COUNT:
        return read_count(value, field);
    case FIELD_SECONDS:
        return read_seconds(value, field);
    case FIELD_RANGE:
        return read_range(value, field);
    case FIELD_NAMES:
        return read_names(value, field);
    case FIELD_OBJECT:
        return read_object(value, field);
    }
    return -EINVAL;
}

static const char *type_description(FieldType type)
{
    switch (type) {
    case FIELD_STRING:
        return "a string";
    case FIELD_BOOL:
        return "true or false";
    case FIELD_COUNT:
        return "an integer, 0 or more";
    case FIELD_SECONDS:
        return "a number";
    case FIELD_RANGE:
        return "an integer or FROM..TO";
    case FIELD_NAMES:
        return "names: A+B, or an array of strings";
    case FIELD_OBJECT:
        break;
    }
    return "an object";
}

static const Field *find_field(const Field *fields, size_t n_fields, const char *name)
{
    for (size_t i = 0; i < n_fields; i++)
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    return NULL;
}

int fields_read(json_object *object, const Field *fields, size_t n_fields, void *ret_struct,
                char **ret_error)
{
    struct json_object_iter member;

    if (!json_object_is_type(object, json_type_object))
        return explain(ret_error, -EINVAL, "expected an object");

    json_object_object_foreachC (object, member) {
        const Field *field = find_field(fields, n_fields, member.key);
        int r;

        if (!field)
            return explain(ret_error, -EINVAL, "there is no member '%s' here", member.key);
        if (!member.val)
            continue;
        r = read_field(member.val, field->type, (char *)ret_struct + field->offset);
        if (r == -EINVAL)
            return explain(ret_error, r, "'%s' must be %s", member.key,
                           type_description(field->type));
        if (r < 0)
            return r;
    }
    return 0;
}

void fields_clear(const Field *fields, size_t n_fields, void *structure)
{
    for (size_t i = 0; i < n_fields; i++) {
        void *field = (char *)structure + fields[i].offset;
        if (fields[i].type == FIELD_STRING || fields[i].type == FIELD_NAMES)
            free(*(char **)field);
        else if (fields[i].type == FIELD_OBJECT)
            json_object_put(*(json_object **)field);
    }
}

static json_object *value_from_text(const char *text)
{
    char *end;

    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return json_object_new_boolean(*text == 't');
    if (*text && text[strspn(text, "+-0123456789")] == '\0') {
        int64_t integer;

        errno = 0;
        integer = strtoll(text, &end, 10);
        if (errno == 0 && *end == '\0')
            return json_object_new_int64(integer);
    } else if (*text && text[strspn(text, "+-.0123456789")] == '\0') {
        double number = strtod(text, &end);
        if (*end == '\0')
            return json_object_new_double(number);
    }
    return json_object_new_string(text);
}

int fields_from_text(const char *text, json_object **ret, char **ret_error)
{
    CLEANUP(json_object_putp) json_object *object = json_object_new_object();
    CLEANUP(freep) char *copy = strdup(text);
    char *rest;

    if (!object || !copy)
        return -ENOMEM;
    for (char *part = strtok_r(copy, ",", &rest); part; part = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(part, '=');
        int r;

        if (!equals)
            return explain(ret_error, -EINVAL, "expected name=value, found '%s'", part);
        *equals = '\0';
        if (json_object_object_get_ex(object, part, NULL))
            return explain(ret_error, -EINVAL, "'%s' is there twice", part);
        r = json_add(object, part, value_from_text(equals + 1));
        if (r < 0)
            return r;
    }
    *ret = TAKE(object);
    return 0;
}
