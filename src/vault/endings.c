/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/endings.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

size_t ending_of(const char *name, size_t length, char out[static ENDING_SIZE])
{
    const char *dot = length ? memrchr(name, '.', length) : NULL;
    size_t tail = dot ? length - (size_t)(dot + 1 - name) : 0;
    out[0] = '\0';
    if (!dot || dot == name || tail == 0 || tail >= ENDING_SIZE)
        return length;
    for (size_t i = 0; i < tail; i++)
        out[i] = dot[1 + i] >= 'A' && dot[1 + i] <= 'Z' ? (char)(dot[1 + i] + 32) : dot[1 + i];
    out[tail] = '\0';
    return (size_t)(dot - name);
}

/* FNV-1a; never 0. */
static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0xcbf29ce484222325;
    for (; *text; text++)
        hash = (hash ^ (uint8_t)*text) * 0x100000001b3;
    return hash ? hash : 1;
}

/* Where the hash is or would be; there is always a free slot. */
static uint64_t *slot_of(const struct endings *set, uint64_t hash)
{
    size_t at = (size_t)hash & (set->room - 1);
    while (set->slots[at] && set->slots[at] != hash)
        at = (at + 1) & (set->room - 1);
    return &set->slots[at];
}

bool endings_have(const struct endings *set, const char *ending)
{
    return set->count >= ENDINGS_MAX || (set->room && *slot_of(set, hash_of(ending)));
}

static void grow(struct endings *set)
{
    struct endings larger = {.room = set->room ? 2 * set->room : 256, .count = set->count};
    larger.slots = mem_zalloc(larger.room, sizeof *larger.slots);
    for (size_t i = 0; i < set->room; i++)
        if (set->slots[i])
            *slot_of(&larger, set->slots[i]) = set->slots[i];
    free(set->slots);
    *set = larger;
}

static void add_hash(struct endings *set, uint64_t hash)
{
    if (set->count >= ENDINGS_MAX || (set->room && *slot_of(set, hash)))
        return;
    if (2 * (set->count + 1) > set->room)
        grow(set);
    *slot_of(set, hash) = hash;
    set->count++;
}

void endings_add(struct endings *set, const char *ending)
{
    add_hash(set, hash_of(ending));
}

void endings_merge(struct endings *set, const struct endings *more)
{
    for (size_t i = 0; i < more->room; i++)
        if (more->slots[i])
            add_hash(set, more->slots[i]);
}

void endings_free(struct endings *set)
{
    free(set->slots);
    *set = (struct endings){0};
}
