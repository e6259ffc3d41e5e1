/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/match.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MAX_PARTS 512

/* A string cut at its slashes. */
struct parts {
    char *copy;
    const char **items;
    size_t count;
};

static void cut(const char *text, struct parts *out)
{
    out->copy = mem_strdup(text);
    out->items = mem_zalloc(strlen(text) / 2 + 2, sizeof *out->items);
    out->count = 0;
    char *rest = out->copy, *part;
    while ((part = strsep(&rest, "/")))
        if (*part && strcmp(part, ".") != 0)
            out->items[out->count++] = part;
}

static void drop(struct parts *parts)
{
    free(parts->copy);
    free(parts->items);
}

/* Whether the pattern's parts fit the beginning of the path's; what follows in the path does not matter. With
 * `upwards`, a path that ends before the pattern does fits as well. Depth of recursion: the number of "**".
 */
static bool fits(const char **pattern, size_t pattern_count, const char **path, size_t path_count,
                 bool upwards, int flags)
{
    for (size_t i = 0; i < pattern_count; i++) {
        if (i >= path_count && upwards)
            return true;
        if (strcmp(pattern[i], "**") == 0) {
            for (size_t skip = i; skip <= path_count; skip++)
                if (fits(pattern + i + 1, pattern_count - i - 1, path + skip, path_count - skip, upwards,
                         flags))
                    return true;
            return false;
        }
        if (i >= path_count || fnmatch(pattern[i], path[i], flags) != 0)
            return false;
    }
    return true;
}

static bool match_one(const char *text, const struct parts *path, bool upwards, int flags)
{
    struct parts pattern;
    cut(text, &pattern);
    bool found = false;
    size_t last = *text == '/' ? 0 : path->count;
    if (pattern.count > 0 && pattern.count <= MAX_PARTS)
        for (size_t start = 0; start <= last && !found; start++)
            found =
                fits(pattern.items, pattern.count, path->items + start, path->count - start, upwards, flags);
    drop(&pattern);
    return found;
}

static bool match_list(const struct match_list *list, const char *path, bool upwards)
{
    if (list->count == 0)
        return false;
    struct parts parts;
    cut(path, &parts);
    bool found = false;
    int flags = list->any_case ? FNM_CASEFOLD : 0;
    for (size_t i = 0; i < list->count; i++) {
        const char *pattern = list->patterns[i];
        bool takes_back = *pattern == '!';
        if (takes_back && !upwards)
            found = found && !match_one(pattern + 1, &parts, false, flags);
        else if (!takes_back)
            found = found || match_one(pattern, &parts, upwards, flags);
    }
    drop(&parts);
    return found;
}

bool match_any(const struct match_list *list, const char *path)
{
    return match_list(list, path, false);
}

bool match_may_be_below(const struct match_list *list, const char *path)
{
    return match_list(list, path, true);
}
