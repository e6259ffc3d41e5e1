/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The index: which pack holds a blob, and where in it. In memory one array of entries and a table of slots,
 * 56 bytes and two slots per blob; nothing is allocated per blob.
 *
 *     {"packs":[{"id":"...","blobs":[{"id","type","offset","length","uncompressed_length"?}]}]}
 */
#ifndef VAULT_INDEX_H
#define VAULT_INDEX_H

#include "vault/pack.h"

#define INDEX_PENDING UINT32_MAX /* a blob of this session whose pack is not written yet */

struct index_entry {
    uint8_t id[SHA256_SIZE];
    uint32_t pack; /* number of the pack, or INDEX_PENDING */
    uint32_t offset, length, unpacked;
    uint8_t type; /* enum pack_type */
};

struct index_pack {
    uint8_t id[SHA256_SIZE];
    uint32_t first, count; /* its entries */
};

struct index {
    struct index_entry *entries;
    size_t count, room;
    struct index_pack *packs;
    size_t pack_count, pack_room;
    uint32_t *slots; /* entry number + 1, or 0 */
    size_t slot_count;
};

struct index *index_new(void);
void index_free(struct index *index); /* NULL is fine */

/* Adds what an index file says. ERR_CORRUPT when it is malformed; the index may then hold a part of it. */
int index_decode(struct index *index, const void *bytes, size_t length);
/* The entry of a blob (the first when several packs hold it), or NULL. */
const struct index_entry *index_find(const struct index *index, enum pack_type type,
                                     const uint8_t id[static SHA256_SIZE]);
/* How many plain bytes the blob has. */
uint32_t index_plain_length(const struct index_entry *entry);
/* Notes a blob that is on its way into a pack. */
void index_add_pending(struct index *index, enum pack_type type, const uint8_t id[static SHA256_SIZE]);

/* Writing an index file: begin, packs, end (with a newline). */
void index_begin(struct buf *out);
void index_put_pack(struct buf *out, const uint8_t id[static SHA256_SIZE], const struct pack_entry *entries,
                    size_t count);
void index_end(struct buf *out);

#endif
