/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sensor/hash.h"

#define DEPTH_MAX 2048 /* folders in folders; a path of PATH_MAX cannot have more */

/* An index from a hash to numbers: open addressing, CATALOG_NONE is empty. The owner compares. All tables are
 * filled to seven eighths: the neighbors that a search looks at lie in the same few cache lines, and memory
 * is what the guard has least of. */
struct index {
    uint32_t *places;
    size_t size, used; /* size is a power of two or 0 */
};

struct catalog {
    struct row *rows;
    size_t row_end, row_capacity;
    uint32_t free_row; /* chain through `next` */
    struct node *nodes;
    size_t node_end, node_capacity;
    struct index names, inodes, handles;
    uint64_t *known; /* open addressing, 0 is empty */
    size_t known_size, known_used;
    uint32_t *files; /* by tree */
    size_t tree_count;
};

typedef uint64_t (*hash_of)(const struct catalog *c, uint32_t number);

static uint64_t name_hash(uint32_t parent, const char *name)
{
    return hash_bytes(name, strlen(name), hash_seed() ^ parent);
}

static uint64_t hash_row(const struct catalog *c, uint32_t row)
{
    return name_hash(c->rows[row].parent, c->rows[row].name);
}

static uint64_t hash_inode(const struct catalog *c, uint32_t row)
{
    return hash_number(c->rows[row].inode);
}

static uint64_t hash_handle(const struct catalog *c, uint32_t node)
{
    return c->nodes[node].handle;
}

static void place(struct index *index, uint64_t hash, uint32_t number)
{
    size_t at = (size_t)hash & (index->size - 1);
    while (index->places[at] != CATALOG_NONE)
        at = (at + 1) & (index->size - 1);
    index->places[at] = number;
    index->used++;
}

static void index_resize(const struct catalog *c, struct index *index, size_t size, hash_of hash)
{
    struct index bigger = {.places = mem_zalloc(size, sizeof(uint32_t)), .size = size};
    memset(bigger.places, 0xFF, size * sizeof(uint32_t));
    for (size_t i = 0; i < index->size; i++)
        if (index->places[i] != CATALOG_NONE)
            place(&bigger, hash(c, index->places[i]), index->places[i]);
    free(index->places);
    *index = bigger;
}

static void index_add(const struct catalog *c, struct index *index, uint32_t number, hash_of hash)
{
    if ((index->used + 1) * 8 > index->size * 7)
        index_resize(c, index, index->size ? index->size * 2 : 256, hash);
    place(index, hash(c, number), number);
}

static void index_remove(const struct catalog *c, struct index *index, uint32_t number, hash_of hash)
{
    size_t mask = index->size - 1, hole = (size_t)hash(c, number) & mask;
    while (index->places[hole] != number)
        hole = (hole + 1) & mask;
    for (size_t at = (hole + 1) & mask; index->places[at] != CATALOG_NONE; at = (at + 1) & mask) {
        size_t home = (size_t)hash(c, index->places[at]) & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        index->places[hole] = index->places[at];
        hole = at;
    }
    index->places[hole] = CATALOG_NONE;
    index->used--;
}

struct catalog *catalog_new(void)
{
    struct catalog *c = mem_zalloc(1, sizeof *c);
    c->free_row = CATALOG_NONE;
    return c;
}

void catalog_free(struct catalog *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->row_end; i++)
        free(c->rows[i].name);
    free(c->rows);
    free(c->nodes);
    free(c->names.places);
    free(c->inodes.places);
    free(c->handles.places);
    free(c->known);
    free(c->files);
    free(c);
}

/* ---- nodes ---- */

static uint32_t new_node(struct catalog *c, uint32_t row, uint32_t tree, uint64_t handle)
{
    uint32_t node = (uint32_t)c->node_end;
    if (c->node_end == c->node_capacity) {
        c->node_capacity = c->node_capacity ? c->node_capacity * 2 : 64;
        c->nodes = mem_resize(c->nodes, c->node_capacity, sizeof *c->nodes);
    }
    c->node_end++;
    c->nodes[node] = (struct node){.handle = handle, .row = row, .tree = tree, .used = true};
    index_add(c, &c->handles, node, hash_handle);
    return node;
}

uint32_t catalog_add_root(struct catalog *c, uint32_t tree, uint64_t handle)
{
    if (tree >= c->tree_count) {
        c->files = mem_resize(c->files, tree + 1, sizeof *c->files);
        memset(c->files + c->tree_count, 0, (tree + 1 - c->tree_count) * sizeof *c->files);
        c->tree_count = tree + 1;
    }
    return new_node(c, CATALOG_NONE, tree, handle);
}

uint32_t catalog_find_node(const struct catalog *c, uint64_t handle)
{
    const struct index *index = &c->handles;
    if (index->size == 0)
        return CATALOG_NONE;
    for (size_t at = (size_t)handle & (index->size - 1); index->places[at] != CATALOG_NONE;
         at = (at + 1) & (index->size - 1))
        if (c->nodes[index->places[at]].handle == handle)
            return index->places[at];
    return CATALOG_NONE;
}

struct node *catalog_node(struct catalog *c, uint32_t node)
{
    return &c->nodes[node];
}

uint32_t catalog_node_end(const struct catalog *c)
{
    return (uint32_t)c->node_end;
}

static void drop_node(struct catalog *c, uint32_t node)
{
    index_remove(c, &c->handles, node, hash_handle);
    c->nodes[node].used = false;
}

uint32_t catalog_add_node(struct catalog *c, uint32_t row, uint64_t handle)
{
    uint32_t node = c->rows[row].child;
    if (node != CATALOG_NONE && c->nodes[node].handle == handle)
        return node;
    if (node != CATALOG_NONE)
        drop_node(c, node);
    node = new_node(c, row, catalog_tree_of(c, c->rows[row].parent), handle);
    c->rows[row].child = node;
    return node;
}

/* ---- rows ---- */

uint32_t catalog_find(const struct catalog *c, uint32_t parent, const char *name)
{
    const struct index *index = &c->names;
    if (index->size == 0)
        return CATALOG_NONE;
    for (size_t at = (size_t)name_hash(parent, name) & (index->size - 1); index->places[at] != CATALOG_NONE;
         at = (at + 1) & (index->size - 1)) {
        const struct row *row = &c->rows[index->places[at]];
        if (row->parent == parent && strcmp(row->name, name) == 0)
            return index->places[at];
    }
    return CATALOG_NONE;
}

static uint32_t new_row(struct catalog *c)
{
    uint32_t row = c->free_row;
    if (row != CATALOG_NONE) {
        c->free_row = c->rows[row].next;
        return row;
    }
    if (c->row_end == c->row_capacity) {
        c->row_capacity = c->row_capacity ? c->row_capacity + c->row_capacity / 4 + 64 : 256;
        c->rows = mem_resize(c->rows, c->row_capacity, sizeof *c->rows);
    }
    return (uint32_t)c->row_end++;
}

uint32_t catalog_add(struct catalog *c, uint32_t parent, const char *name, uint16_t flags)
{
    uint32_t row = new_row(c);
    c->rows[row] = (struct row){.parent = parent,
                                .child = CATALOG_NONE,
                                .flags = flags,
                                .next = CATALOG_NONE,
                                .name = mem_strdup(name)};
    index_add(c, &c->names, row, hash_row);
    c->files[catalog_tree_of(c, parent)] += !(flags & ROW_FOLDER);
    return row;
}

struct row *catalog_row(struct catalog *c, uint32_t row)
{
    return &c->rows[row];
}

uint32_t catalog_row_end(const struct catalog *c)
{
    return (uint32_t)c->row_end;
}

uint32_t catalog_find_inode(const struct catalog *c, uint64_t inode)
{
    const struct index *index = &c->inodes;
    if (index->size == 0 || inode == 0)
        return CATALOG_NONE;
    for (size_t at = (size_t)hash_number(inode) & (index->size - 1); index->places[at] != CATALOG_NONE;
         at = (at + 1) & (index->size - 1))
        if (c->rows[index->places[at]].inode == inode)
            return index->places[at];
    return CATALOG_NONE;
}

/* The index holds the first row of each inode; the others hang behind it. */
static void unlink_inode(struct catalog *c, uint32_t row)
{
    uint32_t first = catalog_find_inode(c, c->rows[row].inode);
    if (first == row) {
        uint32_t next = c->rows[row].next;
        index_remove(c, &c->inodes, row, hash_inode);
        if (next != CATALOG_NONE)
            index_add(c, &c->inodes, next, hash_inode);
    } else if (first != CATALOG_NONE) {
        uint32_t before = first;
        while (c->rows[before].next != row)
            before = c->rows[before].next;
        c->rows[before].next = c->rows[row].next;
    }
    c->rows[row].next = CATALOG_NONE;
}

static void link_inode(struct catalog *c, uint32_t row)
{
    uint32_t first = catalog_find_inode(c, c->rows[row].inode);
    if (first == CATALOG_NONE) {
        index_add(c, &c->inodes, row, hash_inode);
    } else {
        c->rows[row].next = c->rows[first].next;
        c->rows[first].next = row;
    }
}

void catalog_set(struct catalog *c, uint32_t row, const struct stamp *stamp)
{
    struct row *r = &c->rows[row];
    if (r->inode != stamp->inode) {
        if (r->inode)
            unlink_inode(c, row);
        r->inode = stamp->inode;
        if (r->inode)
            link_inode(c, row);
    }
    r->size = stamp->size;
    r->mtime_ns = stamp->mtime_ns;
    r->ctime_ns = stamp->ctime_ns;
}

/* A folder takes all that is in it along. */
static uint32_t count_files(const struct catalog *c, uint32_t row)
{
    uint32_t files = !(c->rows[row].flags & ROW_FOLDER);
    for (uint32_t i = 0; c->rows[row].child != CATALOG_NONE && i < c->row_end; i++)
        files +=
            c->rows[i].name && !(c->rows[i].flags & ROW_FOLDER) && catalog_is_below(c, i, c->rows[row].child);
    return files;
}

void catalog_move(struct catalog *c, uint32_t row, uint32_t parent, const char *name)
{
    char *copy = mem_strdup(name);
    uint32_t from = catalog_tree_of(c, c->rows[row].parent), to = catalog_tree_of(c, parent);
    if (from != to) {
        uint32_t files = count_files(c, row);
        c->files[from] -= files;
        c->files[to] += files;
    }
    index_remove(c, &c->names, row, hash_row);
    free(c->rows[row].name);
    c->rows[row].name = copy;
    c->rows[row].parent = parent;
    index_add(c, &c->names, row, hash_row);
}

static void remove_one(struct catalog *c, uint32_t row, uint32_t tree)
{
    struct row *r = &c->rows[row];
    index_remove(c, &c->names, row, hash_row);
    if (r->inode)
        unlink_inode(c, row);
    if (r->child != CATALOG_NONE)
        drop_node(c, r->child);
    if (!(r->flags & ROW_FOLDER))
        c->files[tree]--;
    free(r->name);
    *r = (struct row){.next = c->free_row, .child = CATALOG_NONE};
    c->free_row = row;
}

void catalog_remove(struct catalog *c, uint32_t row)
{
    uint32_t node = c->rows[row].child, tree = catalog_tree_of(c, c->rows[row].parent);
    if (node != CATALOG_NONE) {
        /* Marked first: the way up from a row leads through rows that would already be gone. */
        uint8_t *below = mem_zalloc(c->row_end, 1);
        for (uint32_t i = 0; i < c->row_end; i++)
            below[i] = c->rows[i].name && i != row && catalog_is_below(c, i, node);
        for (uint32_t i = 0; i < c->row_end; i++)
            if (below[i])
                remove_one(c, i, tree);
        free(below);
    }
    remove_one(c, row, tree);
}

bool catalog_is_below(const struct catalog *c, uint32_t row, uint32_t node)
{
    for (int depth = 0; depth < DEPTH_MAX && row != CATALOG_NONE; depth++) {
        uint32_t parent = c->rows[row].parent;
        if (parent == node)
            return true;
        row = c->nodes[parent].row;
    }
    return false;
}

uint32_t catalog_files(const struct catalog *c, uint32_t tree)
{
    return tree < c->tree_count ? c->files[tree] : 0;
}

uint32_t catalog_tree_of(const struct catalog *c, uint32_t node)
{
    for (int depth = 0; depth < DEPTH_MAX && c->nodes[node].row != CATALOG_NONE; depth++)
        node = c->rows[c->nodes[node].row].parent;
    return c->nodes[node].tree;
}

bool catalog_path(const struct catalog *c, uint32_t node, const char *name, char *out, size_t size)
{
    size_t at = size, length = strlen(name);
    if (length + 1 > size)
        return false;
    at -= length + 1;
    memcpy(out + at, name, length + 1);
    for (int depth = 0; depth < DEPTH_MAX && c->nodes[node].row != CATALOG_NONE; depth++) {
        const struct row *row = &c->rows[c->nodes[node].row];
        size_t part = strlen(row->name), slash = out[at] != '\0';
        if (part + slash > at)
            return false;
        if (slash)
            out[--at] = '/';
        at -= part;
        memcpy(out + at, row->name, part);
        node = row->parent;
    }
    memmove(out, out + at, size - at);
    return true;
}

/* ---- known handles ---- */

static size_t known_place(const struct catalog *c, uint64_t handle)
{
    size_t at = (size_t)handle & (c->known_size - 1);
    while (c->known[at] != 0 && c->known[at] != handle)
        at = (at + 1) & (c->known_size - 1);
    return at;
}

void catalog_know(struct catalog *c, uint64_t handle)
{
    if ((c->known_used + 1) * 8 > c->known_size * 7) {
        uint64_t *old = c->known;
        size_t old_size = c->known_size;
        c->known_size = old_size ? old_size * 2 : 256;
        c->known = mem_zalloc(c->known_size, sizeof *c->known);
        for (size_t i = 0; i < old_size; i++)
            if (old[i] != 0)
                c->known[known_place(c, old[i])] = old[i];
        free(old);
    }
    size_t at = known_place(c, handle);
    c->known_used += c->known[at] == 0;
    c->known[at] = handle;
}

void catalog_unknow(struct catalog *c, uint64_t handle)
{
    size_t mask = c->known_size - 1, hole = c->known_size ? known_place(c, handle) : 0;
    if (c->known_size == 0 || c->known[hole] == 0)
        return;
    for (size_t at = (hole + 1) & mask; c->known[at] != 0; at = (at + 1) & mask) {
        size_t home = (size_t)c->known[at] & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        c->known[hole] = c->known[at];
        hole = at;
    }
    c->known[hole] = 0;
    c->known_used--;
}

bool catalog_knows(const struct catalog *c, uint64_t handle)
{
    return c->known_size > 0 && c->known[known_place(c, handle)] != 0;
}
