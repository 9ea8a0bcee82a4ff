/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/base/pool.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h> /* empty macros where that sanitizer is not in the build */
#else
#define ASAN_POISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(memory, size) ((void)(memory), (void)(size))
#endif

#define SIZE_STEP 16U
#define SIZE_MAX_SHARED 256U /* what is larger has a block to itself */
/* malloc() asks the system for so much by itself, and only pages that were used are resident. */
#define BLOCK_SIZE (128U * 1024U)

/* Before the memory that is handed out. */
typedef struct Slot {
    union {
        struct Block *block; /* while it is in use */
        struct Slot *next;   /* while it is free */
    };
} Slot;
_Static_assert(sizeof(Slot) % sizeof(void *) == 0, "what follows is aligned for pointers");

typedef struct Block {
    LIST_ENTRY(Block) entry; /* among those with room */
    size_t size;             /* of the memory in a slot */
    Slot *free;              /* that were used before */
    size_t n_untouched;      /* slots, the last ones */
    size_t n_used;
} Block;

/* Those with room, by size; the last is of those that have one slot. */
static LIST_HEAD(Blocks, Block) pools[SIZE_MAX_SHARED / SIZE_STEP + 1];

static struct Blocks *pool_of(size_t size)
{
    return &pools[(size < SIZE_MAX_SHARED ? size : SIZE_MAX_SHARED) / SIZE_STEP];
}

/* size: a multiple of the step. */
static Block *block_new(size_t size)
{
    size_t slot_size = sizeof(Slot) + size;
    size_t n = size < SIZE_MAX_SHARED ? BLOCK_SIZE / slot_size : 1;
    Block *block = malloc(sizeof(*block) + n * slot_size);

    if (!block)
        return NULL;
    *block = (Block){.size = size, .n_untouched = n};
    ASAN_POISON_MEMORY_REGION(block + 1, n * slot_size);
    LIST_INSERT_HEAD(pool_of(size), block, entry);
    return block;
}

static bool block_has_room(const Block *block)
{
    return block->free || block->n_untouched > 0;
}

static Slot *block_take(Block *block)
{
    size_t slot_size = sizeof(Slot) + block->size;
    Slot *slot = block->free;

    if (slot) {
        block->free = slot->next;
    } else {
        slot = (Slot *)((char *)(block + 1) + --block->n_untouched * slot_size);
        ASAN_UNPOISON_MEMORY_REGION(slot, sizeof(*slot));
    }
    block->n_used++;
    slot->block = block;
    return slot;
}

void *pool_alloc(size_t size)
{
    Block *block;
    Slot *slot;

    size = (size + SIZE_STEP - 1) / SIZE_STEP * SIZE_STEP;
    block = LIST_FIRST(pool_of(size));
    if (!block && !(block = block_new(size)))
        return NULL;
    slot = block_take(block);
    if (!block_has_room(block))
        LIST_REMOVE(block, entry);
    ASAN_UNPOISON_MEMORY_REGION(slot + 1, size);
    return memset(slot + 1, 0, size);
}

char *pool_copy(const char *string)
{
    size_t size = strlen(string) + 1;
    char *copy = pool_alloc(size);

    return copy ? memcpy(copy, string, size) : NULL;
}

void pool_free(void *memory)
{
    Slot *slot = memory ? (Slot *)memory - 1 : NULL;
    Block *block = slot ? slot->block : NULL;

    if (!block)
        return;
    assert(block->n_used > 0);
    if (!block_has_room(block))
        LIST_INSERT_HEAD(pool_of(block->size), block, entry);
    slot->next = block->free;
    block->free = slot;
    ASAN_POISON_MEMORY_REGION(memory, block->size);
    if (--block->n_used > 0)
        return;
    LIST_REMOVE(block, entry);
    free(block);
}
