/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

int tree_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    int order = memcmp(a, b, a_length < b_length ? a_length : b_length);
    return order ? order : a_length < b_length ? -1 : a_length > b_length;
}

static int by_name(const void *a, const void *b)
{
    const struct node *x = a, *y = b;
    return tree_compare(x->name, x->name_length, y->name, y->name_length);
}

static void read_nodes(struct jsonread *j, struct tree *tree, struct buf *scratch)
{
    size_t room = 0;
    if (jsonread_null(j))
        return;
    jsonread_array(j);
    while (jsonread_element(j)) {
        if (tree->count >= TREE_MAX_NODES) {
            j->failed = true;
            return;
        }
        if (tree->count == room) {
            room = room ? 2 * room : 16;
            tree->nodes = mem_resize(tree->nodes, room, sizeof *tree->nodes);
        }
        struct node *node = &tree->nodes[tree->count];
        const char *start = j->at;
        node_decode(j, &tree->arena, scratch, node);
        node->text = start;
        node->text_length = (size_t)(j->at - start);
        if (!j->failed)
            tree->count++;
    }
}

/* Other programs may have written them in another order; a name that comes twice could write a file through a
 * link of the same name, so it is refused. */
static bool put_in_order(struct tree *tree)
{
    bool sorted = true;
    for (size_t i = 1; sorted && i < tree->count; i++)
        sorted = by_name(&tree->nodes[i - 1], &tree->nodes[i]) < 0;
    if (sorted)
        return true;
    qsort(tree->nodes, tree->count, sizeof *tree->nodes, by_name);
    for (size_t i = 1; i < tree->count; i++)
        if (by_name(&tree->nodes[i - 1], &tree->nodes[i]) == 0)
            return false;
    return true;
}

int tree_decode(const void *bytes, size_t length, struct tree **out)
{
    struct tree *tree = mem_zalloc(1, sizeof *tree);
    struct buf scratch BUF_AUTO;
    buf_init(&scratch, 2 * NODE_MAX_STRING);
    struct jsonread j;
    struct jsonread_key key;
    jsonread_init(&j, bytes, length);
    jsonread_object(&j);
    while (jsonread_key(&j, &key)) {
        if (jsonread_is(key, "nodes") && tree->count == 0)
            read_nodes(&j, tree, &scratch);
        else
            jsonread_skip(&j);
    }
    if (!jsonread_done(&j) || !put_in_order(tree)) {
        tree_free(tree);
        return err_set(ERR_CORRUPT, _("a folder of the snapshot is malformed"));
    }
    *out = tree;
    return 0;
}

void tree_free(struct tree *tree)
{
    if (!tree)
        return;
    arena_free(&tree->arena);
    free(tree->nodes);
    free(tree);
}

const struct node *tree_find(const struct tree *tree, const char *name, size_t length)
{
    size_t low = 0, high = tree ? tree->count : 0;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct node *node = &tree->nodes[middle];
        int order = tree_compare(name, length, node->name, node->name_length);
        if (order == 0)
            return node;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

void tree_begin(struct buf *out)
{
    buf_put(out, "{\"nodes\":[", 10);
}

void tree_add(struct buf *out, const struct node *node)
{
    if (out->length && out->data[out->length - 1] != '[')
        buf_put_u8(out, ',');
    node_encode(node, out);
}

void tree_end(struct buf *out)
{
    buf_put(out, "]}\n", 3);
}
