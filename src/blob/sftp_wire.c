/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "blob/sftp_wire.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"

enum {
    HAS_SIZE = 1,
    HAS_OWNER = 2,
    HAS_MODE = 4,
    HAS_TIMES = 8,
    HAS_MORE = (int)0x80000000,
    HAS_KNOWN = HAS_SIZE | HAS_OWNER | HAS_MODE | HAS_TIMES | HAS_MORE
};

void sftp_put_u32(struct buf *b, uint32_t value)
{
    const uint8_t bytes[4] = {(uint8_t)(value >> 24), (uint8_t)(value >> 16), (uint8_t)(value >> 8),
                              (uint8_t)value};
    buf_put(b, bytes, sizeof bytes);
}

void sftp_put_u64(struct buf *b, uint64_t value)
{
    sftp_put_u32(b, (uint32_t)(value >> 32));
    sftp_put_u32(b, (uint32_t)value);
}

void sftp_put_bytes(struct buf *b, const void *bytes, size_t length)
{
    sftp_put_u32(b, (uint32_t)length);
    buf_put(b, bytes, length);
}

void sftp_put_text(struct buf *b, const char *text)
{
    sftp_put_bytes(b, text, strlen(text));
}

void sftp_put_mode(struct buf *b, uint32_t mode)
{
    sftp_put_u32(b, HAS_MODE);
    sftp_put_u32(b, mode);
}

void sftp_begin(struct buf *b, enum sftp_type type)
{
    buf_clear(b);
    sftp_put_u32(b, 0);
    buf_put_u8(b, (uint8_t)type);
    sftp_put_u32(b, 0);
}

static void set_u32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (24 - 8 * i));
}

void sftp_finish(struct buf *b, uint32_t id)
{
    set_u32(b->data, (uint32_t)b->length - 4);
    set_u32(b->data + 5, id);
}

static uint32_t take_u32(struct reader *r)
{
    const uint8_t *at = reader_bytes(r, 4);
    return at ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3] : 0;
}

static uint64_t take_u64(struct reader *r)
{
    uint64_t high = take_u32(r);
    return high << 32 | take_u32(r);
}

static struct sftp_bytes take_bytes(struct reader *r)
{
    uint32_t length = take_u32(r);
    const uint8_t *at = reader_bytes(r, length);
    return (struct sftp_bytes){at, at ? length : 0};
}

static void take_attrs(struct reader *r, struct sftp_attrs *out)
{
    uint32_t flags = take_u32(r);
    *out = (struct sftp_attrs){
        .has_size = flags & HAS_SIZE, .has_mode = flags & HAS_MODE, .has_times = flags & HAS_TIMES};
    if (flags & ~(uint32_t)HAS_KNOWN)
        r->failed = true; /* what it would be followed by is not known */
    if (out->has_size)
        out->size = take_u64(r);
    if (flags & HAS_OWNER)
        take_u64(r);
    if (out->has_mode)
        out->mode = take_u32(r);
    if (out->has_times) {
        take_u32(r);
        out->mtime = take_u32(r);
    }
    uint32_t more = flags & (uint32_t)HAS_MORE ? take_u32(r) : 0;
    for (uint32_t i = 0; i < more && !r->failed; i++) {
        take_bytes(r);
        take_bytes(r);
    }
}

static void take_name(struct reader *r, struct sftp_bytes *name, struct sftp_attrs *attrs)
{
    *name = take_bytes(r);
    take_bytes(r); /* the line for people */
    take_attrs(r, attrs);
}

/* Some servers leave out the message of a status. */
static void take_status(struct reader *r, struct sftp_answer *out)
{
    out->status = take_u32(r);
    if (r->failed || reader_left(r) == 0)
        return;
    out->bytes = take_bytes(r);
    if (reader_left(r) > 0)
        take_bytes(r);
}

/* Every name is looked at here, so that sftp_next_name cannot fail. */
static void take_names(struct reader *r, struct sftp_answer *out)
{
    out->names = take_u32(r);
    const uint8_t *from = r->at;
    struct sftp_bytes name;
    struct sftp_attrs attrs;
    for (uint32_t i = 0; i < out->names && !r->failed; i++)
        take_name(r, &name, &attrs);
    if (!r->failed)
        out->bytes = (struct sftp_bytes){from, (size_t)(r->at - from)};
}

int sftp_decode(const uint8_t *packet, size_t length, struct sftp_answer *out)
{
    struct reader r;
    reader_init(&r, packet, length);
    uint8_t type = reader_u8(&r);
    *out = (struct sftp_answer){.type = type, .id = take_u32(&r)};
    switch (type) {
    case SFTP_STATUS:
        take_status(&r, out);
        break;
    case SFTP_HANDLE:
        out->bytes = take_bytes(&r);
        r.failed |= out->bytes.length == 0 || out->bytes.length > SFTP_HANDLE_MAX;
        break;
    case SFTP_DATA:
        out->bytes = take_bytes(&r);
        break;
    case SFTP_NAME:
        take_names(&r, out);
        break;
    case SFTP_ATTRS:
        take_attrs(&r, &out->attrs);
        break;
    case SFTP_EXTENDED_REPLY:
        out->bytes.length = reader_left(&r);
        out->bytes.at = reader_bytes(&r, out->bytes.length);
        break;
    default:
        r.failed = true;
    }
    return reader_done(&r) ? 0 : err_set(ERR_CORRUPT, _("an answer of the SFTP server is malformed"));
}

bool sftp_next_name(struct sftp_answer *answer, struct sftp_bytes *name, struct sftp_attrs *attrs)
{
    if (answer->names == 0)
        return false;
    struct reader r;
    reader_init(&r, answer->bytes.at, answer->bytes.length);
    take_name(&r, name, attrs);
    answer->bytes = (struct sftp_bytes){r.at, reader_left(&r)};
    answer->names--;
    return true;
}

static bool is_text(struct sftp_bytes bytes, const char *text)
{
    return bytes.length == strlen(text) && memcmp(bytes.at, text, bytes.length) == 0;
}

int sftp_decode_version(const uint8_t *packet, size_t length, struct sftp_features *out)
{
    struct reader r;
    reader_init(&r, packet, length);
    bool right = reader_u8(&r) == SFTP_VERSION_ANSWER;
    *out = (struct sftp_features){.version = take_u32(&r)};
    while (right && !r.failed && reader_left(&r) > 0) {
        struct sftp_bytes name = take_bytes(&r), version = take_bytes(&r);
        if (r.failed)
            break;
        out->fsync |= is_text(name, "fsync@openssh.com") && is_text(version, "1");
        out->posix_rename |= is_text(name, "posix-rename@openssh.com") && is_text(version, "1");
        out->statvfs |= is_text(name, "statvfs@openssh.com") && is_text(version, "2");
    }
    if (!right || !reader_done(&r))
        return err_set(ERR_CORRUPT, _("an answer of the SFTP server is malformed"));
    return 0;
}

int sftp_decode_free_space(struct sftp_bytes reply, uint64_t *out)
{
    struct reader r;
    reader_init(&r, reply.at, reply.length);
    take_u64(&r); /* the size of a block */
    uint64_t unit = take_u64(&r);
    take_u64(&r); /* blocks in all */
    take_u64(&r); /* free ones */
    uint64_t blocks = take_u64(&r);
    if (r.failed || __builtin_mul_overflow(unit, blocks, out))
        return err_set(ERR_CORRUPT, _("an answer of the SFTP server is malformed"));
    return 0;
}
