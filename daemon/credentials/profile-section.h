/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the shared files and what is in them, found by name: there may be one for each of
 * thousands of accounts, and many look-ups for each. Part of profile.h. */
#pragma once

#include <stdbool.h>

#include "daemon/base/secret-text.h"

typedef struct Property {
    struct Property *next;
    char *key;
    SecretText value;
    const char *file; /* borrowed */
    unsigned line;
    bool nested; /* "outer.inner" of a line below outer */
} Property;

typedef enum SectionKind { SECTION_PROFILE, SECTION_SERVICES } SectionKind;

typedef struct SectionKey {
    SectionKind kind;
    const char *name;
} SectionKey;

typedef struct Section {
    SectionKey key; /* first: what it is found by */
    char *name;
    const char *file; /* where it first begins: borrowed, and the line */
    unsigned line;
    bool prefixed; /* [profile default], which bars [default] */
    Property *properties;
    unsigned n_properties;
} Section;

/* Begins all zero. */
typedef struct Sections {
    void *by_key; /* tsearch(3) tree of Section.key */
    unsigned n;
} Sections;

void sections_clear(Sections *sections); /* frees them all */
Section *sections_find(const Sections *sections, SectionKind kind, const char *name); /* or NULL */

/* One of a name that is not there yet. 0 or -ENOMEM. */
int sections_add(Sections *sections, SectionKind kind, const char *name, Section **ret);

Property *section_find_property(const Section *section, const char *key); /* or NULL */

/* One of a key that is not there yet, which is taken over on success. 0 or -ENOMEM. */
int section_add_property(Section *section, char *key, Property **ret);

/* outer NULL: all of them, else those nested below that key. */
void section_clear_properties(Section *section, const char *outer);
