/* SPDX-License-Identifier: Apache-2.0 */
/* A set of texts, in the order in which they were added: ids that lists have found, names.
 *
 * However many there are, they lie in three blocks of memory, so that a hundred thousand are
 * forgotten as fast as one. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/memory.h"

typedef struct TextSet TextSet;

int text_set_new(TextSet **ret);  /* 0 or -ENOMEM */
void text_set_free(TextSet *set); /* takes NULL */
DEFINE_CLEANUP(TextSet, text_set_free)

/* 1: added, copied; 0: it was there before; -ENOMEM: the set is as it was. */
int text_set_add(TextSet *set, const char *text);

bool text_set_has(const TextSet *set, const char *text);
size_t text_set_find(const TextSet *set, const char *text); /* its place; it has to be there */
size_t text_set_count(const TextSet *set);
size_t text_set_size(const TextSet *set);               /* bytes of memory */
const char *text_set_get(const TextSet *set, size_t i); /* borrowed until the next is added */
