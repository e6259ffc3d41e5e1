/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Listing folders.
 *
 * An offset, from which a listing goes on: 1 behind ".", 2 behind ".."; in a tree then 3 + the place of the
 * entry that came last, in a place 2 + the number of that child. So both stay right when names come and go.
 */
#ifndef MOUNT_LIST_H
#define MOUNT_LIST_H

#include "mount/state.h"

struct fuse_req;

/* Replies with the entries from `offset` on, as many as fit in `size`; `plus`: with their attributes, each of
 * which counts as a lookup. */
void list_folder(struct mount *mount, struct fuse_req *request, uint64_t number, size_t size, uint64_t offset,
                 bool plus);

#endif
