/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/guard-config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/aws/import-operations.h"

_Static_assert(SERVICE_CLOUDTRAIL == 0 && SERVICE_LOGS == 1 && N_IMPORT_SERVICES == 2,
               "the words of service in options.def stand in this order");

/* Longer than any source is; a pattern costs its length times that of the source. */
#define SOURCE_MAX 2048U

/* What narrows a guard down, and the one service whose imports have it; -1: all. */
static const struct {
    const char *key;
    int service;
} filters[] = {
    {"older-than", -1},
    {"min-failed-entries", SERVICE_CLOUDTRAIL},
    {"min-events", SERVICE_CLOUDTRAIL},
    {"min-bytes", SERVICE_LOGS},
    {"source", -1},
    {"destination", -1},
};

static bool is_set(const GuardConfig *guard, const char *key)
{
    const Option *option = option_find(OPTION_GUARD_SECTION, key);
    const char *member = (const char *)guard + option->offset;

    switch (option->type) {
    case OPTION_STRING:
        return *(char *const *)member != NULL;
    case OPTION_SIZE:
        return *(const size_t *)member > 0;
    default:
        return *(const uint64_t *)member > 0;
    }
}

static int check_filters(const GuardConfig *guard, char **ret_error)
{
    bool any = false;

    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        CLEANUP(freep) char *cause = NULL;

        if (!is_set(guard, filters[i].key))
            continue;
        any = true;
        if (filters[i].service < 0 || filters[i].service == (int)guard->service)
            continue;
        if (explain(&cause, -EINVAL, "imports of service %s have no %s",
                    import_service_name(guard->service), filters[i].key) == -ENOMEM)
            return -ENOMEM;
        return config_section_blame(&guard->section, filters[i].key, cause, ret_error);
    }
    return any ? 0
               : config_section_blame(
                     &guard->section, NULL,
                     "one of older-than, min-failed-entries, min-events, min-bytes, source and "
                     "destination has to be set",
                     ret_error);
}

static int check_texts(const GuardConfig *guard, char **ret_error)
{
    if (guard->source && strlen(guard->source) > SOURCE_MAX)
        return config_section_blame(&guard->section, "source", "source is longer than 2048 bytes",
                                    ret_error);
    if (guard->destination && !import_destination_is_valid(guard->destination))
        return config_section_blame(&guard->section, "destination", "destination is not an ARN",
                                    ret_error);
    return 0;
}

int guard_configs_check(const Config *config, char **ret_error)
{
    int r = 0;

    for (size_t i = 0; r >= 0 && i < config->n_guards; i++) {
        GuardConfig *guard = config->guards[i];

        if ((r = config_section_check_targets(&guard->section, config, guard->targets,
                                              ret_error)) >= 0 &&
            (r = check_filters(guard, ret_error)) >= 0)
            r = check_texts(guard, ret_error);
    }
    return r;
}
