#include "common/json.h"

#include <errno.h>
#include <string.h>

int json_get_string(json_object *object, const char *key, const char **ret)
{
    json_object *value;

    if (!json_object_object_get_ex(object, key, &value) || !value)
        return 0;
    if (!json_object_is_type(value, json_type_string))
        return -EINVAL;
    const char *text = json_object_get_string(value);
    if (strlen(text) != (size_t)json_object_get_string_len(value))
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
    return json_object_to_json_string_length(
        object, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE, ret_size);
}
