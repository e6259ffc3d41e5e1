/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a tree holds, entry by entry, to tell afterwards what an attack and a recovery left of it: bytes (by
 * SHA-256), owner, mode, modification time, extended attributes and ACLs (by a hash over them), link target,
 * and which names are hard links of one file.
 *
 * As a file: a first line "beffroi-drill manifest 1", then one line per entry, sorted by path, fields
 * separated by tabs: type (d f l), mode (octal), uid, gid, size, mtime in ns, SHA-256 or "-", hash of the
 * attributes or "-", path of the first hard link or "-", target or "-", path. Bytes below 0x20, "%" and
 * 0x7f are written as %XX in the last three.
 */
#ifndef DRILL_MANIFEST_H
#define DRILL_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct manifest_entry {
    char *path; /* relative to the tree */
    char type;  /* 'd', 'f', 'l', or '?' for anything else */
    uint32_t mode, uid, gid;
    uint64_t size;
    int64_t mtime_ns;
    uint8_t sha256[32]; /* of a file's bytes or a link's target */
    uint8_t xattrs[32]; /* over names and values in order; zeros when there are none */
    char *same_as;      /* first path, in order, of the same inode; NULL when nlink is 1 or it is the first */
    char *target;       /* of a symbolic link, else NULL */
};

struct manifest {
    struct manifest_entry *entries; /* owned, sorted by path */
    size_t count;
};

/* Reads the tree below the open folder `dirfd`, never leaving its file system, on several threads. `skip`:
 * a path whose whole subtree is left out, or NULL. The drill's own marker is always left out. */
int manifest_read(int dirfd, const char *skip, struct manifest **out);
void manifest_free(struct manifest *m);
/* The entry at `path`, or NULL. */
const struct manifest_entry *manifest_find(const struct manifest *m, const char *path);

void manifest_encode(const struct manifest *m, struct buf *out);
int manifest_decode(const void *bytes, size_t length, struct manifest **out);

enum manifest_verdict { MANIFEST_SAME, MANIFEST_CHANGED, MANIFEST_MISSING, MANIFEST_EXTRA, MANIFEST_META };

struct manifest_counts {
    size_t same;    /* entries identical in all that is recorded */
    size_t changed; /* other bytes, target or type */
    size_t missing;
    size_t extra;
    size_t meta; /* same bytes; owner, mode, time (of a file), attributes or hard link differ */
};

/* Calls `each` (may be NULL) for every entry that is not the same; `what` names the differing fields. */
typedef void manifest_each(void *self, enum manifest_verdict verdict, const char *path, const char *what);
struct manifest_counts manifest_compare(const struct manifest *before, const struct manifest *after,
                                        manifest_each *each, void *self);

#endif
