/* SPDX-License-Identifier: Apache-2.0 */
#include "common/import-service.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define CLOUDTRAIL_ID_LENGTH 36U

static const struct {
    const char *name, *title, *id_form;
} services[] = {
#define IMPORT_SERVICE(symbol, name, title, id_form) {name, title, id_form},
#include "common/import-services.def"
#undef IMPORT_SERVICE
};
_Static_assert(sizeof(services) / sizeof(services[0]) == N_IMPORT_SERVICES, "a row each");

const char *import_service_name(ImportService service)
{
    assert(service < N_IMPORT_SERVICES);
    return services[service].name;
}

const char *import_service_title(ImportService service)
{
    assert(service < N_IMPORT_SERVICES);
    return services[service].title;
}

const char *import_service_id_form(ImportService service)
{
    assert(service < N_IMPORT_SERVICES);
    return services[service].id_form;
}

int import_service_parse(const char *name, ImportService *ret)
{
    for (ImportService service = 0; service < N_IMPORT_SERVICES; service++)
        if (strcmp(name, services[service].name) == 0) {
            *ret = service;
            return 0;
        }
    return -EINVAL;
}

static bool is_between(char c, char first, char last)
{
    return c >= first && c <= last;
}

static int parse_cloudtrail_id(const char *text, size_t size, char *ret)
{
    char id[CLOUDTRAIL_ID_LENGTH + 1] = "";

    if (size != CLOUDTRAIL_ID_LENGTH)
        return -EINVAL;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];

        if (is_between(c, 'A', 'F'))
            c = (char)(c - 'A' + 'a');
        if (c != '-' && !is_between(c, '0', '9') && !is_between(c, 'a', 'f'))
            return -EINVAL;
        id[i] = c;
    }
    memcpy(ret, id, sizeof(id));
    return 0;
}

static int parse_logs_id(const char *text, size_t size, char *ret)
{
    if (size < 1 || size >= IMPORT_ID_SIZE)
        return -EINVAL;
    for (size_t i = 0; i < size; i++)
        if (text[i] != '-' && !is_between(text[i], '0', '9') && !is_between(text[i], 'a', 'z') &&
            !is_between(text[i], 'A', 'Z'))
            return -EINVAL;
    memcpy(ret, text, size);
    ret[size] = '\0';
    return 0;
}

int import_id_parse(ImportService service, const char *text, size_t size,
                    char ret[static IMPORT_ID_SIZE])
{
    static int (*const parsers[])(const char *text, size_t size, char *ret) = {
        [SERVICE_CLOUDTRAIL] = parse_cloudtrail_id,
        [SERVICE_LOGS] = parse_logs_id,
    };
    _Static_assert(sizeof(parsers) / sizeof(parsers[0]) == N_IMPORT_SERVICES, "one each");

    assert(service < N_IMPORT_SERVICES && parsers[service]);
    return parsers[service](text, size, ret);
}
