/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/arena.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_BLOCK ((size_t)1 << 10) /* most arenas hold a link target or one attribute */
#define BLOCK_SIZE  ((size_t)64 << 10)

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    alignas(max_align_t) char bytes[];
};

void *arena_take(struct arena *arena, size_t length)
{
    length = (length + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < length) {
        size_t usual = block ? BLOCK_SIZE : FIRST_BLOCK;
        size_t size = length > usual / 4 ? length : usual;
        struct arena_block *fresh = mem_zalloc(1, sizeof *fresh + size);
        fresh->size = size;
        if (block && size != usual) { /* a large piece has a block of its own; the current one stays */
            fresh->next = block->next;
            block->next = fresh;
        } else {
            fresh->next = block;
            arena->blocks = fresh;
        }
        block = fresh;
    }
    void *piece = block->bytes + block->used;
    block->used += length;
    return piece;
}

char *arena_copy(struct arena *arena, const void *bytes, size_t length)
{
    char *copy = arena_take(arena, length + 1);
    if (length)
        memcpy(copy, bytes, length);
    return copy;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}
