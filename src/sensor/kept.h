/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which versions of files exist a second time, and where: in the vault (by the held lists) or in the shadow
 * store. A version is known by a fingerprint of its stamp, so that 100 000 files cost about 2 MB. All
 * functions may be called from any thread; kept_find allocates nothing.
 */
#ifndef SENSOR_KEPT_H
#define SENSOR_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "model/version.h"

/* What tells a file's version from every other on this machine. */
struct stamp {
    uint64_t device, inode, size;
    int64_t mtime_ns, ctime_ns;
};

struct kept;

struct kept *kept_new(size_t tree_count);
void kept_free(struct kept *k);

struct stamp kept_stamp(const struct stat *st);
/* A folder has no bytes: what is kept of it is owner, mode and attributes, and it is known by its inode
 * alone, because whatever happens in it moves its times on. */
struct stamp kept_folder_stamp(uint64_t device, uint64_t inode);
/* The stamp as a version that is nowhere (kind NONE). */
struct version kept_version(const struct stamp *stamp);
/* Fills *out with the stamp's fields and where the version is; false (and kind NONE) when nowhere. A shadow
 * copy is named before a snapshot, because it is back faster. */
bool kept_find(struct kept *k, const struct stamp *stamp, struct version *out);
bool kept_in_vault(struct kept *k, const struct stamp *stamp);

void kept_add_shadow(struct kept *k, const struct stamp *stamp, uint64_t number);
/* The file got another stamp but kept its bytes (renamed, linked, other mode): the copy is still good. */
void kept_alias(struct kept *k, const struct stamp *old, const struct stamp *fresh);
/* Forgets the shadow copies whose number is no longer `living`. */
void kept_purge(struct kept *k, bool (*living)(uint64_t number, void *self), void *self);
/* A new snapshot of a tree: entries of the one before the last are forgotten, then the caller adds the new
 * ones. Two generations stay, for changes whose events are still under way. */
void kept_begin_snapshot(struct kept *k, uint32_t tree, uint64_t snapshot);
void kept_add_held(struct kept *k, uint32_t tree, const struct stamp *stamp);

#endif
