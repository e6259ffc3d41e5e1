/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of an open journal, shared by journal.c (adding and writing) and open.c (reading the right
 * edge).
 */
#ifndef JOURNAL_WRITER_H
#define JOURNAL_WRITER_H

#include "journal/journal.h"

/* A full tile on its way to the disk. */
struct waiting {
    int level;
    uint64_t index;
    uint8_t *bytes; /* owned */
    size_t length;
};

struct journal {
    int dirfd;
    int lock;
    struct note_key key;
    struct merkle tree;
    struct buf bundle;                /* the entries of the unfinished bundle */
    uint64_t signed_size;             /* what the checkpoint on the disk covers */
    uint64_t completed;               /* see journal_completed */
    struct waiting *waiting;          /* owned */
    size_t waiting_count;             /* of these the first `written` are on the disk already, and only */
    size_t written;                   /* wait for the checkpoint, after which their partials go */
    size_t waiting_bytes;             /* of entries in full bundles not on the disk */
    uint64_t tiles_at[MERKLE_LEVELS]; /* hashes of that level covered by what is on the disk */
    size_t partial_bytes[TILE_WIDTH]; /* size of the partial bundles of the unfinished tile, by width */
    size_t partial_total;
};

/* Puts an entry into the tree and the bundle, in memory; full tiles are queued. True when the bundle became
 * full. */
bool journal_add(struct journal *j, const char *text, size_t length);
/* Signs the tree as it is; all it covers must be on the disk. */
int journal_write_checkpoint(struct journal *j);
/* Frees without writing. */
void journal_free(struct journal *j);

#endif
