/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/source.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/path.h"

/* The path without ".", double slashes and what ".." undoes; a relative one may keep ".." in front, and an
 * empty result is ".". */
static char *clean(const char *path)
{
    bool absolute = *path == '/';
    char *copy MEM_AUTO = mem_strdup(path);
    char *out = mem_zalloc(strlen(path) + 3, 1);
    size_t length = 0, fixed = 0; /* what may not be taken back */
    if (absolute)
        out[length++] = '/';
    fixed = length;
    char *rest = copy, *part;
    while ((part = strsep(&rest, "/"))) {
        if (!*part || strcmp(part, ".") == 0)
            continue;
        bool up = strcmp(part, "..") == 0;
        if (up && length > fixed) {
            while (length > fixed && out[length - 1] != '/')
                length--;
            if (length > fixed)
                length--; /* the slash */
            out[length] = '\0';
            continue;
        }
        if (up && absolute)
            continue;
        if (length > (absolute ? 1u : 0u))
            out[length++] = '/';
        memcpy(out + length, part, strlen(part));
        length += strlen(part);
        if (up)
            fixed = length;
    }
    out[length] = '\0';
    if (length == 0)
        strcpy(out, ".");
    return out;
}

char *source_absolute(const char *path)
{
    if (*path == '/')
        return clean(path);
    char *here MEM_AUTO = getcwd(NULL, 0);
    char *joined MEM_AUTO = path_join(here ? here : "/", path);
    return clean(joined);
}

/* The child of a name, made if missing. Pointers to other children go stale. */
static struct source *child(struct source *parent, const char *name, size_t length)
{
    for (size_t i = 0; i < parent->count; i++)
        if (strlen(parent->children[i].name) == length && memcmp(parent->children[i].name, name, length) == 0)
            return &parent->children[i];
    parent->children = mem_resize(parent->children, parent->count + 1, sizeof *parent->children);
    struct source *made = &parent->children[parent->count++];
    *made = (struct source){.name = mem_dup(name, length + 1)};
    made->name[length] = '\0';
    return made;
}

static void drop_children(struct source *node)
{
    for (size_t i = 0; i < node->count; i++) {
        drop_children(&node->children[i]);
        free(node->children[i].name);
        free(node->children[i].path);
        free(node->children[i].absolute);
    }
    free(node->children);
    node->children = NULL;
    node->count = 0;
}

static int claim(struct source *node, const char *path, size_t length)
{
    char *here = mem_dup(path, length + 1);
    here[length] = '\0';
    if (!node->path) {
        node->path = here;
        node->absolute = source_absolute(here);
        return 0;
    }
    int same = strcmp(node->path, here) == 0;
    free(here);
    return same
               ? 0
               : err_set(ERR_INVALID,
                         _("\"%s\" and \"%.*s\" would have the same place in the snapshot; save them in two"),
                         node->path, (int)length, path);
}

/* Adds a cleaned path that has at least one part of its own. */
static int add(struct source *root, const char *path)
{
    struct source *node = root;
    const char *at = path;
    while (strncmp(at, "../", 3) == 0)
        at += 3;
    while (*at == '/')
        at++;
    while (*at && !node->leaf) {
        size_t length = strcspn(at, "/");
        node = child(node, at, length);
        int err = claim(node, path, (size_t)(at - path) + length);
        if (err)
            return err;
        at += length;
        while (*at == '/')
            at++;
    }
    if (!*at && !node->leaf) {
        node->leaf = true;
        drop_children(node); /* what lies below is saved with it */
    }
    return 0;
}

static int add_entries(struct source *root, const char *folder)
{
    DIR *entries = opendir(folder);
    if (!entries)
        return err_sys(_("cannot read the folder %s"), folder);
    int err = 0;
    struct dirent *entry;
    while (!err && (entry = readdir(entries))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        char *path MEM_AUTO =
            strcmp(folder, ".") == 0 ? mem_strdup(entry->d_name) : path_join(folder, entry->d_name);
        err = add(root, path);
    }
    closedir(entries);
    return err;
}

/* Whether nothing but dots and slashes is in it. */
static bool has_no_part(const char *path)
{
    for (const char *at = path; *at;) {
        size_t length = strcspn(at, "/");
        if (length && strncmp(at, "..", length) != 0 && strncmp(at, ".", length) != 0)
            return false;
        at += length;
        while (*at == '/')
            at++;
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct source *)a)->name, ((const struct source *)b)->name);
}

static void sort(struct source *node)
{
    if (node->count)
        qsort(node->children, node->count, sizeof *node->children, by_name);
    for (size_t i = 0; i < node->count; i++)
        sort(&node->children[i]);
}

int source_new(const char *const *paths, size_t count, struct source **out)
{
    struct source *root = mem_zalloc(1, sizeof *root);
    int err = 0;
    for (size_t i = 0; !err && i < count; i++) {
        char *path MEM_AUTO = clean(paths[i]);
        if (!*paths[i] || strlen(path) >= 4096)
            err = err_set(ERR_INVALID, _("\"%.80s\" is not a path"), paths[i]);
        else if (has_no_part(path))
            err = add_entries(root, path);
        else
            err = add(root, path);
    }
    if (err) {
        source_free(root);
        return err;
    }
    sort(root);
    *out = root;
    return 0;
}

void source_free(struct source *root)
{
    if (!root)
        return;
    drop_children(root);
    free(root);
}
