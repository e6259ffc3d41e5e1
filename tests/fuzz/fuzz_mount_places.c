/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob vault mount */
/* Where the snapshots of a repository show up: first a line with the time template, then lines with path
 * templates up to an empty one, then a snapshot's JSON. What is listed is found, under a name that can be
 * one, and nothing is found above the root. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mount/places.h"

#define MOST_LINES 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct places *places, const struct place *folder, unsigned depth)
{
    const struct place *child;
    for (uint64_t number = 0; (child = places_after(places, folder, number)); number = child->number) {
        if (places_find(places, folder, child->name) != child || places_get(places, child->number) != child)
            abort();
        if (!*child->name || strchr(child->name, '/') || strcmp(child->name, ".") == 0 ||
            strcmp(child->name, "..") == 0 || child->parent != folder || depth > 100)
            abort();
        if (child->kind == PLACE_FOLDER)
            check(places, child, depth + 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = mem_zalloc(size + 1, 1), *at = text, *lines[MOST_LINES];
    size_t count = 0;
    struct snapshot *items[2];
    if (size)
        memcpy(text, data, size);
    for (char *end; count < MOST_LINES && (end = strchr(at, '\n')) && end > at; at = end + 1) {
        *end = '\0';
        lines[count++] = at;
    }
    at += *at == '\n';
    if (count > 0 && snapshot_decode(at, strlen(at), &items[0]) == 0) {
        const struct places_rules rules = {(const char *const *)lines + 1, count - 1, lines[0], {0}};
        struct places *places = places_new(&rules, 1);
        if (snapshot_decode(at, strlen(at), &items[1]) != 0)
            abort();
        memset(items[0]->id, '1', VAULT_ID_TEXT - 1);
        memset(items[1]->id, '2', VAULT_ID_TEXT - 1);
        for (size_t known = 0; known <= 2; known++) {
            places_update(places, &(struct snapshots){items, known}, (int64_t)known);
            check(places, places_get(places, PLACES_ROOT), 0);
        }
        places_free(places);
        snapshot_free(items[0]);
        snapshot_free(items[1]);
    }
    free(text);
    return 0;
}
