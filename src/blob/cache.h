/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A copy on this machine of what is read often of a store behind a network: indexes, snapshots, and the packs
 * that hold folders. It is restic's cache, in its place and layout, and both may use it at the same time:
 *
 *     FOLDER/CACHEDIR.TAG
 *     FOLDER/ID of the repository/version          "1"
 *                                {data,index,snapshots}/xx/NAME
 *
 * FOLDER is blob_settings' cache_folder, or RESTIC_CACHE_DIR, or restic/ in XDG_CACHE_HOME or ~/.cache.
 *
 * Nothing in it is trusted: whole objects are compared with their name when they are read, and whoever reads
 * a part of a pack and finds it damaged calls blob_forget and reads again, then from the store. An entry
 * whose object is gone goes when its kind is listed, or with cache_sweep_packs. It never fills the disk.
 */
#ifndef BLOB_CACHE_H
#define BLOB_CACHE_H

#include <stdbool.h>

#include "blob/store.h"

/* Wraps a store, which becomes the new one's; `id` is the repository's. Without a place for a cache, or with
 * a store that needs none, `inner` is returned as it is, and the log says why unless that was wished. */
struct blob_store *cache_wrap(struct blob_store *inner, const char *id);

/* Whether the repository still has a pack. */
typedef bool cache_has(void *context, const char *name);
/* Removes the packs that are gone from the cache of a store that has one. */
void cache_sweep_packs(const struct blob_store *store, cache_has *has, void *context);

#endif
