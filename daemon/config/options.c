/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config/options.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "common/spelling.h"
#include "daemon/config/config.h"

#define MEMBER_TYPE_STRING char *
#define MEMBER_TYPE_PATH char *
#define MEMBER_TYPE_FILE char *
#define MEMBER_TYPE_URL char *
#define MEMBER_TYPE_QUEUE char *
#define MEMBER_TYPE_LIST char **
#define MEMBER_TYPE_LEVEL int
#define MEMBER_TYPE_CHOICE unsigned
#define MEMBER_TYPE_BOOL int
#define MEMBER_TYPE_COUNT unsigned
#define MEMBER_TYPE_NUMBER uint64_t
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

const char *const option_named_sections[N_NAMED_SECTIONS] = {
    OPTION_TARGET_SECTION, OPTION_GUARD_SECTION, OPTION_QUEUE_SECTION, OPTION_NOTIFY_SECTION};

static int compare_options(const void *a, const void *b)
{
    const Option *one = *(const Option *const *)a, *other = *(const Option *const *)b;
    int order = strcmp(one->key, other->key);

    return order != 0 ? order : strcmp(one->section, other->section);
}

/* In the order of keys, and looked up for each line of thousands of sections. */
static const Option *const *sorted_options(void)
{
    static const Option *sorted[N_OPTIONS];

    if (!sorted[0]) {
        for (size_t i = 0; i < N_OPTIONS; i++)
            sorted[i] = &options[i];
        qsort(sorted, N_OPTIONS, sizeof(sorted[0]), compare_options);
    }
    return sorted;
}

const Option *option_find(const char *section, const char *key)
{
    const Option wanted = {.section = section, .key = key}, *one = &wanted;
    const Option *const *found =
        bsearch(&one, sorted_options(), N_OPTIONS, sizeof(one), compare_options);

    return found ? *found : NULL;
}

bool option_is_of(const Option *option, const char *section)
{
    return strcmp(option->section, section) == 0;
}

bool option_is_of_named_section(const Option *option)
{
    for (size_t i = 0; i < N_NAMED_SECTIONS; i++)
        if (option_is_of(option, option_named_sections[i]))
            return true;
    return false;
}

const char *option_find_section(const char *section)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (strcmp(options[i].section, section) == 0)
            return options[i].section;
    return NULL;
}

/* Among the sections (section NULL), or among the keys of one. */
static const char *suggest(const char *section, const char *text)
{
    Spelling spelling = {.word = text};

    for (size_t i = 0; i < N_OPTIONS; i++) {
        if (!section)
            spelling_consider(&spelling, options[i].section);
        else if (strcmp(options[i].section, section) == 0)
            spelling_consider(&spelling, options[i].key);
    }
    return spelling.nearest;
}

const char *option_suggest_section(const char *text)
{
    return suggest(NULL, text);
}

const char *option_suggest_key(const char *section, const char *text)
{
    return suggest(section, text);
}
