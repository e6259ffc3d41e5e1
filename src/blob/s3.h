/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store in a bucket of an S3 server (Amazon, Ceph, MinIO, ...), laid out as restic does (blob/layout.h;
 * the location: blob/s3_place.h; the keys of the account: blob/s3_keys.h).
 *
 * With the option s3.object-lock every object is written with a retention: until it ends, the server lets
 * nobody take away that version, the owner of the account included (blob/s3_lock.h). Objects of locks/ have
 * none: they come and go with each command.
 *
 * An object is sent in one piece: servers take 5 GiB that way, and ours have some 100 MiB.
 */
#ifndef BLOB_S3_H
#define BLOB_S3_H

#include "blob/store.h"

/* Opens it; whether a repository is there shows in the first request. ERR_INVALID. */
int s3_open(const char *rest, struct blob_store **out);
/* Makes the bucket if it is missing, with Object Lock if that is asked for, and opens it. ERR_UNSUPPORTED
 * when the bucket is there without Object Lock, or does not hold what it promises. */
int s3_create(const char *rest, struct blob_store **out);

#endif
