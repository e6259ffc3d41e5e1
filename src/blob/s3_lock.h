/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Object Lock: what is written gets a retention, until whose end the server refuses to take away that
 * version. Servers differ: some take the headers and hold nothing, so it is proved with a canary that must
 * not die.
 *
 * With s3.object-lock=30d an object is written with a retention of 30 days and a quarter more, and extended
 * to as much when less than 30 days are left: so that not every object is extended every time.
 */
#ifndef BLOB_S3_LOCK_H
#define BLOB_S3_LOCK_H

#include "blob/s3_ask.h"
#include "blob/store.h"

#define S3_CANARY "beffroi-canary" /* its path below the prefix */

/* prove: writes a canary, tries to delete that version, demands a refusal, and removes older canaries.
 * extend: of one object, to the full length, when less than s3.object-lock is left.
 * undelete: see blob/s3_undelete.h. */
extern const struct blob_guard_ops s3_lock_ops;

/* The two headers of an object that is written now. */
void s3_lock_headers(const struct s3 *s3, char *mode, size_t mode_size, char *until, size_t until_size);
/* Removes the current version of an object, or at least hides it where that is refused; gone is fine. */
int s3_lock_remove_version(struct s3 *s3, const char *path);
/* "2026-12-28T00:00:00Z" */
#define S3_TIME_TEXT 32
void s3_time_text(int64_t wall_ns, char out[static S3_TIME_TEXT]);

#endif
