/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "vault/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "vault/gojson.h"
#include "vault/jsonread.h"

#define FIRST_SLOTS 1024

struct index *index_new(void)
{
    struct index *index = mem_zalloc(1, sizeof *index);
    index->slots = mem_zalloc(FIRST_SLOTS, sizeof *index->slots);
    index->slot_count = FIRST_SLOTS;
    return index;
}

void index_free(struct index *index)
{
    if (!index)
        return;
    free(index->entries);
    free(index->packs);
    free(index->slots);
    free(index);
}

/* The slot where a blob is, or the empty one where it would go. IDs are hashes, so their bytes spread well.
 */
static size_t slot_of(const struct index *index, enum pack_type type, const uint8_t *id)
{
    uint64_t hash;
    memcpy(&hash, id, sizeof hash);
    for (size_t slot = (size_t)hash & (index->slot_count - 1);; slot = (slot + 1) & (index->slot_count - 1)) {
        uint32_t number = index->slots[slot];
        if (number == 0)
            return slot;
        const struct index_entry *entry = &index->entries[number - 1];
        if (entry->type == type && memcmp(entry->id, id, SHA256_SIZE) == 0)
            return slot;
    }
}

static void link_entry(struct index *index, size_t number)
{
    const struct index_entry *entry = &index->entries[number];
    size_t slot = slot_of(index, (enum pack_type)entry->type, entry->id);
    if (index->slots[slot] == 0)
        index->slots[slot] = (uint32_t)number + 1;
}

static void grow_slots(struct index *index)
{
    free(index->slots);
    index->slot_count *= 2;
    index->slots = mem_zalloc(index->slot_count, sizeof *index->slots);
    for (size_t i = 0; i < index->count; i++)
        link_entry(index, i);
}

static void add(struct index *index, const struct index_entry *entry)
{
    if (index->count == index->room) {
        index->room = index->room ? index->room + index->room / 2 : 256;
        index->entries = mem_resize(index->entries, index->room, sizeof *index->entries);
    }
    index->entries[index->count++] = *entry;
    if (index->count * 3 > index->slot_count * 2)
        grow_slots(index);
    else
        link_entry(index, index->count - 1);
}

const struct index_entry *index_find(const struct index *index, enum pack_type type,
                                     const uint8_t id[static SHA256_SIZE])
{
    uint32_t number = index->slots[slot_of(index, type, id)];
    return number ? &index->entries[number - 1] : NULL;
}

uint32_t index_plain_length(const struct index_entry *entry)
{
    return entry->unpacked ? entry->unpacked : entry->length - SEAL_OVERHEAD;
}

void index_add_pending(struct index *index, enum pack_type type, const uint8_t id[static SHA256_SIZE])
{
    struct index_entry entry = {.pack = INDEX_PENDING, .type = (uint8_t)type};
    memcpy(entry.id, id, SHA256_SIZE);
    add(index, &entry);
}

static bool read_type(struct jsonread *j, struct buf *scratch, uint8_t *type)
{
    jsonread_string(j, scratch);
    if (scratch->length != 4)
        return false;
    *type = memcmp(scratch->data, "tree", 4) == 0 ? PACK_TREE : PACK_DATA;
    return *type == PACK_TREE || memcmp(scratch->data, "data", 4) == 0;
}

static uint32_t read_u32(struct jsonread *j)
{
    uint64_t value = jsonread_u64(j);
    if (value > UINT32_MAX)
        j->failed = true;
    return (uint32_t)value;
}

static void read_blob(struct jsonread *j, struct index *index, struct buf *scratch)
{
    struct jsonread_key key;
    struct index_entry entry = {.pack = (uint32_t)(index->pack_count - 1)};
    bool typed = false, named = false;
    jsonread_object(j);
    while (jsonread_key(j, &key)) {
        if (jsonread_is(key, "id")) {
            jsonread_hex(j, entry.id, SHA256_SIZE);
            named = true;
        } else if (jsonread_is(key, "type"))
            typed = read_type(j, scratch, &entry.type);
        else if (jsonread_is(key, "offset"))
            entry.offset = read_u32(j);
        else if (jsonread_is(key, "length"))
            entry.length = read_u32(j);
        else if (jsonread_is(key, "uncompressed_length"))
            entry.unpacked = read_u32(j);
        else
            jsonread_skip(j);
    }
    if (!typed || !named || entry.length < SEAL_OVERHEAD || index->count >= UINT32_MAX - 1)
        j->failed = true;
    if (!j->failed)
        add(index, &entry);
}

static void read_pack(struct jsonread *j, struct index *index, struct buf *scratch)
{
    struct jsonread_key key;
    if (index->pack_count == index->pack_room) {
        index->pack_room = index->pack_room ? 2 * index->pack_room : 64;
        index->packs = mem_resize(index->packs, index->pack_room, sizeof *index->packs);
    }
    size_t number = index->pack_count++;
    index->packs[number] = (struct index_pack){.first = (uint32_t)index->count};
    bool named = false;
    jsonread_object(j);
    while (jsonread_key(j, &key)) {
        if (jsonread_is(key, "id")) {
            jsonread_hex(j, index->packs[number].id, SHA256_SIZE);
            named = true;
        } else if (jsonread_is(key, "blobs") && !jsonread_null(j)) {
            jsonread_array(j);
            while (jsonread_element(j))
                read_blob(j, index, scratch);
        } else if (!jsonread_is(key, "blobs"))
            jsonread_skip(j);
    }
    index->packs[number].count = (uint32_t)(index->count - index->packs[number].first);
    if (!named)
        j->failed = true;
}

int index_decode(struct index *index, const void *bytes, size_t length)
{
    struct buf scratch BUF_AUTO;
    buf_init(&scratch, 4096);
    struct jsonread j;
    struct jsonread_key key;
    jsonread_init(&j, bytes, length);
    jsonread_object(&j);
    while (jsonread_key(&j, &key)) {
        if (jsonread_is(key, "packs") && !jsonread_null(&j)) {
            jsonread_array(&j);
            while (jsonread_element(&j))
                read_pack(&j, index, &scratch);
        } else if (!jsonread_is(key, "packs"))
            jsonread_skip(&j);
    }
    return jsonread_done(&j) ? 0 : err_set(ERR_CORRUPT, _("the index is malformed"));
}

#define PUT(out, literal) buf_put(out, literal, sizeof(literal) - 1)

void index_begin(struct buf *out)
{
    PUT(out, "{\"packs\":[");
}

void index_put_pack(struct buf *out, const uint8_t id[static SHA256_SIZE], const struct pack_entry *entries,
                    size_t count)
{
    if (out->length && out->data[out->length - 1] != '[')
        PUT(out, ",");
    PUT(out, "{\"id\":");
    gojson_put_hex(out, id, SHA256_SIZE);
    PUT(out, ",\"blobs\":[");
    for (size_t i = 0; i < count; i++) {
        const struct pack_entry *entry = &entries[i];
        if (i)
            PUT(out, ",");
        PUT(out, "{\"id\":");
        gojson_put_hex(out, entry->id, SHA256_SIZE);
        buf_printf(out, ",\"type\":\"%s\",\"offset\":%u,\"length\":%u",
                   entry->type == PACK_TREE ? "tree" : "data", entry->offset, entry->length);
        if (entry->unpacked)
            buf_printf(out, ",\"uncompressed_length\":%u", entry->unpacked);
        PUT(out, "}");
    }
    PUT(out, "]}");
}

void index_end(struct buf *out)
{
    PUT(out, "]}\n");
}
