/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A tree: the nodes of one folder, `{"nodes":[...]}` and a newline, ascending by the bytes of the name.
 */
#ifndef VAULT_TREE_H
#define VAULT_TREE_H

#include "vault/node.h"

#define TREE_MAX_NODES (16u << 20)

struct tree {
    struct arena arena;
    struct node *nodes;
    size_t count;
};

/* Reads a tree blob. ERR_CORRUPT when it is malformed or a name comes twice. tree_free ends it. */
int tree_decode(const void *bytes, size_t length, struct tree **out);
void tree_free(struct tree *tree); /* NULL is fine */
/* The node of a name, or NULL. */
const struct node *tree_find(const struct tree *tree, const char *name, size_t length);

/* Writing: begin, one node after the other in ascending order, end. */
void tree_begin(struct buf *out);
void tree_add(struct buf *out, const struct node *node);
void tree_end(struct buf *out);
/* The order of names: by bytes, a shorter one first. */
int tree_compare(const char *a, size_t a_length, const char *b, size_t b_length);

#endif
