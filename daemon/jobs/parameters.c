/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/jobs/parameters.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "common/json.h"
#include "common/time.h"

#define TIMEOUT_MAX INT64_C(100000000000) /* seconds, so that its end is a time of RFC 3339 */

#define TEXT_SIZE_MAX                                                                              \
    ((size_t)(64 * 1024)) /* bytes; what is stored, logged and shown has some end */

static int read_string(json_object *value, const char **ret)
{
    const char *text = json_string(value);

    if (!text || strlen(text) > TEXT_SIZE_MAX)
        return -EINVAL;
    *ret = text;
    return 0;
}

static int read_int(json_object *value, int64_t minimum, int64_t maximum, int64_t *ret)
{
    int64_t number;

    if (!json_object_is_type(value, json_type_int))
        return -EINVAL;
    number = json_object_get_int64(value);
    if (number < minimum || number > maximum)
        return -EINVAL;
    *ret = number;
    return 0;
}

int parameter_read_destination(json_object *value, Parameters *parameters)
{
    const char *text;
    int r = read_string(value, &text);

    if (r < 0)
        return r;
    if (!import_destination_is_valid(text))
        return -EINVAL;
    parameters->destination = text;
    return 0;
}

int parameter_read_status(json_object *value, Parameters *parameters)
{
    return read_string(value, &parameters->status);
}

int parameter_read_id(json_object *value, Parameters *parameters)
{
    return read_string(value, &parameters->id);
}

int parameter_read_interface(json_object *value, Parameters *parameters)
{
    return read_string(value, &parameters->interface);
}

int parameter_read_reason(json_object *value, Parameters *parameters)
{
    return read_string(value, &parameters->reason);
}

int parameter_read_target(json_object *value, Parameters *parameters)
{
    return read_string(value, &parameters->target);
}

int parameter_read_import_id(json_object *value, Parameters *parameters)
{
    if (!json_object_is_type(value, json_type_string))
        return -EINVAL;
    parameters->import_id_text = value;
    return 0;
}

static int parse_import_id(Parameters *parameters)
{
    json_object *text = parameters->import_id_text;

    if (!text)
        return 0;
    return import_id_parse(parameters->service, json_object_get_string(text),
                           (size_t)json_object_get_string_len(text), parameters->import_id);
}

int parameter_read_service(json_object *value, Parameters *parameters)
{
    const char *name;
    int r = read_string(value, &name);

    if (r < 0)
        return r;
    parameters->has_service = true;
    return import_service_parse(name, &parameters->service);
}

int parameter_read_state(json_object *value, Parameters *parameters)
{
    const char *name;
    int r = read_string(value, &name);

    if (r < 0)
        return r;
    parameters->has_state = true;
    return job_state_parse(name, &parameters->state);
}

int parameter_read_timeout(json_object *value, Parameters *parameters)
{
    parameters->has_timeout = true;
    return read_int(value, 0, TIMEOUT_MAX, &parameters->timeout);
}

int parameter_read_level(json_object *value, Parameters *parameters)
{
    return read_int(value, LOG_EMERG, LOG_DEBUG, &parameters->level);
}

int parameter_read_limit(json_object *value, Parameters *parameters)
{
    parameters->has_limit = true;
    return read_int(value, 1, INT64_MAX, &parameters->limit);
}

static int read_filter(json_object *value, Parameters *parameters, FilterNumber number)
{
    parameters->filter.given[number] = true;
    return read_int(value, 0, INT64_MAX, &parameters->filter.at_least[number]);
}

int parameter_read_older_than(json_object *value, Parameters *parameters)
{
    return read_filter(value, parameters, FILTER_OLDER_THAN);
}

int parameter_read_min_failed_entries(json_object *value, Parameters *parameters)
{
    return read_filter(value, parameters, FILTER_MIN_FAILED_ENTRIES);
}

int parameter_read_min_events(json_object *value, Parameters *parameters)
{
    return read_filter(value, parameters, FILTER_MIN_EVENTS);
}

int parameter_read_min_bytes(json_object *value, Parameters *parameters)
{
    return read_filter(value, parameters, FILTER_MIN_BYTES);
}

/* An empty pattern would be matched by what has no source alone, which nobody means. */
int parameter_read_source(json_object *value, Parameters *parameters)
{
    int r = read_string(value, &parameters->filter.source);

    if (r < 0)
        return r;
    return *parameters->filter.source && strlen(parameters->filter.source) <= FILTER_SOURCE_MAX
               ? 0
               : -EINVAL;
}

/* Of strings; one that is empty has no answer. */
static int read_strings(json_object *value, json_object **ret)
{
    size_t n;

    if (!json_object_is_type(value, json_type_array))
        return -EINVAL;
    n = json_object_array_length(value);
    for (size_t i = 0; i < n; i++)
        if (!json_string(json_object_array_get_idx(value, i)))
            return -EINVAL;
    *ret = value;
    return n > 0 ? 0 : -EINVAL;
}

int parameter_read_ids(json_object *value, Parameters *parameters)
{
    return read_strings(value, &parameters->ids);
}

int parameter_read_targets(json_object *value, Parameters *parameters)
{
    return read_strings(value, &parameters->targets);
}

static int read_bool(json_object *value, bool *ret)
{
    if (!json_object_is_type(value, json_type_boolean))
        return -EINVAL;
    *ret = json_object_get_boolean(value);
    return 0;
}

int parameter_read_dry_run(json_object *value, Parameters *parameters)
{
    return read_bool(value, &parameters->dry_run);
}

int parameter_read_active(json_object *value, Parameters *parameters)
{
    return read_bool(value, &parameters->active);
}

int parameter_read_id_prefix(json_object *value, Parameters *parameters)
{
    return read_string(value, &parameters->id_prefix);
}

int parameter_read_since(json_object *value, Parameters *parameters)
{
    const char *text;
    int r = read_string(value, &text);

    if (r >= 0)
        r = time_parse_iso8601(text, &parameters->since_usec);
    return r == -ERANGE ? 0 : r; /* before 1970: all of them, as when it is not given */
}

const ParameterSpec request_parameters[] = {
    {"importId", parameter_read_import_id, .required = true},
    {"target", parameter_read_target},
    {"service", parameter_read_service},
    {"reason", parameter_read_reason},
    {"timeout", parameter_read_timeout},
    {0},
};

static const ParameterSpec *find_spec(const ParameterSpec *specs, const char *name)
{
    for (; specs->name; specs++)
        if (strcmp(specs->name, name) == 0)
            return specs;
    return NULL;
}

int parameters_read(const ParameterSpec *specs, json_object *object, Parameters *ret,
                    const char **ret_name)
{
    Parameters parameters = {0};
    const char *misfit;

    if (object) {
        json_object_object_foreach (object, name, value) {
            const ParameterSpec *spec = find_spec(specs, name);

            if (!spec || (value && spec->read(value, &parameters) < 0)) {
                *ret_name = name;
                return -EINVAL;
            }
        }
    }
    for (const ParameterSpec *spec = specs; spec->name; spec++)
        if (spec->required && (!object || !json_object_object_get(object, spec->name))) {
            *ret_name = spec->name;
            return -EINVAL;
        }
    if (parse_import_id(&parameters) < 0) {
        *ret_name = "importId";
        return -EINVAL;
    }
    misfit = import_filter_misfit(&parameters.filter, parameters.service);
    if (misfit) {
        *ret_name = misfit;
        return -EINVAL;
    }
    *ret = parameters;
    return 0;
}
