/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/folder.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

int folder_load(struct loader *loader, const uint8_t id[static SHA256_SIZE], struct tree **out)
{
    const uint8_t *bytes;
    size_t length;
    int err = loader_load(loader, PACK_TREE, id, &bytes, &length);
    return err ? err : tree_decode(bytes, length, out);
}

int folder_descend(struct loader *loader, const char *path, uint8_t id[static SHA256_SIZE])
{
    for (const char *at = path + strspn(path, "/"); *at;) {
        size_t length = strcspn(at, "/");
        struct tree *tree;
        int err = folder_load(loader, id, &tree);
        if (err)
            return err;
        const struct node *node = tree_find(tree, at, length);
        bool good = node && node->type == NODE_DIR;
        if (good)
            memcpy(id, node->subtree, SHA256_SIZE);
        tree_free(tree);
        if (!good)
            return err_set(ERR_NOT_FOUND, _("the snapshot does not hold the folder %s"), path);
        at += length;
        at += strspn(at, "/");
    }
    return 0;
}

int folder_find(const struct vault *vault, struct loader *loader, const char *name,
                const struct snapshot_filter *filter, struct snapshot **out, uint8_t id[static SHA256_SIZE])
{
    const char *colon = strchr(name, ':');
    char *first MEM_AUTO = mem_strdup(name);
    struct snapshot *snapshot;
    if (colon)
        first[colon - name] = '\0';
    int err = snapshot_find(vault, first, filter, &snapshot);
    if (err)
        return err;
    memcpy(id, snapshot->tree, SHA256_SIZE);
    err = colon ? folder_descend(loader, colon + 1, id) : 0;
    if (err)
        snapshot_free(snapshot);
    else
        *out = snapshot;
    return err;
}

static int walk(struct loader *loader, const uint8_t *id, const char *path,
                const struct folder_visitor *visitor, unsigned depth)
{
    struct tree *tree;
    int err = depth > FOLDER_MAX_DEPTH ? err_set(ERR_TOO_LARGE, _("%s: folders are nested too deep"), path)
                                       : folder_load(loader, id, &tree);
    if (err)
        return visitor->on_bad ? visitor->on_bad(visitor->context, id, path, err) : err;
    for (size_t i = 0; err >= 0 && i < tree->count; i++) {
        const struct node *node = &tree->nodes[i];
        char *below MEM_AUTO = mem_printf("%s/%s", path, node->name);
        err = visitor->on_node(visitor->context, id, below, node);
        if (err == FOLDER_INTO && node->type == NODE_DIR)
            err = walk(loader, node->subtree, below, visitor, depth + 1);
    }
    tree_free(tree);
    return err < 0 ? err : 0;
}

int folder_walk(struct loader *loader, const uint8_t id[static SHA256_SIZE], const char *path,
                const struct folder_visitor *visitor)
{
    return walk(loader, id, path, visitor, 0);
}
