/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the walk have in common; nobody else includes it.
 */
#ifndef VAULT_WALKPARTS_H
#define VAULT_WALKPARTS_H

#include "vault/walk.h"

#define WALK_MAX_TREE_JSON ((size_t)1 << 30)

/* ERR_CANCELED when the caller of the backup wants it to end. */
int walk_stop_if_canceled(struct walk *walk);

/* Stores what can be read from `fd` and notes its chunks in walk->content. `expected` is how long it should
 * be: when that much was read and less came than was asked for, the end is not asked for again. */
int walk_read_content(struct walk *walk, int fd, uint64_t expected, uint64_t *total);

/* Adds the node to the tree of its folder under that name, counts it and tells of it. */
void walk_put_node(struct walk *walk, struct buf *tree, struct node *node, const char *name,
                   enum vault_file_state state);

/* Ends the JSON of a folder and stores it; its bytes become the writer's. */
int walk_store_tree(struct walk *walk, struct buf *json, uint8_t id[static SHA256_SIZE]);

#endif
