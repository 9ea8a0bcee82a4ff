/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/credentials/profile-section.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

static int compare_keys(const void *a, const void *b)
{
    const SectionKey *left = a, *right = b;

    if (left->kind != right->kind)
        return left->kind < right->kind ? -1 : 1;
    return strcmp(left->name, right->name);
}

static void section_free(Section *section)
{
    section_clear_properties(section, NULL);
    free(section->name);
    free(section);
}

void sections_clear(Sections *sections)
{
    while (sections->by_key) {
        Section *section = *(Section **)sections->by_key;

        tdelete(&section->key, &sections->by_key, compare_keys);
        section_free(section);
    }
    sections->n = 0;
}

Section *sections_find(const Sections *sections, SectionKind kind, const char *name)
{
    const SectionKey key = {kind, name};
    Section **found = tfind(&key, &sections->by_key, compare_keys);

    return found ? *found : NULL;
}

int sections_add(Sections *sections, SectionKind kind, const char *name, Section **ret)
{
    Section *section = calloc(1, sizeof(*section));

    if (!section)
        return -ENOMEM;
    section->name = strdup(name);
    section->key = (SectionKey){kind, section->name};
    if (!section->name || !tsearch(&section->key, &sections->by_key, compare_keys)) {
        section_free(section);
        return -ENOMEM;
    }
    sections->n++;
    *ret = section;
    return 0;
}

Property *section_find_property(const Section *section, const char *key)
{
    for (Property *property = section->properties; property; property = property->next)
        if (strcmp(property->key, key) == 0)
            return property;
    return NULL;
}

int section_add_property(Section *section, char *key, Property **ret)
{
    Property *property = calloc(1, sizeof(*property));

    if (!property)
        return -ENOMEM;
    property->key = key;
    property->next = section->properties;
    section->properties = property;
    section->n_properties++;
    *ret = property;
    return 0;
}

static void property_free(Property *property)
{
    free(property->key);
    secret_text_clear(&property->value);
    free(property);
}

void section_clear_properties(Section *section, const char *outer)
{
    Property **list = &section->properties;
    size_t length = outer ? strlen(outer) : 0;

    while (*list) {
        Property *property = *list;
        if (outer && !(property->nested && strncmp(property->key, outer, length) == 0 &&
                       property->key[length] == '.')) {
            list = &property->next;
            continue;
        }
        *list = property->next;
        section->n_properties--;
        property_free(property);
    }
}
