/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading a range of a file: which of its chunks hold it is found by binary search over where each begins.
 *
 * Kept: unpacked chunks up to READING_CHUNKS bytes, and for files where their chunks begin up to
 * READING_LAYOUTS bytes (40 per chunk); of each at least the one that was used last. Who reads a file from
 * front to back finds the next chunk unpacked already, and who reads the files of a folder one after the
 * other finds the next files: threads of their own fetch them. Safe for several threads.
 */
#ifndef MOUNT_READING_H
#define MOUNT_READING_H

#include "mount/pool.h"
#include "vault/tree.h"

#define READING_CHUNKS  ((size_t)64 << 20)
#define READING_LAYOUTS ((size_t)16 << 20)
#define READING_AHEAD   2 /* threads */

struct reading;
struct reading *reading_new(struct pool *pool); /* the pool stays the caller's */
void reading_free(struct reading *reading);     /* nobody may be reading; NULL is fine */

/* Told of the bytes, once, when all went well; they are good until it returns. */
typedef void reading_give(void *context, const void *bytes, size_t length);

/* Reads up to `size` bytes of the file that is number `index` in the tree named `id`. Fewer only at its end.
 * ERR_CORRUPT, ERR_NOT_FOUND, ... as pool_load; ERR_CORRUPT also when the chunks do not add up to the size.
 */
int reading_read(struct reading *reading, const uint8_t id[static SHA256_SIZE], const struct tree *tree,
                 uint32_t index, uint64_t offset, size_t size, reading_give *give, void *context);

#endif
