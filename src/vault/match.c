/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/match.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

#define MAX_PARTS 512

/* A string cut at its slashes. */
struct parts {
    char *copy;
    const char **items;
    size_t count;
};

struct match_pattern {
    struct parts parts;
    bool *plain; /* for each part: no glob, to be compared */
    bool rooted, negated, fold;
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

/* The end of a bracket expression that starts behind `at`, or NULL when it has none. */
static const char *bracket_end(const char *at)
{
    at += *at == '^' || *at == '!';
    if (*at == ']' || *at == '\0')
        return NULL; /* restic refuses "[]" too */
    for (; *at && *at != ']'; at++)
        if (*at == '\\' && *++at == '\0')
            return NULL;
    return *at ? at : NULL;
}

static bool well_formed(const char *part)
{
    for (const char *at = part; *at; at++) {
        if (*at == '\\') {
            if (*++at == '\0')
                return false;
            continue;
        }
        if (*at == '[' && !(at = bracket_end(at + 1)))
            return false;
    }
    return true;
}

int match_add(struct match_list *list, const char *pattern, bool fold)
{
    struct match_pattern made = {.fold = fold, .negated = *pattern == '!'};
    const char *text = pattern + made.negated;
    if (!*text)
        return 0;
    made.rooted = *text == '/';
    cut(text, &made.parts);
    bool good = made.parts.count > 0 && made.parts.count <= MAX_PARTS;
    made.plain = mem_zalloc(made.parts.count + 1, sizeof *made.plain);
    for (size_t i = 0; good && i < made.parts.count; i++) {
        good = well_formed(made.parts.items[i]);
        made.plain[i] = !strpbrk(made.parts.items[i], "*?[\\");
    }
    if (!good) {
        drop(&made.parts);
        free(made.plain);
        return err_set(ERR_INVALID, _("\"%s\" is not a pattern"), pattern);
    }
    list->patterns = mem_resize(list->patterns, list->count + 1, sizeof *list->patterns);
    list->patterns[list->count++] = made;
    list->any_negated |= made.negated;
    return 0;
}

void match_free(struct match_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        drop(&list->patterns[i].parts);
        free(list->patterns[i].plain);
    }
    free(list->patterns);
    *list = (struct match_list){0};
}

static bool part_fits(const struct match_pattern *pattern, size_t i, const char *name)
{
    const char *part = pattern->parts.items[i];
    if (pattern->plain[i])
        return (pattern->fold ? strcasecmp(part, name) : strcmp(part, name)) == 0 ||
               (pattern->fold && fnmatch(part, name, FNM_CASEFOLD) == 0); /* é and É */
    return fnmatch(part, name, pattern->fold ? FNM_CASEFOLD : 0) == 0;
}

/* Whether the pattern from part `at` on fits the beginning of the path's parts; what follows in the path does
 * not matter. With `upwards`, a path that ends before the pattern does fits as well. Depth of recursion: the
 * number of "**". */
static bool fits(const struct match_pattern *pattern, size_t at, const char **path, size_t count,
                 bool upwards)
{
    for (size_t i = at; i < pattern->parts.count; i++, path++, count--) {
        if (count == 0 && upwards)
            return true;
        if (strcmp(pattern->parts.items[i], "**") == 0) {
            for (size_t skip = 0; skip <= count; skip++)
                if (fits(pattern, i + 1, path + skip, count - skip, upwards))
                    return true;
            return false;
        }
        if (count == 0 || !part_fits(pattern, i, *path))
            return false;
    }
    return true;
}

static bool match_one(const struct match_pattern *pattern, const struct parts *path, bool upwards)
{
    size_t last = pattern->rooted ? 0 : path->count;
    for (size_t start = 0; start <= last; start++)
        if (fits(pattern, 0, path->items + start, path->count - start, upwards))
            return true;
    return false;
}

static bool match_list(const struct match_list *list, const char *path, bool upwards)
{
    if (list->count == 0)
        return false;
    struct parts parts;
    cut(path, &parts);
    bool found = false;
    for (size_t i = 0; i < list->count && (!found || list->any_negated); i++) {
        const struct match_pattern *pattern = &list->patterns[i];
        if (!pattern->negated)
            found = found || match_one(pattern, &parts, upwards);
        else if (found) /* what lies below a folder is taken back only when the folder itself is */
            found = !match_one(pattern, &parts, false);
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
