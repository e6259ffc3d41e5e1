/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pack: sealed blobs one after the other, then the sealed header, then its length.
 *
 *     blob... | sealed(entry...) | u32 length of the sealed header
 *     entry: u8 type | u32 sealed length | [u32 unpacked length, types 2 and 3] | id[32]
 *
 * Integers are little-endian. Types: 0 data, 1 tree, 2 compressed data, 3 compressed tree.
 */
#ifndef VAULT_PACK_H
#define VAULT_PACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "blob/store.h"
#include "crypto/seal.h"
#include "crypto/sha256.h"

enum pack_type { PACK_DATA = 0, PACK_TREE = 1 };

#define PACK_MAX_HEADER  ((size_t)16 << 20)
#define PACK_TARGET      ((size_t)16 << 20)
#define PACK_MAX_ENTRIES (PACK_MAX_HEADER / 37)

struct pack_entry {
    uint8_t id[SHA256_SIZE]; /* SHA-256 of the plain bytes */
    enum pack_type type;
    uint32_t offset;
    uint32_t length;   /* sealed */
    uint32_t unpacked; /* plain length of a compressed blob; 0: not compressed */
};

/* Appends the header (unsealed) for the blobs. */
void pack_header_encode(const struct pack_entry *entries, size_t count, struct buf *out);
/* Reads an unsealed header; *entries is the caller's to free. ERR_CORRUPT when it does not end exactly, an
 * entry is impossible, or the blobs overrun 4 GiB. Offsets follow from the lengths. */
int pack_header_decode(const void *bytes, size_t length, struct pack_entry **entries, size_t *count);

/* A pack being filled, in memory or straight into a store. Its bytes are sealed, so they need not be wiped.
 */
struct pack {
    uint8_t *bytes;           /* all of it; with `out` the place where the next blob is sealed */
    size_t length;            /* of the whole */
    size_t room;              /* of `bytes` */
    struct blob_growing *out; /* NULL: it is in memory */
    struct sha256 *hash;      /* of what went out */
    struct pack_entry *entries;
    size_t count;
};
void pack_init(struct pack *pack);
/* An empty pack goes to `out` from now on, which becomes the pack's. */
void pack_begin_growing(struct pack *pack, struct blob_growing *out);
void pack_free(struct pack *pack); /* and what was not stored of it */
/* Seals `length` bytes into it (what the pack holds of the blob); offset and length in `entry` are set here.
 * After a failure the pack is good for nothing but pack_free. */
int pack_add(struct pack *pack, const struct seal_key *key, struct pack_entry entry, const void *bytes,
             size_t length);
/* Appends the sealed header and its length: the file is whole, and `id` its name. */
int pack_finish(struct pack *pack, const struct seal_key *key, uint8_t id[static SHA256_SIZE]);
/* Stores the finished pack under that name. */
int pack_store(struct pack *pack, struct blob_writer writer, const char *name);

#endif
