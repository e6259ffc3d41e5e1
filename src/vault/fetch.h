/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fetching single versions out of a snapshot into a staging folder, for a recovery. For a wanted number N:
 *
 *     N         the content (files only; mode 0600, times of now)
 *     N.meta    what else is known of it, by fetch_meta_encode:
 *
 *         filemeta (base/filemeta.h: mode with the type, owner, times, attributes)
 *         string   target of a symlink, "" for others
 *         u64      st_rdev of a device, 0 for others
 *         u64      inode at the time of the snapshot
 *         u64      size
 *         string   path relative to the root of the tree
 */
#ifndef VAULT_FETCH_H
#define VAULT_FETCH_H

#include "base/filemeta.h"
#include "vault/node.h"
#include "vault/vault.h"

struct vault_wanted {
    uint64_t inode;   /* 0: look for `path` instead */
    const char *path; /* relative to the root; NULL when the inode is given */
    int64_t mtime_ns; /* what is expected; 0: any */
    uint64_t size;    /* expected, when mtime_ns is not 0 */
    uint64_t number;  /* names the staging files; every wanted has its own */
};

struct vault_fetched {
    int err; /* 0: staged; ERR_NOT_FOUND; ERR_CHANGED: another mtime or size; ERR_CORRUPT, ERR_NO_SPACE, ...
              */
    enum node_type type;
    uint64_t size;
};

/* Fetches from the snapshot whose ID begins with `snapshot` (or "latest") what lies below `root`, the
 * absolute path that was backed up. One result per wanted, in order. `stage` is the open staging folder;
 * files that are there already under a number are replaced. 0 when all were staged, ERR_PARTIAL when some
 * were not (the text is that of the last), another error when nothing could be looked for. */
int vault_fetch(struct vault *vault, const char *snapshot, const char *root,
                const struct vault_wanted *wanted, size_t count, int stage, struct vault_fetched *results);

struct fetch_meta {
    struct filemeta meta; /* owned */
    char *target, *path;  /* owned */
    uint64_t device, inode, size;
};
void fetch_meta_encode(const struct fetch_meta *meta, struct buf *out);
/* A malformed encoding sets r->failed and leaves *out empty. */
void fetch_meta_decode(struct reader *r, struct fetch_meta *out);
void fetch_meta_free(struct fetch_meta *meta); /* frees what it owns */

#endif
