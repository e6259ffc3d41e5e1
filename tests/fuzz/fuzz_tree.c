/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base crypto blob vault */
/* Trees: no accepted name leads out of its folder, and what is written from an accepted tree is accepted
 * again; so is what a changed node's own text becomes, with the change in it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vault/nodetext.h"
#include "vault/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void change_each(const struct tree *tree)
{
    static const uint8_t ids[1][SHA256_SIZE] = {{7}};
    struct nodetext_change file = {.new_content = true, .content = ids, .content_count = 1, .size = 12};
    struct nodetext_change folder = {.subtree = ids[0]};
    struct tree *again;
    struct buf out;
    buf_init(&out, 0);
    tree_begin(&out);
    for (size_t i = 0; i < tree->count; i++) {
        if (i)
            buf_put_u8(&out, ',');
        nodetext_put(&out, &tree->nodes[i], tree->nodes[i].type == NODE_DIR ? &folder : &file);
    }
    tree_end(&out);
    if (tree_decode(out.data, out.length, &again) != 0 || again->count != tree->count)
        abort();
    for (size_t i = 0; i < again->count; i++) {
        const struct node *node = &again->nodes[i];
        if (node->type == NODE_DIR ? memcmp(node->subtree, ids[0], SHA256_SIZE) != 0
                                   : node->content_count != 1 || node->size != 12)
            abort();
    }
    tree_free(again);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tree *tree, *again;
    if (tree_decode(data, size, &tree) != 0)
        return 0;
    struct buf out;
    buf_init(&out, 0);
    tree_begin(&out);
    for (size_t i = 0; i < tree->count; i++) {
        const char *name = tree->nodes[i].name;
        if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            strlen(name) != tree->nodes[i].name_length)
            abort();
        tree_add(&out, &tree->nodes[i]);
    }
    tree_end(&out);
    if (tree_decode(out.data, out.length, &again) != 0 || again->count != tree->count)
        abort();
    change_each(tree);
    tree_free(again);
    tree_free(tree);
    buf_free(&out);
    return 0;
}
