/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "recover/planmodel.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/path.h"

#define BUCKETS_LEAST 1024
#define DEPTH_MOST    (EVENT_PATH_SIZE / 2) /* a path has no more parts than this */

void planmodel_init(struct planmodel *m)
{
    *m = (struct planmodel){.bucket_count = BUCKETS_LEAST};
    m->buckets = mem_zalloc(m->bucket_count, sizeof(struct node *));
}

void planmodel_free(struct planmodel *m)
{
    for (struct node *n = m->first, *next; n; n = next) {
        next = n->made_next;
        free(n->name);
        free(n->first_name);
        free(n);
    }
    free(m->buckets);
    free(m->roots);
    *m = (struct planmodel){0};
}

static size_t bucket_of(const struct planmodel *m, const struct node *parent, const char *name, size_t length)
{
    uint64_t hash = (uint64_t)(uintptr_t)parent * 0x9e3779b97f4a7c15u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3u;
    return (size_t)(hash ^ hash >> 32) & (m->bucket_count - 1);
}

static struct node *find(const struct planmodel *m, const struct node *parent, const char *name,
                         size_t length)
{
    struct node *n = m->buckets[bucket_of(m, parent, name, length)];
    while (n && !(n->parent == parent && strncmp(n->name, name, length) == 0 && !n->name[length]))
        n = n->bucket_next;
    return n;
}

struct node *planmodel_child(const struct planmodel *m, const struct node *parent, const char *name)
{
    return find(m, parent, name, strlen(name));
}

static void grow(struct planmodel *m)
{
    free(m->buckets);
    m->bucket_count *= 2;
    m->buckets = mem_zalloc(m->bucket_count, sizeof(struct node *));
    for (struct node *n = m->first; n; n = n->made_next) {
        if (!n->parent)
            continue;
        size_t bucket = bucket_of(m, n->parent, n->name, strlen(n->name));
        n->bucket_next = m->buckets[bucket];
        m->buckets[bucket] = n;
    }
}

static struct node *node_new(struct planmodel *m, uint32_t tree, char *name)
{
    struct node *n = mem_zalloc(1, sizeof *n);
    n->tree = tree;
    n->original = true;
    n->name = name;
    if (m->last)
        m->last->made_next = n;
    else
        m->first = n;
    m->last = n;
    if (++m->node_count > m->bucket_count)
        grow(m);
    return n;
}

struct node *planmodel_root(struct planmodel *m, uint32_t tree)
{
    for (size_t i = 0; i < m->root_count; i++)
        if (m->roots[i]->tree == tree)
            return m->roots[i];
    m->roots = mem_resize(m->roots, m->root_count + 1, sizeof(struct node *));
    struct node *root = node_new(m, tree, mem_strdup(""));
    root->first_name = mem_strdup("");
    root->folder = true;
    m->roots[m->root_count++] = root;
    return root;
}

static struct node *add_loose(struct planmodel *m, struct node *parent, const char *name, size_t length)
{
    char *copy = mem_zalloc(length + 1, 1);
    memcpy(copy, name, length);
    struct node *n = node_new(m, parent->tree, copy);
    n->first_name = mem_strdup(copy);
    n->first_parent = parent;
    n->last_parent = parent;
    return n;
}

static void link_in(struct planmodel *m, struct node *n, struct node *parent)
{
    n->parent = parent;
    n->last_parent = parent;
    parent->children++;
    size_t bucket = bucket_of(m, parent, n->name, strlen(n->name));
    n->bucket_next = m->buckets[bucket];
    m->buckets[bucket] = n;
}

struct node *planmodel_parent(struct planmodel *m, uint32_t tree, const char *path, const char **name)
{
    if (!path_is_plain(path) || strlen(path) >= EVENT_PATH_SIZE)
        return NULL;
    struct node *at = planmodel_root(m, tree);
    for (;;) {
        size_t length = strcspn(path, "/");
        if (!path[length])
            break;
        struct node *next = find(m, at, path, length);
        if (!next) {
            next = add_loose(m, at, path, length);
            next->folder = true;
            link_in(m, next, at);
        }
        at = next;
        path += length + 1;
    }
    *name = path;
    return at;
}

struct node *planmodel_add_loose(struct planmodel *m, struct node *parent, const char *name)
{
    return add_loose(m, parent, name, strlen(name));
}

struct node *planmodel_add(struct planmodel *m, struct node *parent, const char *name)
{
    struct node *n = add_loose(m, parent, name, strlen(name));
    link_in(m, n, parent);
    return n;
}

void planmodel_detach(struct planmodel *m, struct node *node)
{
    if (!node->parent)
        return;
    struct node **at = &m->buckets[bucket_of(m, node->parent, node->name, strlen(node->name))];
    while (*at != node)
        at = &(*at)->bucket_next;
    *at = node->bucket_next;
    node->bucket_next = NULL;
    node->parent->children--;
    node->parent = NULL;
}

void planmodel_attach(struct planmodel *m, struct node *node, struct node *parent, const char *name)
{
    char *copy = mem_strdup(name);
    free(node->name);
    node->name = copy;
    link_in(m, node, parent);
}

void planmodel_exchange(struct planmodel *m, struct node *a, struct node *b)
{
    struct node *a_parent = a->parent, *b_parent = b->parent;
    char *a_name MEM_AUTO = mem_strdup(a->name);
    char *b_name MEM_AUTO = mem_strdup(b->name);
    planmodel_detach(m, a);
    planmodel_detach(m, b);
    planmodel_attach(m, a, b_parent, b_name);
    planmodel_attach(m, b, a_parent, a_name);
}

bool planmodel_is_inside(const struct node *node, const struct node *folder)
{
    for (size_t depth = 0; node && depth < DEPTH_MOST; depth++, node = node->parent)
        if (node == folder)
            return true;
    return false;
}

static const struct node *above(const struct node *n, bool first)
{
    return first ? n->first_parent : n->parent ? n->parent : n->last_parent;
}

/* From the end to the front; a loop of parents, which no true history makes, ends as too long. */
static bool write_path(const struct node *n, char *out, size_t size, bool first)
{
    char made[EVENT_PATH_SIZE];
    size_t at = sizeof made - 1;
    made[at] = '\0';
    for (; above(n, first); n = above(n, first)) {
        const char *name = first ? n->first_name : n->name;
        size_t length = strlen(name);
        if (length + 1 > at)
            return false;
        at -= length;
        memcpy(made + at, name, length);
        made[--at] = '/';
    }
    const char *path = made[at] == '/' ? made + at + 1 : made + at;
    if (strlen(path) >= size)
        return false;
    strcpy(out, path);
    return true;
}

bool planmodel_path(const struct node *node, char *out, size_t size)
{
    return write_path(node, out, size, false);
}

bool planmodel_first_path(const struct node *node, char *out, size_t size)
{
    return write_path(node, out, size, true);
}

static size_t count_above(const struct node *n, bool first)
{
    size_t depth = 0;
    for (; above(n, first) && depth < DEPTH_MOST; n = above(n, first))
        depth++;
    return depth;
}

size_t planmodel_first_depth(const struct node *node)
{
    return count_above(node, true);
}

size_t planmodel_depth(const struct node *node)
{
    return count_above(node, false);
}
