/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The held list: which versions of a protected tree's files the newest snapshot holds. The vault role writes
 * it while it snapshots (held/NAME in the state folder), the sensor reads it. Format:
 *
 *   "BEFHELD1" | u32 tree | u64 snapshot (as version.id) | u64 count
 *   count times: u64 device | u64 inode | u64 size | u64 mtime_ns | u64 ctime_ns      (little-endian)
 *
 * Records are in no order. Of a folder size and times are 0 (see kept_folder_stamp). A file whose (device,
 * inode, size, mtime, ctime) is in it needs no copy aside.
 */
#ifndef SENSOR_HELD_H
#define SENSOR_HELD_H

#include <stdint.h>

struct held_record {
    uint64_t device, inode, size;
    int64_t mtime_ns, ctime_ns;
};

/* The name of a tree's list, by its index. */
#define HELD_NAME "tree-%u"

struct held_writer;

/* Starts a list in a temporary file; held_finish makes it durable under `name`. */
int held_create(int held_dirfd, const char *name, uint32_t tree, uint64_t snapshot, struct held_writer **out);
int held_add(struct held_writer *w, const struct held_record *record);
/* The snapshot's id is known only when it is complete. Frees the writer in any case. */
int held_finish(struct held_writer *w, uint64_t snapshot);
void held_abandon(struct held_writer *w); /* removes the temporary file; NULL is fine */

/* Calls `each` for every record. ERR_CORRUPT when the file is not a whole held list of this tree. */
int held_read(int held_dirfd, const char *name, uint32_t tree, uint64_t *snapshot,
              void (*each)(const struct held_record *record, void *self), void *self);

#endif
