/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of blobs at the end of a pack file.
 */
#ifndef VAULT_PACKFILE_H
#define VAULT_PACKFILE_H

#include "vault/vault.h"

/* Reads and unseals the list of a pack of `size` bytes, without its blobs; *entries is the caller's to free.
 * ERR_CORRUPT when it does not fit the pack exactly. */
int packfile_read_list(const struct vault *vault, const char *name, uint64_t size,
                       struct pack_entry **entries, size_t *count);
/* The same from the bytes of a whole pack. */
int packfile_list(const struct seal_key *key, const uint8_t *bytes, size_t size, struct pack_entry **entries,
                  size_t *count);
/* The size that a pack must have by what the index says of its blobs, or 0 when they leave gaps. */
uint64_t packfile_expected_size(const struct index *index, const struct index_pack *pack);

#endif
