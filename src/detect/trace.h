/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Traces: what the detectors were told, so that it can be told again. Names and features, no contents.
 *
 * Grammar, all integers little-endian, a string as in base/buf.h:
 *   trace  = "BEFFTRC1" record*
 *   record = u32 length, then so many bytes: u8 kind, body
 *   body of TRACE_TREE  = u32 tree, u32 files                 (detect_set_tree_files)
 *   body of TRACE_TICK  = i64 monotonic_ns                    (detect_tick)
 *   body of TRACE_EVENT = u64 sequence, i64 time_ns, i64 monotonic_ns, u8 kind, u32 flags, u32 tree,
 *                         i32 pid, u64 start, i32 root_pid, u64 root_start, u32 uid, string exe, string
 * client, string path, string new_path, u64 before.inode, u64 before.size, u64 replaced.inode, u64
 * replaced.size, u64 after.inode, u64 after.size, old sketch, new sketch sketch = u8 valid; if 1: u8
 * filetype, u64 size, u16 mask of the blocks that have bytes, those blocks block  = u32 hash, u16 length, u8
 * entropy, u8 ascii, u16 chi Where a version can be had again is left out: no detector reads it.
 */
#ifndef DETECT_TRACE_H
#define DETECT_TRACE_H

#include "base/buf.h"
#include "model/event.h"

enum trace_kind { TRACE_TREE = 1, TRACE_TICK = 2, TRACE_EVENT = 3 };

/* Writing: begin once, then put. A buffer past its limit is marked overflowed, as always. */
void trace_begin(struct buf *out);
void trace_put_tree(struct buf *out, uint32_t tree, uint32_t files);
void trace_put_tick(struct buf *out, int64_t monotonic_ns);
void trace_put_event(struct buf *out, const struct event *event);

struct trace_record {
    enum trace_kind kind;
    uint32_t tree, files; /* of TREE */
    int64_t monotonic_ns; /* of TICK */
    struct event event;   /* of EVENT */
};

/* Reading, of bytes that may be hostile. trace_open: 0, or ERR_CORRUPT, ERR_UNSUPPORTED (another version).
 * trace_next: 1 and a record, 0 at the end, or ERR_CORRUPT with the place in the text. `r` borrows the bytes.
 */
int trace_open(struct reader *r, const void *bytes, size_t length);
int trace_next(struct reader *r, struct trace_record *out);

#endif
