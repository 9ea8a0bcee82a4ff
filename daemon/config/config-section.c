/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/config-section.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/explain.h"
#include "common/memory.h"
#include "daemon/config/config.h"
#include "daemon/config/option-value.h"

int config_section_begin(ConfigSection *section, const char *kind, const char *name,
                         const char *file, unsigned line)
{
    int r;

    *section = (ConfigSection){
        .kind = kind,
        .name = strdup(name),
        .file = file,
        .line = line,
        .origins = calloc(N_OPTIONS, sizeof(*section->origins)),
    };
    r = section->name && section->origins ? 0 : -ENOMEM;
    for (size_t i = 0; r >= 0 && i < N_OPTIONS; i++)
        if (option_is_of(&options[i], kind))
            r = option_set_default(&options[i], section);
    return r;
}

void config_section_end(ConfigSection *section)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (option_is_of(&options[i], section->kind))
            option_clear(&options[i], section);
    free(section->origins);
    free(section->name);
}

void config_section_forget_origins(ConfigSection *section)
{
    free(TAKE(section->origins));
}

/* NULL: it is set nowhere, or all has been read. */
static const ConfigOrigin *find_origin(const ConfigSection *section, const char *key)
{
    const ConfigOrigin *origin;

    if (!key || !section->origins)
        return NULL;
    origin = &section->origins[option_find(section->kind, key) - options];
    return origin->order > 0 ? origin : NULL;
}

void config_section_find_line(const ConfigSection *section, const char *key, const char **ret_file,
                              unsigned *ret_line)
{
    const ConfigOrigin *origin = find_origin(section, key);

    *ret_file = origin ? origin->file : section->file;
    *ret_line = origin ? origin->line : section->line;
}

int config_section_blame_line(const ConfigSection *section, const char *file, unsigned line,
                              const char *cause, char **ret_error)
{
    return file ? explain(ret_error, -EINVAL, "%s:%u: %s %s: %s", file, line, section->kind,
                          section->name, cause)
                : explain(ret_error, -EINVAL, "%s %s: %s", section->kind, section->name, cause);
}

int config_section_blame(const ConfigSection *section, const char *key, const char *cause,
                         char **ret_error)
{
    const char *file;
    unsigned line;

    config_section_find_line(section, key, &file, &line);
    return config_section_blame_line(section, file, line, cause, ret_error);
}

int config_section_check_targets(const ConfigSection *section, const Config *config,
                                 char *const *targets, char **ret_error)
{
    if (!targets[0])
        return config_section_blame(section, "targets", "targets has no name in it", ret_error);
    for (char *const *name = targets; *name; name++) {
        CLEANUP(freep) char *cause = NULL;

        if (strcmp(*name, CONFIG_ALL_TARGETS) == 0 || config_find_target(config, *name))
            continue;
        if (explain(&cause, -EINVAL, "there is no target \"%.64s\"", *name) == -ENOMEM)
            return -ENOMEM;
        return config_section_blame(section, "targets", cause, ret_error);
    }
    return 0;
}
