/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sensor/record.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sensor/hash.h"

void record_name(uint64_t number, char out[static RECORD_NAME_MAX])
{
    snprintf(out, RECORD_NAME_MAX, "%016" PRIx64, number);
}

static void put_u32_at(struct buf *b, size_t at, uint32_t value)
{
    for (size_t i = 0; i < 4; i++)
        b->data[at + i] = (uint8_t)(value >> (8 * i));
}

void record_encode(const struct record *record, struct buf *out)
{
    size_t start = out->length;
    buf_put_u32(out, 0);
    buf_put_u32(out, 0);
    buf_put_u8(out, (uint8_t)record->kind);
    buf_put_u64(out, record->number);
    if (record->kind != RECORD_DROP) {
        buf_put_u32(out, record->tree);
        buf_put_u64(out, record->stamp.device);
        buf_put_u64(out, record->stamp.inode);
        buf_put_u64(out, record->stamp.size);
        buf_put_u64(out, (uint64_t)record->stamp.mtime_ns);
        buf_put_u64(out, (uint64_t)record->stamp.ctime_ns);
        buf_put_u64(out, (uint64_t)record->copied_ns);
        buf_put_u32(out, record->check);
        buf_put_string(out, record->path);
        buf_put_blob(out, record->metadata, record->metadata_length);
    }
    if (out->overflowed)
        return;
    size_t length = out->length - start - 8;
    put_u32_at(out, start, (uint32_t)length);
    put_u32_at(out, start + 4, hash_crc32(out->data + start + 8, length));
}

static void decode(struct reader *r, struct record *out)
{
    out->kind = reader_u8(r);
    out->number = reader_u64(r);
    if (out->kind == RECORD_DROP)
        return;
    if (out->kind != RECORD_ADD && out->kind != RECORD_META)
        r->failed = true;
    out->tree = reader_u32(r);
    out->stamp.device = reader_u64(r);
    out->stamp.inode = reader_u64(r);
    out->stamp.size = reader_u64(r);
    out->stamp.mtime_ns = (int64_t)reader_u64(r);
    out->stamp.ctime_ns = (int64_t)reader_u64(r);
    out->copied_ns = (int64_t)reader_u64(r);
    out->check = reader_u32(r);
    reader_string(r, out->path, sizeof out->path);
    out->metadata = reader_blob(r, &out->metadata_length);
}

bool record_next(struct reader *r, struct record *out)
{
    if (r->failed || reader_left(r) == 0)
        return false;
    uint32_t length = reader_u32(r), crc = reader_u32(r);
    const uint8_t *payload = length <= RECORD_LARGEST ? reader_bytes(r, length) : NULL;
    if (!payload || hash_crc32(payload, length) != crc) {
        r->failed = true;
        return false;
    }
    struct reader inner;
    reader_init(&inner, payload, length);
    memset(out, 0, offsetof(struct record, path));
    out->path[0] = '\0';
    out->metadata = NULL;
    out->metadata_length = 0;
    decode(&inner, out);
    if (!reader_done(&inner))
        r->failed = true;
    return !r->failed;
}
