/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "drill/zip.h"

#include <string.h>
#include <zlib.h>

void zip_begin(struct zip *z, struct buf *out, unsigned year, unsigned month, unsigned day)
{
    *z = (struct zip){.out = out};
    buf_init(&z->directory, 0);
    z->dos_time = ((year - 1980) << 9 | month << 5 | day) << 16 | (9u << 11 | 30u << 5);
}

/* Raw deflate (no zlib header) of `bytes` behind what `out` holds; returns how many bytes it took. */
static size_t deflate_into(struct buf *out, const void *bytes, size_t length)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes, .avail_in = (uInt)length};
    if (deflateInit2(&stream, 1, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return 0;
    size_t room = deflateBound(&stream, length);
    stream.next_out = buf_reserve(out, room);
    stream.avail_out = (uInt)room;
    size_t took = 0;
    if (stream.next_out && deflate(&stream, Z_FINISH) == Z_STREAM_END)
        took = stream.total_out;
    deflateEnd(&stream);
    out->length += took;
    return took;
}

/* The fields that the local and the central header share. */
static void put_common(struct buf *b, const struct zip *z, uint16_t method, uint32_t crc, size_t packed,
                       size_t length, size_t name_length)
{
    buf_put_u16(b, 20);     /* version needed */
    buf_put_u16(b, 0x0800); /* names are UTF-8 */
    buf_put_u16(b, method);
    buf_put_u32(b, z->dos_time);
    buf_put_u32(b, crc);
    buf_put_u32(b, (uint32_t)packed);
    buf_put_u32(b, (uint32_t)length);
    buf_put_u16(b, (uint16_t)name_length);
    buf_put_u16(b, 0); /* no extra field */
}

void zip_add(struct zip *z, const char *name, const void *bytes, size_t length, bool deflated)
{
    size_t start = z->out->length, name_length = strlen(name);
    uint32_t crc = (uint32_t)crc32_z(0, bytes, length);
    struct buf packed;
    buf_init(&packed, 0);
    if (deflated)
        deflate_into(&packed, bytes, length);
    else
        buf_put(&packed, bytes, length);
    uint16_t method = deflated ? 8 : 0;
    buf_put(z->out, "PK\3\4", 4);
    put_common(z->out, z, method, crc, packed.length, length, name_length);
    buf_put(z->out, name, name_length);
    buf_put(z->out, packed.data, packed.length);

    buf_put(&z->directory, "PK\1\2", 4);
    buf_put_u16(&z->directory, 0x0314); /* made on Unix */
    put_common(&z->directory, z, method, crc, packed.length, length, name_length);
    buf_put_u16(&z->directory, 0); /* no comment */
    buf_put_u16(&z->directory, 0); /* first disk */
    buf_put_u16(&z->directory, 0);
    buf_put_u32(&z->directory, 0100644u << 16);
    buf_put_u32(&z->directory, (uint32_t)start);
    buf_put(&z->directory, name, name_length);
    z->entries++;
    buf_free(&packed);
}

void zip_add_text(struct zip *z, const char *name, const char *text)
{
    zip_add(z, name, text, strlen(text), true);
}

void zip_end(struct zip *z)
{
    size_t start = z->out->length;
    buf_put(z->out, z->directory.data, z->directory.length);
    buf_put(z->out, "PK\5\6\0\0\0\0", 8);
    buf_put_u16(z->out, z->entries);
    buf_put_u16(z->out, z->entries);
    buf_put_u32(z->out, (uint32_t)z->directory.length);
    buf_put_u32(z->out, (uint32_t)start);
    buf_put_u16(z->out, 0);
    buf_free(&z->directory);
}
