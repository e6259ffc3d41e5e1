/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading blobs from several threads: one loader per thread that reads, all on one open vault. When snapshots
 * came, a vault with the index read anew takes the place of the old one, which is closed when the last reader
 * is done with it; so nobody waits for an index.
 */
#ifndef MOUNT_POOL_H
#define MOUNT_POOL_H

#include "vault/vault.h"

struct pool;

/* The vaults become the pool's; their index must be in memory, and nobody else may use them. */
struct pool *pool_new(struct vault *vault);
void pool_replace(struct pool *pool, struct vault *vault);
void pool_free(struct pool *pool); /* nobody may be reading; NULL is fine */

/* Told of the plain bytes, which are good until it returns. 0 or a negative enum err. */
typedef int pool_take(void *context, const uint8_t *bytes, size_t length);
/* Loads a blob; errors as loader_load's and those of `take`. */
int pool_load(struct pool *pool, enum pack_type type, const uint8_t id[static SHA256_SIZE], pool_take *take,
              void *context);
/* Where each of `count` data blobs begins when they follow each other: `offsets` gets count + 1 numbers.
 * ERR_NOT_FOUND names one that no index names. */
int pool_offsets(struct pool *pool, const uint8_t (*ids)[SHA256_SIZE], size_t count, uint64_t *offsets);

#endif
