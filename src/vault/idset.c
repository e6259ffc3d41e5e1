/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/idset.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROOM 64

/* Where it is, or where it would go. IDs are hashes, so their bytes spread well. */
static size_t slot_of(const struct idset *set, const uint8_t *id)
{
    uint64_t hash;
    memcpy(&hash, id, sizeof hash);
    size_t slot = (size_t)hash & (set->room - 1);
    while (set->used[slot] && memcmp(set->ids[slot], id, SHA256_SIZE) != 0)
        slot = (slot + 1) & (set->room - 1);
    return slot;
}

static void grow(struct idset *set)
{
    struct idset old = *set;
    set->room = old.room ? 2 * old.room : FIRST_ROOM;
    set->ids = mem_zalloc(set->room, sizeof *set->ids);
    set->used = mem_zalloc(set->room, sizeof *set->used);
    for (size_t i = 0; i < old.room; i++) {
        if (!old.used[i])
            continue;
        size_t slot = slot_of(set, old.ids[i]);
        memcpy(set->ids[slot], old.ids[i], SHA256_SIZE);
        set->used[slot] = true;
    }
    free(old.ids);
    free(old.used);
}

bool idset_add(struct idset *set, const uint8_t id[static SHA256_SIZE])
{
    if (2 * set->count >= set->room)
        grow(set);
    size_t slot = slot_of(set, id);
    if (set->used[slot])
        return false;
    memcpy(set->ids[slot], id, SHA256_SIZE);
    set->used[slot] = true;
    set->count++;
    return true;
}

void idset_free(struct idset *set)
{
    free(set->ids);
    free(set->used);
    *set = (struct idset){0};
}
