/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The journal: an append-only log whose every entry is covered by a signed Merkle root (tlog-tiles). One
 * process writes; any number read meanwhile without a lock.
 *
 *     checkpoint   signed note: how many entries, and their root            (journal/note.h)
 *     tile/...     hashes and entries                                       (journal/tile.h)
 *     key          the private key, mode 0400, made on first start
 *     key.pub      the key that verifies, mode 0444
 *     lock         held by the writer; its process number
 *
 * Order of writing, which is what a crash cannot break: every file is written beside, synced and renamed, and
 * the folder synced, before the next one: the entry bundle, the hash tiles, then the checkpoint. So whatever
 * a checkpoint covers is on the disk. What lies beyond the checkpoint was written whole by this journal but
 * not signed yet; the next open takes it in and signs it (journal_completed counts it), so that a checkpoint
 * that somebody saw just before a power cut is never contradicted. A last bundle that does not read is
 * dropped.
 *
 * Partial tiles are kept until their tile is full; of the partial bundles of entries the oldest go when all
 * of a tile's take more than JOURNAL_PARTIAL_BYTES. Each is a prefix of the ones that remain.
 *
 * Only the right edge is read at open: one bundle, at most eight tiles, the checkpoint and the key.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/note.h"
#include "journal/tile.h"

#define JOURNAL_PARTIAL_BYTES (8u << 20)
#define JOURNAL_PENDING_BYTES (16u << 20) /* of entries waiting in memory for room on the disk */

struct journal;

/* Opens the journal in the folder `dirfd` for writing, or starts one when the folder holds none; `origin`
 * then names it (see note_name_is_good); an existing journal keeps the name in its key. The descriptor is
 * duplicated; everything later happens below it, so a sandbox may be entered after this call. ERR_LOCKED says
 * which process holds it; ERR_CORRUPT: run `beffroi journal verify`. */
int journal_open(int dirfd, const char *origin, struct journal **out);

/* Adds an entry: `length` bytes of JSON, 1 to ENTRY_MAX_BYTES (else ERR_TOO_LARGE or ERR_INVALID and nothing
 * is added). *index (may be NULL) is its number, from 0. An urgent entry is on the disk and signed when this
 * returns 0; others when journal_flush does, or 256 of them have come together.
 *
 * ERR_NO_SPACE and other write errors: the entry has its number and waits in memory with all that are not on
 * the disk yet; the next append or flush writes them, so do not append it again. Only once
 * JOURNAL_PENDING_BYTES wait is the entry refused: then *index is UINT64_MAX. */
int journal_append(struct journal *j, const char *text, size_t length, bool urgent, uint64_t *index);
/* Writes and signs all that waits. */
int journal_flush(struct journal *j);
/* Flushes and frees, whatever the flush says; NULL is fine. */
int journal_close(struct journal *j);

uint64_t journal_size(const struct journal *j);      /* entries, with those that wait */
uint64_t journal_unsigned(const struct journal *j);  /* those that wait */
uint64_t journal_completed(const struct journal *j); /* entries beyond the checkpoint that open took in */
const char *journal_origin(const struct journal *j);

/* Called per entry in order; `text` is not ended by a NUL and lasts for the call. Nonzero stops. */
typedef int journal_reader(void *self, uint64_t index, const char *text, size_t length);

/* Reads the entries `from` and later that the checkpoint of this moment covers. Takes no lock and may run
 * while the guard writes. The hashes are not checked; that is journal_verify's. Returns what the callback
 * returned when it stopped, else 0 or an error. */
int journal_read(int dirfd, uint64_t from, journal_reader *callback, void *self);
/* The checkpoint that stands in the folder; with `key` its signature is checked. `note` (may be NULL) gets
 * its text. */
int journal_checkpoint(int dirfd, const struct note_key *key, struct checkpoint *out, struct buf *note);
/* Reads the file key.pub. */
int journal_public_key(int dirfd, struct note_key *out);

#endif
