/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The shadow store's index, shadow/index: what the numbered copies are.
 *
 *   "BEFSHAD1", then records: u32 length | u32 crc32 of the payload | payload
 *   payload: u8 1 | u64 number | u32 tree | u64 device | u64 inode | u64 size | i64 mtime_ns | i64 ctime_ns |
 *            i64 copied_ns | u32 check | string path | blob metadata (base/filemeta.h)       a copy was made
 *            u8 2 | u64 number                                                               it was dropped
 *            u8 3 | as 1                            the metadata alone, which were changed after a copy was
 * made
 *
 * It only grows, until it is written anew at start. A torn record ends it: what follows was never told to
 * anybody. `check` is draw_check of the copy, which finds a copy that a power cut left empty or short.
 */
#ifndef SENSOR_RECORD_H
#define SENSOR_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/filemeta.h"
#include "sensor/kept.h"
#include "sensor/shadow.h"

#define RECORD_INDEX    "index"
#define RECORD_MAGIC    "BEFSHAD1"
#define RECORD_LARGEST  (FILEMETA_MAX_BYTES + EVENT_PATH_SIZE + 4096) /* bytes of a payload */
#define RECORD_NAME_MAX 17                                            /* a copy's file name, with NUL */

enum record_kind { RECORD_ADD = 1, RECORD_DROP = 2, RECORD_META = 3 };

struct record {
    enum record_kind kind;
    uint64_t number;
    uint32_t tree; /* this and the rest not for RECORD_DROP */
    struct stamp stamp;
    int64_t copied_ns; /* wall clock */
    uint32_t check;    /* 0 for RECORD_META, which has no bytes */
    char path[EVENT_PATH_SIZE];
    const uint8_t *metadata; /* borrowed */
    size_t metadata_length;
};

/* Appends one framed record. */
void record_encode(const struct record *record, struct buf *out);
/* Takes the next framed record; false at the end or at a torn or damaged one (then r->failed). */
bool record_next(struct reader *r, struct record *out);
/* The name of copy `number`. */
void record_name(uint64_t number, char out[static RECORD_NAME_MAX]);

#endif
