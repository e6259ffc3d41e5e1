/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The folders of snapshots that the kernel knows. The kernel names a file by a number that we choose: here
 * the number of its folder and its place in the folder's tree, so that files need no record at all; a folder
 * has one as long as the kernel knows it or something in it.
 *
 *     number of a file or link: folder << NODE_BITS | place in the tree + 1
 *     number of a folder:       folder << NODE_BITS
 *     number of a place (mount/places.h) that is no snapshot: itself, below 1 << NODE_BITS
 *
 * A record takes about 150 bytes and its name. Beyond FOLDERS_MOST of them, folders_stale says which to ask
 * the kernel to forget. Safe for several threads.
 */
#ifndef MOUNT_FOLDERS_H
#define MOUNT_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/sha256.h"

#define NODE_BITS          25 /* more than TREE_MAX_NODES */
#define NODE_FOLDER(node)  ((node) >> NODE_BITS)
#define NODE_INDEX(node)   ((node) & ((UINT64_C(1) << NODE_BITS) - 1))
#define FOLDERS_MOST       ((size_t)1 << 17)
#define FOLDERS_MOST_DEPTH 512

/* What is known of a folder; the same as long as the folder is. */
struct folder {
    uint64_t parent; /* the parent's number; 0: this is a snapshot's root */
    uint32_t index;  /* in the parent's tree; of a root: the number of its place */
    uint32_t depth;  /* of a root: 0 */
    uint64_t inode;  /* for people */
    uint64_t parent_inode;
    uint64_t root_inode; /* of the snapshot's root */
    uint64_t generation; /* tells it from an earlier folder of the same number */
    uint8_t tree[SHA256_SIZE];
};

struct folders;
struct folders *folders_new(size_t most);   /* 0: FOLDERS_MOST */
void folders_free(struct folders *folders); /* NULL is fine */

/* The kernel looked up this folder (parent and index say which; `name` is copied): returns its number. The
 * parent must be known. */
uint64_t folders_enter(struct folders *folders, const struct folder *model, const char *name,
                       uint64_t *generation);
/* The kernel looked up something else in it. */
void folders_use(struct folders *folders, uint64_t number);
/* The kernel forgot `count` lookups of a node (a file's or a folder's number). */
void folders_forget(struct folders *folders, uint64_t node, uint64_t count);
/* False when there is no such folder. */
bool folders_get(struct folders *folders, uint64_t number, struct folder *out);
/* The path of a node's folder below the mount, without the snapshot's root; the caller frees it. Sets *root
 * to the place of the snapshot. */
char *folders_path(struct folders *folders, uint64_t number, uint32_t *root);

/* Waits until there are too many, then tells one that the kernel should forget: it was not used for long, and
 * no other that is known lies in it. The caller frees *name. False when folders_end was called. */
bool folders_stale(struct folders *folders, struct folder *out, char **name);
void folders_end(struct folders *folders);

#endif
