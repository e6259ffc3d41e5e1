/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Giving back the room of what no snapshot needs any more, as restic prune does.
 *
 * Packs that nobody needs go; of packs that are needed in part, those with the most waste are packed anew
 * until what is wasted is below the limit. Order of writes: new packs, their index, an index of all that
 * stays; then the old indexes go, then the packs. Whenever it is cut off, every snapshot can be restored, and
 * the next prune does the rest.
 */
#ifndef VAULT_PRUNE_H
#define VAULT_PRUNE_H

#include "vault/vault.h"

/* How much of what is needed may be wasted: restic's default of 5 %. */
#define VAULT_PRUNE_PERCENT 5

struct vault_prune_options {
    bool dry_run;
    enum vault_unused { VAULT_UNUSED_PERCENT, VAULT_UNUSED_BYTES, VAULT_UNUSED_UNLIMITED } unused_kind;
    double unused_percent;      /* of the bytes in use; VAULT_UNUSED_PERCENT */
    uint64_t unused_bytes;      /* VAULT_UNUSED_BYTES */
    uint64_t repack_bytes_most; /* to be packed anew; 0: no limit */
    bool repack_trees_only;     /* no packs of data: what a client keeps in its cache anyway */
    bool repack_small;          /* packs under four fifths of the target, too, or under: */
    uint64_t small_bytes;       /* 0: as said */
    bool repack_uncompressed;   /* packs with blobs that are not compressed, too (format 2) */
    void *context;
    /* Packs packed anew so far; may be NULL. */
    void (*on_progress)(void *context, uint64_t done, uint64_t total);
};

struct vault_count {
    uint64_t blobs, bytes; /* as stored */
};

struct vault_prune_result {
    struct vault_count used, unused;           /* before; what lies twice counts once as used */
    struct vault_count repacked, removed;      /* moved; and gone with their packs */
    struct vault_count wasted;                 /* unused, and left where it is */
    uint64_t unindexed_packs, unindexed_bytes; /* files that no index names; removed */
    uint64_t packs_kept, packs_repacked, packs_removed;
};

/* Takes the exclusive lock. ERR_CORRUPT, and nothing is changed, when something that is needed is missing;
 * ERR_LOCKED, ERR_NO_SPACE, ERR_READ_ONLY. The vault's index is given back. */
int vault_prune(struct vault *vault, const struct vault_prune_options *options,
                struct vault_prune_result *result);

#endif
