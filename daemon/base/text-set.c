/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/text-set.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define FIRST_SLOTS 64U  /* a power of two, as all that follow */
#define FIRST_TEXT 1024U /* bytes */
#define SIZE_MAX_TEXT ((size_t)UINT32_MAX)

typedef struct Entry {
    uint32_t offset; /* of its text */
    uint32_t hash;
} Entry;

struct TextSet {
    uint32_t seed; /* so that nobody can choose texts that meet in one slot */
    char *text;    /* one after the other, each with its NUL */
    size_t text_size, text_room;
    Entry *entries;  /* room for half as many as there are slots */
    uint32_t *slots; /* number of an entry, from 1 on; 0: free */
    uint32_t n_entries, n_slots;
};

int text_set_new(TextSet **ret)
{
    CLEANUP(text_set_freep) TextSet *set = calloc(1, sizeof(*set));

    if (!set)
        return -ENOMEM;
    if (getrandom(&set->seed, sizeof(set->seed), GRND_NONBLOCK) < 0)
        set->seed = (uint32_t)(uintptr_t)set; /* where there is no randomness yet */
    *ret = TAKE(set);
    return 0;
}

void text_set_free(TextSet *set)
{
    if (!set)
        return;
    free(set->text);
    free(set->entries);
    free(set->slots);
    free(set);
}

/* FNV-1a (Fowler, Noll, Vo), with the seed in its basis. */
static uint32_t hash_text(const TextSet *set, const char *text)
{
    uint64_t hash = 0xcbf29ce484222325U ^ ((uint64_t)set->seed << 16);

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3U;
    return (uint32_t)(hash ^ (hash >> 32));
}

/* The slot of the text, or the free one where it belongs. */
static uint32_t *find_slot(const TextSet *set, const char *text, uint32_t hash)
{
    uint32_t i = hash & (set->n_slots - 1);

    assert(set->n_entries < set->n_slots);
    for (; set->slots[i] > 0; i = (i + 1) & (set->n_slots - 1)) {
        const Entry *entry = &set->entries[set->slots[i] - 1];

        if (entry->hash == hash && strcmp(set->text + entry->offset, text) == 0)
            break;
    }
    return &set->slots[i];
}

static int grow_slots(TextSet *set)
{
    uint32_t n = set->n_slots > 0 ? 2 * set->n_slots : FIRST_SLOTS;
    uint32_t *slots = calloc(n, sizeof(slots[0]));
    Entry *entries = realloc(set->entries, n / 2 * sizeof(entries[0]));

    if (entries)
        set->entries = entries;
    if (!slots || !entries) {
        free(slots);
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < set->n_entries; i++) {
        uint32_t slot = entries[i].hash & (n - 1);

        while (slots[slot] > 0)
            slot = (slot + 1) & (n - 1);
        slots[slot] = i + 1;
    }
    free(set->slots);
    set->slots = slots;
    set->n_slots = n;
    return 0;
}

static int grow_text(TextSet *set, size_t size)
{
    size_t room = set->text_room > 0 ? set->text_room : FIRST_TEXT;
    char *text;

    if (size > SIZE_MAX_TEXT)
        return -ENOMEM;
    while (room < size)
        room *= 2;
    text = realloc(set->text, room);
    if (!text)
        return -ENOMEM;
    set->text = text;
    set->text_room = room;
    return 0;
}

int text_set_add(TextSet *set, const char *text)
{
    uint32_t hash = hash_text(set, text), *slot;
    size_t size = strlen(text) + 1;

    if (text_set_has(set, text))
        return 0;
    if (set->n_entries == set->n_slots / 2 && grow_slots(set) < 0)
        return -ENOMEM;
    if (set->text_size + size > set->text_room && grow_text(set, set->text_size + size) < 0)
        return -ENOMEM;
    slot = find_slot(set, text, hash);
    set->entries[set->n_entries] = (Entry){(uint32_t)set->text_size, hash};
    memcpy(set->text + set->text_size, text, size);
    set->text_size += size;
    *slot = ++set->n_entries;
    return 1;
}

bool text_set_has(const TextSet *set, const char *text)
{
    return set->n_entries > 0 && *find_slot(set, text, hash_text(set, text)) > 0;
}

size_t text_set_find(const TextSet *set, const char *text)
{
    assert(text_set_has(set, text));
    return *find_slot(set, text, hash_text(set, text)) - 1;
}

size_t text_set_count(const TextSet *set)
{
    return set->n_entries;
}

size_t text_set_size(const TextSet *set)
{
    return sizeof(*set) + set->text_room + set->n_slots * sizeof(set->slots[0]) +
           set->n_slots / 2 * sizeof(set->entries[0]);
}

const char *text_set_get(const TextSet *set, size_t i)
{
    assert(i < set->n_entries);
    return set->text + set->entries[i].offset;
}
