/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A snapshot of one file whose content comes from a pipe: a database dump, say.
 */
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/tree.h"
#include "vault/walkparts.h"

static int read_stream(struct walk *walk, uint64_t *size)
{
    const struct vault_backup_stream *stream = walk->options->stream;
    int err = walk_read_content(walk, stream->fd, UINT64_MAX, size);
    if (!err && stream->end)
        err = stream->end(stream->self);
    return err ? err_in(err, _("no snapshot was made")) : 0;
}

/* What stands for a file, or a folder on the way to it: nothing is known of them but when they were made. */
static struct node made_now(const struct walk *walk, enum node_type type, uint32_t mode)
{
    int64_t now = walk->taken_ns;
    return (struct node){.type = type,
                         .mode = mode,
                         .mtime_ns = now,
                         .atime_ns = now,
                         .ctime_ns = now,
                         .user = "",
                         .group = "",
                         .target = ""};
}

static const struct node *find_before(const struct tree *before, const char *name)
{
    return tree_find(before, name, strlen(name));
}

static struct tree *tree_below(struct walk *walk, const struct node *folder)
{
    const uint8_t *bytes;
    size_t length;
    struct tree *tree = NULL;
    if (!folder || folder->type != NODE_DIR || !folder->has_subtree ||
        loader_load(walk->loader, PACK_TREE, folder->subtree, &bytes, &length) != 0 ||
        tree_decode(bytes, length, &tree) != 0)
        return NULL;
    return tree;
}

/* `path` is what is left of the path, without a slash in front. Depth of recursion: the parts of a path. */
static int save_part(struct walk *walk, char *path, const struct tree *before, uint8_t id[static SHA256_SIZE])
{
    struct buf json BUF_AUTO;
    buf_init(&json, WALK_MAX_TREE_JSON);
    tree_begin(&json);
    char *rest = strchr(path, '/');
    if (rest)
        *rest++ = '\0';
    const struct node *known = find_before(before, path);
    struct node node =
        rest ? made_now(walk, NODE_DIR, S_IFDIR | 0755) : made_now(walk, NODE_FILE, S_IFREG | 0644);
    int err;
    if (rest) {
        struct tree *below = tree_below(walk, known);
        err = save_part(walk, rest, below, node.subtree);
        tree_free(below);
        node.has_subtree = true;
    } else {
        err = read_stream(walk, &node.size);
        node.content = (const uint8_t(*)[SHA256_SIZE])walk->content;
        node.content_count = walk->content_count;
    }
    if (err)
        return err;
    walk_put_node(walk, &json, &node, path, known ? VAULT_FILE_CHANGED : VAULT_FILE_NEW);
    return walk_store_tree(walk, &json, id);
}

int walk_save_stream(struct walk *walk, const struct snapshot *parent, uint8_t id[static SHA256_SIZE])
{
    const char *path = walk->options->stream->path;
    if (path[0] != '/' || path[1] == '\0')
        return err_set(ERR_INVALID, _("\"%s\" is not the name of a file"), path);
    buf_clear(&walk->path);
    buf_put(&walk->path, path, strlen(path));
    walk->root = path;
    walk->root_length = strlen(path);
    struct node top = {.type = NODE_DIR, .has_subtree = true};
    if (parent)
        memcpy(top.subtree, parent->tree, SHA256_SIZE);
    struct tree *before = parent ? tree_below(walk, &top) : NULL;
    char *copy MEM_AUTO = mem_strdup(path + 1);
    int err = save_part(walk, copy, before, id);
    tree_free(before);
    return err;
}
