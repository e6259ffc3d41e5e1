/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The changes of late, on the disk, so that a judge that starts anew learns what the one before it knew: who
 * changed what, and how it was. Two files in the state folder, "changes" and the one before it,
 * "changes.old":
 *
 *   "BEFCHNG1" | boot id, padded with NUL to 64 bytes | records: u32 length | u32 crc32 of the payload |
 * payload
 *
 * The payload is whatever the caller keeps (an encoded message). Processes and their times mean nothing after
 * a boot, so a log of another boot is dropped. Nothing is synced: a killed guard loses nothing by that, and
 * what a power cut takes was of another boot by then. A torn or damaged record ends a file. One thread.
 */
#ifndef SENSOR_CHANGELOG_H
#define SENSOR_CHANGELOG_H

#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"

#define CHANGELOG_FILE_MAX                                                                                   \
    ((size_t)8 << 20) /* then the older file goes: some 12 000 changes stay at least                         \
                       */
#define CHANGELOG_RECORD_MAX ((size_t)64 << 10)
#define CHANGELOG_HEADER     72

struct changelog;

typedef void changelog_visit(const void *payload, size_t length, void *self);

/* Goes on with the log of this boot in the folder, or begins one; dirfd is borrowed. *out is set in any case:
 * an error (a full disk, say) tells why changes are not written down for now, and each new one tries again.
 */
int changelog_open(int dirfd, const char boot[static BOOT_ID_SIZE], struct changelog **out);
void changelog_close(struct changelog *l); /* NULL is fine */
/* Adds a record, 1 to CHANGELOG_RECORD_MAX bytes. After a failure (a full disk, say) the file is as before.
 */
int changelog_add(struct changelog *l, const void *payload, size_t length);
/* All records that are still there, oldest first. */
int changelog_read(struct changelog *l, changelog_visit *each, void *self);
/* Takes one file's bytes apart; returns how many of them are whole: 0 when it is not a log of this boot.
 * `each` may be NULL. */
size_t changelog_parse(const void *bytes, size_t length, const char boot[static BOOT_ID_SIZE],
                       changelog_visit *each, void *self);

#endif
