/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the kernel is told of a name: its number, its attributes, and how long they hold. A snapshot never
 * changes; the folders above do.
 */
#ifndef MOUNT_ENTRY_H
#define MOUNT_ENTRY_H

#include <sys/stat.h>

#include "mount/state.h"

#define ENTRY_FOREVER   86400.0 /* seconds */
#define ENTRY_REFRESHED 1.0

struct fuse_entry_param;

void stat_of_place(const struct mount *mount, const struct place *place, struct stat *out);
void stat_of_found(const struct mount *mount, const struct found *found, struct stat *out);
void stat_of_node(const struct mount *mount, const struct node *node, uint64_t inode, struct stat *out);

/* The entry of a place; of a snapshot, that of its root. Counts as a lookup by the kernel. With places_mutex
 * held. */
void entry_of_place(struct mount *mount, const struct place *place, struct fuse_entry_param *out);
/* The entry of node `index` of the folder that is called `number`; the same. ERR_TOO_LARGE for a folder that
 * is nested too deep. */
int entry_of_node(struct mount *mount, uint64_t number, const struct folder *folder, uint32_t index,
                  const struct node *node, struct fuse_entry_param *out);
/* The kernel was not told after all. */
void entry_undo(struct mount *mount, const struct fuse_entry_param *entry);

#endif
