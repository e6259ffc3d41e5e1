/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ROOMS: base model detect */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "detect/detect.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A few names that occur again and again, so that events meet; now and then one of the input's own. */
static void read_name(struct reader *r, char *out)
{
    static const char *const names[] = {"a/b.doc", "a/b.doc.x", "c/b.doc", "", ".x", "a/b", "d/e/f.g.h", "/"};
    uint8_t choice = reader_u8(r);
    if (choice < 240) {
        strcpy(out, names[choice % 8]);
        return;
    }
    size_t length = reader_u8(r);
    const uint8_t *bytes = reader_bytes(r, length);
    if (bytes)
        memcpy(out, bytes, strnlen((const char *)bytes, length));
}

static void read_sketch(struct reader *r, struct sketch *s)
{
    s->valid = reader_u8(r) & 1;
    s->filetype = reader_u8(r); /* of any value */
    s->size = reader_u32(r);
    if (reader_u8(r) == 0)
        s->size = UINT64_MAX;
    uint16_t mask = reader_u16(r);
    for (unsigned i = 0; i < SKETCH_BLOCKS; i++) {
        if (!(mask & 1U << i))
            continue;
        s->blocks[i].hash = reader_u8(r);
        s->blocks[i].length = reader_u16(r);
        s->blocks[i].entropy = reader_u8(r);
        s->blocks[i].ascii = reader_u8(r);
        s->blocks[i].chi = reader_u16(r);
    }
}

static void read_event(struct reader *r, struct event *e)
{
    memset(e, 0, sizeof(*e));
    e->kind = (enum event_kind)reader_u8(r);
    e->flags = reader_u8(r);
    e->tree = reader_u8(r);
    e->actor.pid = reader_u8(r);
    e->actor.root_pid = reader_u8(r) % 8;
    e->actor.uid = reader_u8(r) % 4;
    e->actor.client[0] = (char)(reader_u8(r) % 3);
    e->monotonic_ns = (int64_t)(reader_u64(r));
    e->before.inode = reader_u8(r);
    e->replaced.inode = reader_u8(r);
    e->after.inode = reader_u8(r);
    read_name(r, e->path);
    read_name(r, e->new_path);
    read_sketch(r, &e->old_sketch);
    read_sketch(r, &e->new_sketch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct detect_sink sink = {0};
    struct detect *d = detect_new(&sink, 4);
    struct event *e = mem_zalloc(1, sizeof(*e));
    struct reader r;
    reader_init(&r, data, size);
    while (reader_left(&r) > 0 && !r.failed) {
        uint8_t what = reader_u8(&r);
        read_event(&r, e);
        if (what == 255)
            detect_forget(d, &e->actor);
        else if (what == 254)
            detect_approve(d, &e->actor, e->tree);
        else if (what == 253)
            detect_tick(d, e->monotonic_ns);
        else if (what == 252)
            detect_set_tree_files(d, e->tree, (uint32_t)e->old_sketch.size);
        detect_event(d, e);
        detect_is_harm(d, e);
    }
    free(e);
    detect_free(d);
    return 0;
}
