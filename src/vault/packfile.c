/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/packfile.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"

/* `end` is the last `available` bytes of a pack of `size` bytes. *needed gets the length of the sealed list
 * and of the number behind it. */
static int list_length(const uint8_t *end, size_t available, uint64_t size, size_t *needed)
{
    struct reader r;
    if (available < 4 + SEAL_OVERHEAD)
        return err_set(ERR_CORRUPT, _("it is too short"));
    reader_init(&r, end + available - 4, 4);
    size_t length = reader_u32(&r);
    if (length < SEAL_OVERHEAD || length > size - 4 || length > PACK_MAX_HEADER + SEAL_OVERHEAD)
        return err_set(ERR_CORRUPT, _("the length of its header is impossible"));
    *needed = length + 4;
    return 0;
}

/* `end` holds exactly the sealed list and its length. */
static int open_list(const struct seal_key *key, const uint8_t *end, size_t needed, uint64_t size,
                     struct pack_entry **entries, size_t *count)
{
    size_t length = needed - 4;
    uint8_t *plain MEM_AUTO = mem_resize(NULL, length, 1);
    int err = seal_open(key, end, length, plain);
    if (!err)
        err = pack_header_decode(plain, length - SEAL_OVERHEAD, entries, count);
    if (!err && *count &&
        (*entries)[*count - 1].offset + (uint64_t)(*entries)[*count - 1].length != size - needed) {
        free(*entries);
        err = err_set(ERR_CORRUPT, _("its header does not fit its length"));
    }
    return err;
}

int packfile_list(const struct seal_key *key, const uint8_t *bytes, size_t size, struct pack_entry **entries,
                  size_t *count)
{
    size_t needed;
    int err = list_length(bytes, size, size, &needed);
    return err ? err : open_list(key, bytes + size - needed, needed, size, entries, count);
}

int packfile_read_list(const struct vault *vault, const char *name, uint64_t size,
                       struct pack_entry **entries, size_t *count)
{
    uint8_t first[4 + SEAL_OVERHEAD];
    size_t needed;
    if (size < sizeof first)
        return err_set(ERR_CORRUPT, _("it is too short"));
    struct blob_reader reader = vault_reader(vault);
    int err = blob_read(reader, BLOB_PACK, name, size - sizeof first, first, sizeof first);
    if (!err)
        err = list_length(first, sizeof first, size, &needed);
    if (err)
        return err;
    uint8_t *end MEM_AUTO = mem_resize(NULL, needed, 1);
    err = blob_read(reader, BLOB_PACK, name, size - needed, end, needed);
    return err ? err : open_list(vault_seal_key(vault), end, needed, size, entries, count);
}

static int by_offset(const void *a, const void *b)
{
    const struct index_entry *x = a, *y = b;
    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

uint64_t packfile_expected_size(const struct index *index, const struct index_pack *pack)
{
    struct index_entry *entries MEM_AUTO = mem_zalloc(pack->count + 1, sizeof *entries);
    if (pack->count) {
        memcpy(entries, index->entries + pack->first, pack->count * sizeof *entries);
        qsort(entries, pack->count, sizeof *entries, by_offset);
    }
    uint64_t size = 0, header = SEAL_OVERHEAD + 4;
    for (uint32_t i = 0; i < pack->count; i++) {
        if (entries[i].offset != size)
            return 0;
        size += entries[i].length;
        header += entries[i].unpacked ? 41 : 37;
    }
    return size + header;
}
