/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much snapshots hold, counted as restic stats counts.
 */
#ifndef VAULT_STATS_H
#define VAULT_STATS_H

#include "vault/snapshot.h"

enum vault_stats_mode {
    STATS_RESTORE_SIZE, /* what a restore would write; every name counts, hard links once in a snapshot */
    STATS_FILES_BY_CONTENTS, /* files with the same bytes once; all that has none is one file */
    STATS_BLOBS_PER_FILE,    /* of these, each blob once for each path */
    STATS_RAW_DATA,          /* what is stored for the snapshots, trees too; each blob once */
};

struct vault_stats {
    uint64_t snapshots, files, blobs;
    uint64_t bytes; /* as stored with STATS_RAW_DATA, else plain */
    /* STATS_RAW_DATA alone: what all blobs, and those that are compressed, would take uncompressed and do
     * take. */
    uint64_t plain_bytes, packed_bytes, packed_plain_bytes;
};

/* The index must be in memory. An error when a folder cannot be read: then nobody knows the numbers. */
int vault_stats(struct vault *vault, struct loader *loader, const struct snapshots *snapshots,
                enum vault_stats_mode mode, struct vault_stats *out);

#endif
