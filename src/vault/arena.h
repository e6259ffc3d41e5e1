/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory that is given out in small pieces and freed all at once: what a tree's nodes point to.
 */
#ifndef VAULT_ARENA_H
#define VAULT_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_block *blocks;
};

/* `length` zeroed bytes, aligned for any type; never NULL. `struct arena a = {0};` is an empty one. */
void *arena_take(struct arena *arena, size_t length);
/* A copy, with a NUL behind it. */
char *arena_copy(struct arena *arena, const void *bytes, size_t length);
/* Frees everything; the arena is empty and usable again. */
void arena_free(struct arena *arena);

#endif
