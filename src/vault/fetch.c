/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/durable.h"
#include "base/err.h"
#include "base/fd.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/content.h"
#include "vault/folder.h"
#include "vault/lock.h"

#define WORKERS     2
#define MAX_WORKERS 16 /* of a store behind a network */
#define MAX_DEPTH   512

void fetch_meta_encode(const struct fetch_meta *meta, struct buf *out)
{
    filemeta_encode(&meta->meta, out);
    buf_put_string(out, meta->target);
    buf_put_u64(out, meta->device);
    buf_put_u64(out, meta->inode);
    buf_put_u64(out, meta->size);
    buf_put_string(out, meta->path);
}

void fetch_meta_decode(struct reader *r, struct fetch_meta *out)
{
    struct fetch_meta meta = {0};
    filemeta_decode(r, &meta.meta);
    meta.target = reader_string_new(r, NODE_MAX_STRING);
    meta.device = reader_u64(r);
    meta.inode = reader_u64(r);
    meta.size = reader_u64(r);
    meta.path = reader_string_new(r, NODE_MAX_STRING);
    if (r->failed)
        fetch_meta_free(&meta);
    *out = meta;
}

void fetch_meta_free(struct fetch_meta *meta)
{
    filemeta_free(&meta->meta);
    free(meta->target);
    free(meta->path);
    *meta = (struct fetch_meta){0};
}

struct found {
    struct node node; /* its memory is in the tree that is kept */
    char *path;
};

struct fetch {
    struct vault *vault;
    const struct vault_wanted *wanted;
    size_t count, missing;
    size_t *by_inode, *by_path; /* numbers of wanted, sorted; each has its own part of the count */
    size_t inode_count, path_count;
    struct found *found;
    struct vault_fetched *results;
    struct tree **kept;
    size_t kept_count;
    struct buf path;
    struct loader *loader;
    int stage;
    atomic_size_t next;
    pthread_mutex_t mutex; /* last_text */
    char *last_text;
};

static int compare_inodes(const void *a, const void *b, void *context)
{
    const struct fetch *fetch = context;
    uint64_t x = fetch->wanted[*(const size_t *)a].inode, y = fetch->wanted[*(const size_t *)b].inode;
    return x < y ? -1 : x > y;
}

static int compare_paths(const void *a, const void *b, void *context)
{
    const struct fetch *fetch = context;
    return strcmp(fetch->wanted[*(const size_t *)a].path, fetch->wanted[*(const size_t *)b].path);
}

static void sort_wanted(struct fetch *fetch)
{
    fetch->by_inode = mem_zalloc(fetch->count, sizeof *fetch->by_inode);
    fetch->by_path = mem_zalloc(fetch->count, sizeof *fetch->by_path);
    for (size_t i = 0; i < fetch->count; i++) {
        if (fetch->wanted[i].inode)
            fetch->by_inode[fetch->inode_count++] = i;
        else if (fetch->wanted[i].path)
            fetch->by_path[fetch->path_count++] = i;
        fetch->results[i] = (struct vault_fetched){.err = ERR_NOT_FOUND};
    }
    fetch->missing = fetch->inode_count + fetch->path_count;
    qsort_r(fetch->by_inode, fetch->inode_count, sizeof(size_t), compare_inodes, fetch);
    qsort_r(fetch->by_path, fetch->path_count, sizeof(size_t), compare_paths, fetch);
}

/* Takes a node for a wanted unless it already has one; true when the node is now needed. */
static bool take(struct fetch *fetch, size_t number, const struct node *node)
{
    const struct vault_wanted *wanted = &fetch->wanted[number];
    struct vault_fetched *result = &fetch->results[number];
    if (result->err == 0)
        return false;
    if (wanted->mtime_ns &&
        (wanted->mtime_ns != node->mtime_ns || (node->type == NODE_FILE && wanted->size != node->size))) {
        result->err = ERR_CHANGED;
        return false;
    }
    *result = (struct vault_fetched){.type = node->type, .size = node->size};
    fetch->found[number] = (struct found){*node, mem_strdup(buf_string(&fetch->path))};
    fetch->missing--;
    return true;
}

/* The first position in `list` that is not below the key. */
static size_t lower_bound(const size_t *list, size_t count, const struct fetch *fetch, uint64_t inode,
                          const char *path)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct vault_wanted *wanted = &fetch->wanted[list[middle]];
        bool below = path ? strcmp(wanted->path, path) < 0 : wanted->inode < inode;
        if (below)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool take_node(struct fetch *fetch, const struct node *node)
{
    bool needed = false;
    size_t at = lower_bound(fetch->by_inode, fetch->inode_count, fetch, node->inode, NULL);
    for (; at < fetch->inode_count && fetch->wanted[fetch->by_inode[at]].inode == node->inode; at++)
        needed |= take(fetch, fetch->by_inode[at], node);
    if (fetch->path_count == 0)
        return needed;
    const char *path = buf_string(&fetch->path);
    at = lower_bound(fetch->by_path, fetch->path_count, fetch, 0, path);
    for (; at < fetch->path_count && strcmp(fetch->wanted[fetch->by_path[at]].path, path) == 0; at++)
        needed |= take(fetch, fetch->by_path[at], node);
    return needed;
}

static void keep(struct fetch *fetch, struct tree *tree)
{
    fetch->kept = mem_resize(fetch->kept, fetch->kept_count + 1, sizeof(struct tree *));
    fetch->kept[fetch->kept_count++] = tree;
}

/* One folder and all below, until everything is found. A damaged folder hides only what is in it. */
static void walk_tree(struct fetch *fetch, const uint8_t *id, unsigned depth)
{
    struct tree *tree;
    if (depth > MAX_DEPTH || folder_load(fetch->loader, id, &tree) != 0)
        return;
    bool needed = false;
    size_t length = fetch->path.length;
    for (size_t i = 0; i < tree->count && fetch->missing > 0; i++) {
        const struct node *node = &tree->nodes[i];
        if (length)
            buf_put_u8(&fetch->path, '/');
        buf_put(&fetch->path, node->name, node->name_length);
        needed |= take_node(fetch, node);
        if (node->type == NODE_DIR && fetch->missing > 0)
            walk_tree(fetch, node->subtree, depth + 1);
        fetch->path.length = length;
    }
    if (needed)
        keep(fetch, tree);
    else
        tree_free(tree);
}

static int stage_content(struct fetch *fetch, struct loader *loader, const struct node *node, uint64_t number)
{
    char name[32];
    snprintf(name, sizeof name, "%llu", (unsigned long long)number);
    if (unlinkat(fetch->stage, name, 0) != 0 && errno != ENOENT)
        return err_sys(_("cannot replace the staged file %s"), name);
    int fd FD_AUTO = openat(fetch->stage, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(_("cannot create the staged file %s"), name);
    int err = content_write(loader, node, fd, name);
    if (err)
        unlinkat(fetch->stage, name, 0);
    return err;
}

static int stage_meta(struct fetch *fetch, const struct found *found, uint64_t number)
{
    const struct node *node = &found->node;
    char name[40];
    struct buf bytes BUF_AUTO;
    buf_init(&bytes, (size_t)4 << 20);
    struct fetch_meta meta = {.meta = {.mode = node->mode,
                                       .uid = node->uid,
                                       .gid = node->gid,
                                       .atime_ns = node->atime_ns,
                                       .mtime_ns = node->mtime_ns},
                              .target = (char *)(uintptr_t)node->target,
                              .path = found->path,
                              .device = node->device,
                              .inode = node->inode,
                              .size = node->size};
    struct filemeta_xattr *xattrs MEM_AUTO = mem_zalloc(node->xattr_count, sizeof *xattrs);
    for (size_t i = 0; i < node->xattr_count; i++)
        xattrs[i] = (struct filemeta_xattr){.name = (char *)(uintptr_t)node->xattrs[i].name,
                                            .value = (uint8_t *)(uintptr_t)node->xattrs[i].value,
                                            .length = node->xattrs[i].length};
    meta.meta.xattrs = xattrs;
    meta.meta.xattr_count = node->xattr_count;
    fetch_meta_encode(&meta, &bytes);
    snprintf(name, sizeof name, "%llu.meta", (unsigned long long)number);
    int fd FD_AUTO = openat(fetch->stage, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(_("cannot create the staged file %s"), name);
    return fd_write_all(fd, bytes.data, bytes.length, name);
}

static void *work(void *context)
{
    struct fetch *fetch = context;
    struct loader *loader = loader_new(fetch->vault);
    size_t i;
    while ((i = atomic_fetch_add(&fetch->next, 1)) < fetch->count) {
        if (fetch->results[i].err)
            continue;
        const struct found *found = &fetch->found[i];
        uint64_t number = fetch->wanted[i].number;
        int err = found->node.type == NODE_FILE ? stage_content(fetch, loader, &found->node, number) : 0;
        if (!err)
            err = stage_meta(fetch, found, number);
        fetch->results[i].err = err;
        if (err) {
            pthread_mutex_lock(&fetch->mutex);
            free(fetch->last_text);
            fetch->last_text = mem_printf("%s: %s", found->path, err_text());
            pthread_mutex_unlock(&fetch->mutex);
        }
    }
    loader_free(loader);
    return NULL;
}

static void stage_all(struct fetch *fetch)
{
    pthread_t helpers[MAX_WORKERS - 1];
    unsigned started = 0, wanted = vault_connections(fetch->vault)
                                       ? vault_reading_threads(fetch->vault, MAX_WORKERS)
                                       : WORKERS;
    if (fetch->count > 1)
        while (started < wanted - 1 && pthread_create(&helpers[started], NULL, work, fetch) == 0)
            started++;
    work(fetch);
    while (started > 0)
        pthread_join(helpers[--started], NULL);
}

static int look(struct fetch *fetch, const char *name, const char *root)
{
    uint8_t top[SHA256_SIZE];
    struct snapshot *snapshot;
    int err = snapshot_find(fetch->vault, name, NULL, &snapshot);
    if (err)
        return err;
    err = vault_need_index(fetch->vault);
    if (!err) {
        fetch->loader = loader_new(fetch->vault);
        memcpy(top, snapshot->tree, sizeof top);
        err = folder_descend(fetch->loader, root, top);
    }
    if (!err)
        walk_tree(fetch, top, 0);
    snapshot_free(snapshot);
    return err;
}

static int outcome(const struct fetch *fetch)
{
    size_t failed = 0;
    for (size_t i = 0; i < fetch->count; i++)
        failed += fetch->results[i].err != 0;
    if (failed == 0)
        return 0;
    return err_set(ERR_PARTIAL, _("%zu of %zu versions could not be fetched from the vault%s%s"), failed,
                   fetch->count, fetch->last_text ? "; " : "", fetch->last_text ? fetch->last_text : "");
}

int vault_fetch(struct vault *vault, const char *snapshot, const char *root,
                const struct vault_wanted *wanted, size_t count, int stage, struct vault_fetched *results)
{
    struct fetch fetch = {
        .vault = vault, .wanted = wanted, .count = count, .results = results, .stage = stage};
    fetch.found = mem_zalloc(count, sizeof *fetch.found);
    pthread_mutex_init(&fetch.mutex, NULL);
    buf_init(&fetch.path, (size_t)4 << 20);
    sort_wanted(&fetch);
    int err = look(&fetch, snapshot, root);
    if (!err) {
        stage_all(&fetch);
        err = outcome(&fetch);
    }
    for (size_t i = 0; i < count; i++)
        free(fetch.found[i].path);
    for (size_t i = 0; i < fetch.kept_count; i++)
        tree_free(fetch.kept[i]);
    free(fetch.kept);
    free(fetch.found);
    free(fetch.by_inode);
    free(fetch.by_path);
    free(fetch.last_text);
    loader_free(fetch.loader);
    buf_free(&fetch.path);
    pthread_mutex_destroy(&fetch.mutex);
    return err;
}
