/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The files of a journal, named and formed as c2sp.org/tlog-tiles says:
 *
 *     tile/<L>/<N>         256 hashes of level L, 32 bytes each
 *     tile/<L>/<N>.p/<W>   the same while there are only W of them
 *     tile/entries/<N>     256 entries, each a big-endian u16 length and so many bytes
 *     tile/entries/<N>.p/<W>
 *
 * <N> is decimal in groups of three digits, all but the last with an "x" in front: x001/x234/067.
 */
#ifndef JOURNAL_TILE_H
#define JOURNAL_TILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "journal/merkle.h"

#define TILE_ENTRIES     (-1) /* in the place of a level: the bundle of the entries themselves */
#define TILE_PATH_SIZE   96
#define ENTRY_MAX_BYTES  65535
#define BUNDLE_MAX_BYTES (TILE_WIDTH * (2 + ENTRY_MAX_BYTES))

/* `width` 1 to 255 names the partial tile, 256 the full one. */
void tile_path(int level, uint64_t index, size_t width, char out[static TILE_PATH_SIZE]);

/* Reads a tile of at least `width` hashes or entries into `out` (emptied first; its limit must allow for the
 * tile): the partial tile of that width, else the full one, else the shortest longer partial, for a writer
 * may have gone on meanwhile. A hash tile is cut to `width` hashes, a bundle is not. ERR_NOT_FOUND when there
 * is none, ERR_CORRUPT when a hash tile is too short. */
int tile_read(int dirfd, int level, uint64_t index, size_t width, struct buf *out);
/* Writes one so that it lasts, making folders as needed. */
int tile_write(int dirfd, int level, uint64_t index, size_t width, const void *bytes, size_t length);
/* The greatest width that is there, 256 for a full tile, 0 for none. */
size_t tile_longest(int dirfd, int level, uint64_t index);
/* Removes one partial tile, or (`width` 0) all of this index with their folder. What is not there is fine. */
void tile_remove_partial(int dirfd, int level, uint64_t index, size_t width);

/* Takes the next entry out of a bundle: 1 and the entry in place, 0 at the exact end, ERR_CORRUPT when it is
 * cut short or empty. */
int bundle_next(struct reader *r, const char **text, size_t *length);
/* Appends an entry to a bundle; `length` is 1 to ENTRY_MAX_BYTES. */
void bundle_put(struct buf *bundle, const char *text, size_t length);

#endif
