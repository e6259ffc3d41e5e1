/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "detect/trace.h"

#include <string.h>

#include "base/err.h"
#include "base/i18n.h"

static const char magic[8] = "BEFFTRC1";

void trace_begin(struct buf *out)
{
    buf_put(out, magic, sizeof(magic));
}

void trace_put_tree(struct buf *out, uint32_t tree, uint32_t files)
{
    buf_put_u32(out, 9);
    buf_put_u8(out, TRACE_TREE);
    buf_put_u32(out, tree);
    buf_put_u32(out, files);
}

void trace_put_tick(struct buf *out, int64_t monotonic_ns)
{
    buf_put_u32(out, 9);
    buf_put_u8(out, TRACE_TICK);
    buf_put_u64(out, (uint64_t)monotonic_ns);
}

static void put_sketch(struct buf *out, const struct sketch *sketch)
{
    uint16_t mask = 0;
    buf_put_u8(out, sketch->valid ? 1 : 0);
    if (!sketch->valid)
        return;
    for (unsigned i = 0; i < SKETCH_BLOCKS; i++)
        if (sketch->blocks[i].length)
            mask = (uint16_t)(mask | 1U << i);
    buf_put_u8(out, sketch->filetype);
    buf_put_u64(out, sketch->size);
    buf_put_u16(out, mask);
    for (unsigned i = 0; i < SKETCH_BLOCKS; i++) {
        const struct sketch_block *block = &sketch->blocks[i];
        if (!block->length)
            continue;
        buf_put_u32(out, block->hash);
        buf_put_u16(out, block->length);
        buf_put_u8(out, block->entropy);
        buf_put_u8(out, block->ascii);
        buf_put_u16(out, block->chi);
    }
}

static void put_actor(struct buf *out, const struct actor *actor)
{
    buf_put_u32(out, (uint32_t)actor->pid);
    buf_put_u64(out, actor->start);
    buf_put_u32(out, (uint32_t)actor->root_pid);
    buf_put_u64(out, actor->root_start);
    buf_put_u32(out, actor->uid);
    buf_put_string(out, actor->exe);
    buf_put_string(out, actor->client);
}

static void put_body(struct buf *out, const struct event *event)
{
    buf_put_u64(out, event->sequence);
    buf_put_u64(out, (uint64_t)event->time_ns);
    buf_put_u64(out, (uint64_t)event->monotonic_ns);
    buf_put_u8(out, (uint8_t)event->kind);
    buf_put_u32(out, event->flags);
    buf_put_u32(out, event->tree);
    put_actor(out, &event->actor);
    buf_put_string(out, event->path);
    buf_put_string(out, event->new_path);
    buf_put_u64(out, event->before.inode);
    buf_put_u64(out, event->before.size);
    buf_put_u64(out, event->replaced.inode);
    buf_put_u64(out, event->replaced.size);
    buf_put_u64(out, event->after.inode);
    buf_put_u64(out, event->after.size);
    put_sketch(out, &event->old_sketch);
    put_sketch(out, &event->new_sketch);
}

void trace_put_event(struct buf *out, const struct event *event)
{
    size_t start = out->length;
    buf_put_u32(out, 0);
    buf_put_u8(out, TRACE_EVENT);
    put_body(out, event);
    if (out->overflowed) {
        out->length = start; /* half a record would hide all that follow */
        return;
    }
    uint32_t length = (uint32_t)(out->length - start - 4);
    for (unsigned i = 0; i < 4; i++)
        out->data[start + i] = (uint8_t)(length >> (8 * i));
}

static void get_sketch(struct reader *r, struct sketch *sketch)
{
    uint8_t valid = reader_u8(r);
    if (valid > 1)
        r->failed = true;
    if (valid != 1)
        return;
    sketch->valid = 1;
    sketch->filetype = reader_u8(r);
    sketch->size = reader_u64(r);
    uint16_t mask = reader_u16(r);
    for (unsigned i = 0; i < SKETCH_BLOCKS; i++) {
        struct sketch_block *block = &sketch->blocks[i];
        if (!(mask & 1U << i))
            continue;
        block->hash = reader_u32(r);
        block->length = reader_u16(r);
        block->entropy = reader_u8(r);
        block->ascii = reader_u8(r);
        block->chi = reader_u16(r);
        if (block->length == 0 || block->length > SKETCH_BLOCK_SIZE)
            r->failed = true;
    }
    if (sketch->filetype >= FILETYPE_COUNT)
        r->failed = true;
}

static void get_actor(struct reader *r, struct actor *actor)
{
    actor->pid = (int32_t)reader_u32(r);
    actor->start = reader_u64(r);
    actor->root_pid = (int32_t)reader_u32(r);
    actor->root_start = reader_u64(r);
    actor->uid = reader_u32(r);
    reader_string(r, actor->exe, sizeof(actor->exe));
    reader_string(r, actor->client, sizeof(actor->client));
}

static void get_event(struct reader *r, struct event *event)
{
    event->sequence = reader_u64(r);
    event->time_ns = (int64_t)reader_u64(r);
    event->monotonic_ns = (int64_t)reader_u64(r);
    event->kind = (enum event_kind)reader_u8(r);
    event->flags = reader_u32(r);
    event->tree = reader_u32(r);
    get_actor(r, &event->actor);
    reader_string(r, event->path, sizeof(event->path));
    reader_string(r, event->new_path, sizeof(event->new_path));
    event->before.inode = reader_u64(r);
    event->before.size = reader_u64(r);
    event->replaced.inode = reader_u64(r);
    event->replaced.size = reader_u64(r);
    event->after.inode = reader_u64(r);
    event->after.size = reader_u64(r);
    get_sketch(r, &event->old_sketch);
    get_sketch(r, &event->new_sketch);
    if (event->kind < EVENT_CREATED || event->kind > EVENT_RENAMED || event->monotonic_ns < 0)
        r->failed = true;
}

int trace_open(struct reader *r, const void *bytes, size_t length)
{
    reader_init(r, bytes, length);
    const uint8_t *head = reader_bytes(r, sizeof(magic));
    if (!head || memcmp(head, magic, sizeof(magic) - 1) != 0)
        return err_set(ERR_CORRUPT, _("this is not a trace of events"));
    if (head[sizeof(magic) - 1] != magic[sizeof(magic) - 1])
        return err_set(
            ERR_UNSUPPORTED, _("version %c of the trace format is not supported"),
            head[sizeof(magic) - 1] >= 32 && head[sizeof(magic) - 1] < 127 ? head[sizeof(magic) - 1] : '?');
    return 0;
}

int trace_next(struct reader *r, struct trace_record *out)
{
    struct reader body;
    size_t left = reader_left(r);
    if (left == 0 && !r->failed)
        return 0;
    uint32_t length = reader_u32(r);
    const uint8_t *bytes = reader_bytes(r, length);
    if (r->failed || !bytes)
        return err_set(ERR_CORRUPT, _("the trace is cut short, %zu bytes before its end"), left);
    reader_init(&body, bytes, length);
    memset(out, 0, sizeof(*out));
    out->kind = (enum trace_kind)reader_u8(&body);
    if (out->kind == TRACE_TREE) {
        out->tree = reader_u32(&body);
        out->files = reader_u32(&body);
    } else if (out->kind == TRACE_TICK) {
        out->monotonic_ns = (int64_t)reader_u64(&body);
    } else if (out->kind == TRACE_EVENT) {
        get_event(&body, &out->event);
    } else {
        body.failed = true;
    }
    if (!reader_done(&body))
        return err_set(ERR_CORRUPT, _("a record of the trace is malformed, %zu bytes before its end"), left);
    return 1;
}
