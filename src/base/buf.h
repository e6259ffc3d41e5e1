/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bytes. `buf` grows while it is written, up to a limit; `reader` takes apart bytes that may be hostile.
 * Both remember a failure, so that a parser reads all its fields and asks once at the end.
 * Integers are little-endian. A "string" is a u32 length and that many bytes without NUL.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    uint8_t *data;
    size_t length;
    size_t capacity;
    size_t limit;    /* never longer than this */
    bool overflowed; /* something did not fit; what is in `data` is incomplete */
};

/* `limit` in bytes; 0 stands for 1 GiB. */
void buf_init(struct buf *b, size_t limit);
/* Frees the bytes (wiping them first) and makes `b` empty and usable again. NULL is fine. */
void buf_free(struct buf *b);
/* Forgets the contents, keeps the memory. */
void buf_clear(struct buf *b);
/* `struct buf b BUF_AUTO;` is freed at the end of its block; call buf_init first. */
#define BUF_AUTO __attribute__((cleanup(buf_free)))

/* Appends; past the limit nothing is added and `overflowed` is set. */
void buf_put(struct buf *b, const void *bytes, size_t length);
void buf_put_u8(struct buf *b, uint8_t value);
void buf_put_u16(struct buf *b, uint16_t value);
void buf_put_u32(struct buf *b, uint32_t value);
void buf_put_u64(struct buf *b, uint64_t value);
/* A string as above; NULL is written as the empty string. */
void buf_put_string(struct buf *b, const char *string);
void buf_put_blob(struct buf *b, const void *bytes, size_t length);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Makes room for `length` more bytes and returns where they go, or NULL past the limit; the caller adds
 * to b->length what it wrote. */
void *buf_reserve(struct buf *b, size_t length);
/* Takes white space (of ASCII) at both ends away. */
void buf_trim(struct buf *b);
/* The contents as a C string (a NUL is kept behind the end); valid until the next change. */
const char *buf_string(struct buf *b);

struct reader {
    const uint8_t *at;
    const uint8_t *end;
    bool failed; /* something ran past the end or was malformed; all later reads give 0 or NULL */
};

void reader_init(struct reader *r, const void *bytes, size_t length);
uint8_t reader_u8(struct reader *r);
uint16_t reader_u16(struct reader *r);
uint32_t reader_u32(struct reader *r);
uint64_t reader_u64(struct reader *r);
/* `length` bytes in place (borrowed from the input), or NULL. */
const uint8_t *reader_bytes(struct reader *r, size_t length);
/* A string, copied into `out` with a NUL; fails when it holds a NUL or does not fit in `size`. */
void reader_string(struct reader *r, char *out, size_t size);
/* A string as a new C string of at most `limit` bytes, which the caller frees; NULL on failure. */
char *reader_string_new(struct reader *r, size_t limit);
/* A string's bytes in place, of any content. */
const uint8_t *reader_blob(struct reader *r, size_t *length);
size_t reader_left(const struct reader *r);
/* True when nothing failed and nothing is left: a message must end exactly. */
bool reader_done(const struct reader *r);

#endif
