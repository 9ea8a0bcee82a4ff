/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/options.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "common/names.h"
#include "daemon/config/config.h"

#define MEMBER_TYPE_STRING char *
#define MEMBER_TYPE_PATH char *
#define MEMBER_TYPE_URL char *
#define MEMBER_TYPE_LIST char **
#define MEMBER_TYPE_LEVEL int
#define MEMBER_TYPE_BOOL int
#define MEMBER_TYPE_COUNT unsigned
#define MEMBER_TYPE_SIZE size_t
#define MEMBER_TYPE_TIMESPAN uint64_t
#define MEMBER_TYPE_REAL double

#define OPTION(section, key, object, member, type, minimum, maximum, default_text, reloadable,     \
               help)                                                                               \
    _Static_assert(                                                                                \
        __builtin_types_compatible_p(__typeof__(((object *)NULL)->member), MEMBER_TYPE_##type),    \
        section "." key ": the member is of another type");
#include "daemon/config/options.def"
#undef OPTION

const Option options[N_OPTIONS] = {
#define OPTION(section, key, object, member, type, minimum, maximum, default_text, reloadable,     \
               help)                                                                               \
    {section, key,     OPTION_##type, offsetof(object, member),                                    \
     minimum, maximum, default_text,  reloadable},
#include "daemon/config/options.def"
#undef OPTION
};

const Option *option_find(const char *section, const char *key)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (strcmp(options[i].section, section) == 0 && strcmp(options[i].key, key) == 0)
            return &options[i];
    return NULL;
}

const char *option_find_section(const char *section)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (strcmp(options[i].section, section) == 0)
            return options[i].section;
    return NULL;
}

/* Levenshtein's distance; UINT_MAX for what is longer than any name here. */
static unsigned spelling_distance(const char *one, const char *other)
{
    enum { LENGTH_MAX = 40 };
    unsigned row[LENGTH_MAX + 1];
    size_t n = strlen(one), m = strlen(other);

    if (n > LENGTH_MAX || m > LENGTH_MAX)
        return UINT_MAX;
    for (unsigned j = 0; j <= m; j++)
        row[j] = j;
    for (unsigned i = 1; i <= n; i++) {
        unsigned diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            unsigned best = diagonal + (one[i - 1] != other[j - 1]);

            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[m];
}

/* Among the sections (section NULL), or among the keys of one. */
static const char *suggest(const char *section, const char *text)
{
    const char *nearest = NULL;
    unsigned nearest_distance = 3; /* two letters wrong are a slip, three another word */

    for (size_t i = 0; i < N_OPTIONS; i++) {
        const char *candidate = section ? options[i].key : options[i].section;
        unsigned distance;

        if (section && strcmp(options[i].section, section) != 0)
            continue;
        distance = spelling_distance(text, candidate);
        if (distance < nearest_distance) {
            nearest = candidate;
            nearest_distance = distance;
        }
    }
    return nearest;
}

const char *option_suggest_section(const char *text)
{
    return suggest(NULL, text);
}

const char *option_suggest_key(const char *section, const char *text)
{
    return suggest(section, text);
}
