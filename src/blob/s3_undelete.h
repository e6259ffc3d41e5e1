/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bringing back what somebody deleted or overwrote in a bucket that keeps versions. A deleted object has a
 * marker as its latest version: the marker is taken away. An object never changes, so one whose latest
 * version is not the first one was overwritten: the first one is copied on top, with a lock of its own;
 * nothing is removed.
 */
#ifndef BLOB_S3_UNDELETE_H
#define BLOB_S3_UNDELETE_H

#include "blob/store.h"

/* For struct blob_guard_ops; `guard` is a struct s3. */
int s3_undelete(void *guard, int64_t since_ns, bool dry_run, blob_undelete_visit *visit, void *context);

#endif
