/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Index files as files: adding packs to the index, and taking packs out of it. New files are written before
 * old ones go, so that whenever it is cut off everything is named at least once.
 */
#ifndef VAULT_INDEXES_H
#define VAULT_INDEXES_H

#include "vault/vault.h"

/* New index files, of about 50 000 blobs each. */
struct indexes_out {
    const struct vault *vault;
    struct buf text;
    size_t blobs;
};
void indexes_begin(struct indexes_out *out, const struct vault *vault);
/* Adds a pack; writes a file when it is full. */
int indexes_put(struct indexes_out *out, const uint8_t id[static SHA256_SIZE],
                const struct pack_entry *entries, size_t count);
/* Writes what is left, unless `failed`, and frees. */
int indexes_end(struct indexes_out *out, bool failed);

/* Whether a pack is to be named no longer. */
typedef bool indexes_drops(void *context, const uint8_t id[static SHA256_SIZE]);

/* Goes through the index files `names`: one that names a pack to be dropped is replaced by one that does not.
 * One that cannot be read is told to `bad` and removed; without `bad` (NULL) it fails the whole before
 * anything is removed. For those with the exclusive lock. */
int indexes_drop(const struct vault *vault, char (*names)[VAULT_ID_TEXT], size_t count, indexes_drops *drops,
                 vault_bad_file *bad, void *context);

#endif
