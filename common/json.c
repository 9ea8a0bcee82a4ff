/* SPDX-License-Identifier: Apache-2.0 */
#include "common/json.h"

#include <errno.h>
#include <string.h>

#include "common/utf8.h"

/* json-c frees what it holds as it is. */
static void wipe_strings(json_object *value)
{
    if (json_object_is_type(value, json_type_object)) {
        json_object_object_foreach (value, name, member) {
            (void)name;
            wipe_strings(member);
        }
    } else if (json_object_is_type(value, json_type_array)) {
        for (size_t i = 0; i < json_object_array_length(value); i++)
            wipe_strings(json_object_array_get_idx(value, i));
    } else if (json_object_is_type(value, json_type_string)) {
        /* The text is the object's own copy; const keeps its users from changing it. */
        union {
            const char *shown;
            char *owned;
        } text = {.shown = json_object_get_string(value)};

        explicit_bzero(text.owned, (size_t)json_object_get_string_len(value));
    }
}

void json_wipe(json_object *value)
{
    wipe_strings(value);
    json_object_put(value);
}

const char *json_string(json_object *value)
{
    const char *text;

    if (!json_object_is_type(value, json_type_string))
        return NULL;
    text = json_object_get_string(value);
    return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

int json_get_string(json_object *object, const char *key, const char **ret)
{
    json_object *value;
    const char *text;

    if (!json_object_object_get_ex(object, key, &value) || !value)
        return 0;
    text = json_string(value);
    if (!text)
        return -EINVAL;
    *ret = text;
    return 1;
}

int json_get_int64(json_object *object, const char *key, int64_t *ret)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value) || !value)
        return 0;
    if (!json_object_is_type(value, json_type_int))
        return -EINVAL;
    *ret = json_object_get_int64(value);
    return 1;
}

int json_get_bool(json_object *object, const char *key, bool *ret)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value) || !value)
        return 0;
    if (!json_object_is_type(value, json_type_boolean))
        return -EINVAL;
    *ret = json_object_get_boolean(value);
    return 1;
}

static int get_container(json_object *object, const char *key, json_type type, json_object **ret)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value) || !value)
        return 0;
    if (!json_object_is_type(value, type))
        return -EINVAL;
    *ret = value;
    return 1;
}

int json_get_object(json_object *object, const char *key, json_object **ret)
{
    return get_container(object, key, json_type_object, ret);
}

int json_get_array(json_object *object, const char *key, json_object **ret)
{
    return get_container(object, key, json_type_array, ret);
}

int json_add(json_object *object, const char *key, json_object *value)
{
    if (!value)
        return -ENOMEM;
    if (json_object_object_add(object, key, value) < 0) {
        json_object_put(value);
        return -ENOMEM;
    }
    return 0;
}

int json_append(json_object *array, json_object *value)
{
    if (!value || json_object_array_add(array, value) < 0) {
        json_object_put(value);
        return -ENOMEM;
    }
    return 0;
}

int json_add_string(json_object *object, const char *key, const char *value)
{
    return value ? json_add(object, key, json_object_new_string(value)) : 0;
}

int json_add_int64(json_object *object, const char *key, int64_t value)
{
    return json_add(object, key, json_object_new_int64(value));
}

int json_add_bool(json_object *object, const char *key, bool value)
{
    return json_add(object, key, json_object_new_boolean(value));
}

const char *json_text(json_object *object, size_t *ret_size)
{
    const char *text;

    errno = 0; /* json-c leaves out what its buffer has no memory for, and says nothing else */
    text = json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, ret_size);
    return errno == ENOMEM ? NULL : text;
}

int json_print(json_object *object, FILE *file)
{
    size_t left;
    const char *text = json_text(object, &left);

    if (!text)
        return -ENOMEM;
    /* json-c escapes no more than it must. What is deceptive can only be inside a string. */
    while (left > 0) {
        size_t size = utf8_character_size(text, left);
        uint32_t code_point = size > 0 ? utf8_decode(text, size) : (unsigned char)*text;

        if (size == 0)
            size = 1;
        if (utf8_is_deceptive(code_point))
            fprintf(file, "\\u%04x", code_point);
        else
            fwrite(text, 1, size, file);
        text += size;
        left -= size;
    }
    fputc('\n', file);
    return 0;
}
