/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define DEFAULT_LIMIT  ((size_t)1 << 30)
#define FIRST_CAPACITY 256

void buf_init(struct buf *b, size_t limit)
{
    *b = (struct buf){.limit = limit ? limit : DEFAULT_LIMIT};
}

void buf_free(struct buf *b)
{
    if (!b)
        return;
    if (b->data)
        mem_wipe(b->data, b->capacity);
    free(b->data);
    buf_init(b, b->limit);
}

void buf_clear(struct buf *b)
{
    b->length = 0;
    b->overflowed = false;
}

/* One byte more than asked is kept, for the NUL of buf_string. The old block is copied, wiped and freed
 * rather than resized, because it may hold a secret. */
void *buf_reserve(struct buf *b, size_t length)
{
    if (b->overflowed || length > b->limit || b->length > b->limit - length) {
        b->overflowed = true;
        return NULL;
    }
    size_t wanted = b->length + length + 1;
    if (wanted > b->capacity) {
        size_t capacity = b->capacity ? b->capacity : FIRST_CAPACITY;
        while (capacity < wanted)
            capacity *= 2;
        uint8_t *data = mem_zalloc(capacity, 1);
        if (b->data) {
            memcpy(data, b->data, b->length);
            mem_wipe(b->data, b->capacity);
            free(b->data);
        }
        b->data = data;
        b->capacity = capacity;
    }
    return b->data + b->length;
}

void buf_put(struct buf *b, const void *bytes, size_t length)
{
    void *place = buf_reserve(b, length);
    if (!place || !length)
        return;
    memcpy(place, bytes, length);
    b->length += length;
}

static void put_integer(struct buf *b, uint64_t value, size_t width)
{
    uint8_t *place = buf_reserve(b, width);
    if (!place)
        return;
    for (size_t i = 0; i < width; i++)
        place[i] = (uint8_t)(value >> (8 * i));
    b->length += width;
}

void buf_put_u8(struct buf *b, uint8_t value)
{
    put_integer(b, value, 1);
}

void buf_put_u16(struct buf *b, uint16_t value)
{
    put_integer(b, value, 2);
}

void buf_put_u32(struct buf *b, uint32_t value)
{
    put_integer(b, value, 4);
}

void buf_put_u64(struct buf *b, uint64_t value)
{
    put_integer(b, value, 8);
}

void buf_put_blob(struct buf *b, const void *bytes, size_t length)
{
    if (length > UINT32_MAX) {
        b->overflowed = true;
        return;
    }
    buf_put_u32(b, (uint32_t)length);
    buf_put(b, bytes, length);
}

void buf_put_string(struct buf *b, const char *string)
{
    buf_put_blob(b, string, string ? strlen(string) : 0);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0) {
        b->overflowed = true;
        return;
    }
    char *place = buf_reserve(b, (size_t)length);
    if (!place)
        return;
    va_start(args, format);
    vsnprintf(place, (size_t)length + 1, format, args);
    va_end(args);
    b->length += (size_t)length;
}

void buf_trim(struct buf *b)
{
    static const char white[] = " \t\n\v\f\r";
    size_t front = 0;
    while (b->length > 0 && memchr(white, b->data[b->length - 1], sizeof white - 1))
        b->length--;
    while (front < b->length && memchr(white, b->data[front], sizeof white - 1))
        front++;
    b->length -= front;
    if (front > 0 && b->length > 0)
        memmove(b->data, b->data + front, b->length);
}

const char *buf_string(struct buf *b)
{
    if (!b->data && !buf_reserve(b, 0))
        return "";
    b->data[b->length] = '\0';
    return (const char *)b->data;
}

void reader_init(struct reader *r, const void *bytes, size_t length)
{
    static const uint8_t nothing;
    r->at = bytes ? bytes : &nothing;
    r->end = r->at + (bytes ? length : 0);
    r->failed = false;
}

const uint8_t *reader_bytes(struct reader *r, size_t length)
{
    if (r->failed || reader_left(r) < length) {
        r->failed = true;
        return NULL;
    }
    const uint8_t *bytes = r->at;
    r->at += length;
    return bytes;
}

static uint64_t read_integer(struct reader *r, size_t width)
{
    const uint8_t *bytes = reader_bytes(r, width);
    uint64_t value = 0;
    for (size_t i = 0; bytes && i < width; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

uint8_t reader_u8(struct reader *r)
{
    return (uint8_t)read_integer(r, 1);
}

uint16_t reader_u16(struct reader *r)
{
    return (uint16_t)read_integer(r, 2);
}

uint32_t reader_u32(struct reader *r)
{
    return (uint32_t)read_integer(r, 4);
}

uint64_t reader_u64(struct reader *r)
{
    return read_integer(r, 8);
}

const uint8_t *reader_blob(struct reader *r, size_t *length)
{
    size_t claimed = reader_u32(r);
    const uint8_t *bytes = reader_bytes(r, claimed);
    *length = bytes ? claimed : 0;
    return bytes;
}

void reader_string(struct reader *r, char *out, size_t size)
{
    size_t length;
    const uint8_t *bytes = reader_blob(r, &length);
    if (!bytes || length >= size || memchr(bytes, 0, length)) {
        r->failed = true;
        if (size)
            out[0] = '\0';
        return;
    }
    memcpy(out, bytes, length);
    out[length] = '\0';
}

char *reader_string_new(struct reader *r, size_t limit)
{
    size_t length;
    const uint8_t *bytes = reader_blob(r, &length);
    if (!bytes || length > limit || memchr(bytes, 0, length)) {
        r->failed = true;
        return NULL;
    }
    char *string = mem_zalloc(length + 1, 1);
    memcpy(string, bytes, length);
    return string;
}

size_t reader_left(const struct reader *r)
{
    return (size_t)(r->end - r->at);
}

bool reader_done(const struct reader *r)
{
    return !r->failed && r->at == r->end;
}
