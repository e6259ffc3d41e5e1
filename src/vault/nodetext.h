/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON of a node with one thing changed, and all else byte for byte as it was: also what this program
 * does not know, as another system's attributes.
 */
#ifndef VAULT_NODETEXT_H
#define VAULT_NODETEXT_H

#include "vault/node.h"

struct nodetext_change {
    const uint8_t *subtree; /* SHA256_SIZE bytes: the new subtree of a folder; NULL: as it was */
    bool new_content;       /* the content and size of a file are these */
    const uint8_t (*content)[SHA256_SIZE];
    size_t content_count;
    uint64_t size;
};

/* Appends the node's `text` with the change. The node must come from node_decode. */
void nodetext_put(struct buf *out, const struct node *node, const struct nodetext_change *change);

#endif
