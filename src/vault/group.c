/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/group.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The same texts, whatever their order. */
static bool same_texts(const struct snapshot_list_of_text *a, const struct snapshot_list_of_text *b)
{
    if (a->count != b->count)
        return false;
    if (a->count == 0)
        return true;
    const char **x MEM_AUTO = mem_dup(a->items, a->count * sizeof *x);
    const char **y MEM_AUTO = mem_dup(b->items, b->count * sizeof *y);
    qsort(x, a->count, sizeof *x, by_text);
    qsort(y, b->count, sizeof *y, by_text);
    bool same = true;
    for (size_t i = 0; i < a->count && same; i++)
        same = strcmp(x[i], y[i]) == 0;
    return same;
}

bool group_same(const struct snapshot *a, const struct snapshot *b, unsigned by)
{
    return (!(by & GROUP_BY_HOST) || strcmp(a->hostname, b->hostname) == 0) &&
           (!(by & GROUP_BY_PATHS) || same_texts(&a->paths, &b->paths)) &&
           (!(by & GROUP_BY_TAGS) || same_texts(&a->tags, &b->tags));
}

size_t groups_make(const struct snapshots *list, const struct snapshot_filter *filter, unsigned by,
                   struct snapshot_group **out)
{
    struct snapshot_group *groups = NULL;
    size_t count = 0;
    for (size_t i = list->count; i > 0; i--) {
        struct snapshot *snapshot = list->items[i - 1];
        if (filter && !snapshot_matches(snapshot, filter))
            continue;
        size_t n = 0;
        while (n < count && !group_same(groups[n].items[0], snapshot, by))
            n++;
        if (n == count) {
            groups = mem_resize(groups, ++count, sizeof *groups);
            groups[n] = (struct snapshot_group){0};
        }
        groups[n].items = mem_resize(groups[n].items, groups[n].count + 1, sizeof *groups[n].items);
        groups[n].items[groups[n].count++] = snapshot;
    }
    *out = groups;
    return count;
}

void groups_free(struct snapshot_group *groups, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(groups[i].items);
    free(groups);
}
