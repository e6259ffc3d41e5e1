/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Adds blobs: compresses and seals them on several threads, fills packs, writes them, and writes the index
 * that names them. Order of writes: packs, then index; the snapshot is the caller's and comes last.
 */
#ifndef VAULT_WRITER_H
#define VAULT_WRITER_H

#include "vault/vault.h"

struct writer;

struct writer_totals {
    uint64_t data_blobs, tree_blobs;
    uint64_t plain_bytes, stored_bytes;
};

/* `vault`'s index must be in memory. */
struct writer *writer_new(struct vault *vault);
/* Stores a blob unless the repository has it or it is on its way; `bytes` (malloc'd) become the writer's,
 * also after a failure. `id` gets its name. Waits when too much is in flight. An error is that of an earlier
 * blob too: after one, nothing more is stored. *added (may be NULL) tells whether it was new. */
int writer_add(struct writer *writer, enum pack_type type, uint8_t *bytes, size_t length,
               uint8_t id[static SHA256_SIZE], bool *added);
/* Stores a blob of this name in any case: prune moves it out of a pack that goes away. */
int writer_move(struct writer *writer, enum pack_type type, uint8_t *bytes, size_t length,
                const uint8_t id[static SHA256_SIZE]);
/* Waits until everything is on the disk, packs and index. */
int writer_finish(struct writer *writer, struct writer_totals *totals);
/* Ends it. Without writer_finish before, packs that are already written are still indexed if that works, so
 * that the next backup finds them. NULL is fine. */
void writer_free(struct writer *writer);

#endif
