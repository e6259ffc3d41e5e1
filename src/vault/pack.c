/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/pack.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

#define COMPRESSED     2 /* added to the type */
#define MOST_KEPT_ROOM ((size_t)2 << 20)

void pack_header_encode(const struct pack_entry *entries, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct pack_entry *entry = &entries[i];
        buf_put_u8(out, (uint8_t)(entry->type + (entry->unpacked ? COMPRESSED : 0)));
        buf_put_u32(out, entry->length);
        if (entry->unpacked)
            buf_put_u32(out, entry->unpacked);
        buf_put(out, entry->id, SHA256_SIZE);
    }
}

static bool read_entry(struct reader *r, struct pack_entry *out)
{
    uint8_t type = reader_u8(r);
    out->type = type & 1 ? PACK_TREE : PACK_DATA;
    out->length = reader_u32(r);
    out->unpacked = type >= COMPRESSED ? reader_u32(r) : 0;
    const uint8_t *id = reader_bytes(r, SHA256_SIZE);
    if (!id || type > 3 || out->length < SEAL_OVERHEAD || (type >= COMPRESSED && out->unpacked == 0))
        return false;
    memcpy(out->id, id, SHA256_SIZE);
    return true;
}

int pack_header_decode(const void *bytes, size_t length, struct pack_entry **entries, size_t *count)
{
    struct reader r;
    reader_init(&r, bytes, length);
    struct pack_entry *list = mem_zalloc(length / 37 + 1, sizeof *list);
    size_t found = 0;
    uint64_t offset = 0;
    while (reader_left(&r) > 0 && !r.failed) {
        if (!read_entry(&r, &list[found]) || offset + list[found].length > UINT32_MAX) {
            r.failed = true;
            break;
        }
        list[found].offset = (uint32_t)offset;
        offset += list[found++].length;
    }
    if (length > PACK_MAX_HEADER || !reader_done(&r)) {
        free(list);
        return err_set(ERR_CORRUPT, _("the header of the pack is malformed"));
    }
    *entries = list;
    *count = found;
    return 0;
}

void pack_init(struct pack *pack)
{
    *pack = (struct pack){0};
}

void pack_begin_growing(struct pack *pack, struct blob_growing *out)
{
    pack->out = out;
    pack->hash = sha256_new();
}

void pack_free(struct pack *pack)
{
    uint8_t ignored[SHA256_SIZE];
    if (pack->hash)
        sha256_end(pack->hash, ignored);
    blob_grow_free(pack->out);
    free(pack->bytes);
    free(pack->entries);
    pack_init(pack);
}

/* Room for `length` more bytes. It grows by a quarter: a block of this size is moved by the kernel, not
 * copied. */
static uint8_t *reserve(struct pack *pack, size_t length)
{
    size_t used = pack->out ? 0 : pack->length;
    if (pack->room - used < length) {
        pack->room = used + length + used / 4 + 65536;
        if (pack->out) { /* what was there is not needed any more */
            free(pack->bytes);
            pack->bytes = NULL;
        }
        pack->bytes = mem_resize(pack->bytes, pack->room, 1);
    }
    return pack->bytes + used;
}

/* The bytes that lie where reserve() said belong to the pack from now on. */
static int put(struct pack *pack, const uint8_t *bytes, size_t length)
{
    pack->length += length;
    if (!pack->out)
        return 0;
    sha256_add(pack->hash, bytes, length);
    int err = blob_grow_add(pack->out, bytes, length);
    if (pack->room > MOST_KEPT_ROOM) {
        free(pack->bytes);
        pack->bytes = NULL;
        pack->room = 0;
    }
    return err;
}

int pack_add(struct pack *pack, const struct seal_key *key, struct pack_entry entry, const void *bytes,
             size_t length)
{
    uint8_t *place = reserve(pack, length + SEAL_OVERHEAD);
    int err = seal_close(key, bytes, length, place);
    if (err)
        return err;
    if ((pack->count & (pack->count - 1)) == 0)
        pack->entries = mem_resize(pack->entries, pack->count ? 2 * pack->count : 1, sizeof *pack->entries);
    entry.offset = (uint32_t)pack->length;
    entry.length = (uint32_t)(length + SEAL_OVERHEAD);
    pack->entries[pack->count++] = entry;
    return put(pack, place, length + SEAL_OVERHEAD);
}

int pack_finish(struct pack *pack, const struct seal_key *key, uint8_t id[static SHA256_SIZE])
{
    struct buf header BUF_AUTO;
    buf_init(&header, PACK_MAX_HEADER);
    pack_header_encode(pack->entries, pack->count, &header);
    if (header.overflowed)
        return err_set(ERR_TOO_LARGE, _("too many small blobs in one pack"));
    size_t sealed = header.length + SEAL_OVERHEAD;
    uint8_t *place = reserve(pack, sealed + 4);
    int err = seal_close(key, header.data, header.length, place);
    if (err)
        return err;
    for (unsigned i = 0; i < 4; i++)
        place[sealed + i] = (uint8_t)(sealed >> (8 * i));
    err = put(pack, place, sealed + 4);
    if (err)
        return err;
    if (pack->hash)
        sha256_end(pack->hash, id);
    else
        sha256_of(pack->bytes, pack->length, id);
    pack->hash = NULL;
    return 0;
}

int pack_store(struct pack *pack, struct blob_writer writer, const char *name)
{
    return pack->out ? blob_grow_end(pack->out, name)
                     : blob_write(writer, BLOB_PACK, name, pack->bytes, pack->length);
}
